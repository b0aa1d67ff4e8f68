#include "engine/runtime/schedules.hpp"

#include <boost/asio/post.hpp>

#include "engine/definition/cron.hpp"
#include "engine/definition/workflow_name.hpp"
#include "engine/runtime/partition.hpp"
#include "engine/runtime/starts.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

constexpr DurationMs try_again_ms = 1'000;
constexpr DurationMs shortest_ms = 1;  // `every: PT0S` would never let go

DurationMs length_of(const definition::Program& program, const definition::Duration& duration) {
  if (!duration.expression) return std::max(shortest_ms, duration.fixed_ms);
  const auto value = program.expressions->evaluate(*duration.expression, Json::object(), {});
  const auto length = value && value->is_string()
                          ? parse_duration(value->get_ref<const std::string&>())
                          : std::nullopt;
  // What yields no duration now is asked again in an hour.
  constexpr DurationMs hour_ms = 3'600'000;
  return std::max(shortest_ms, length.value_or(hour_ms));
}

// The last match in (from, now]. Cron can only look forward, so the window grows until one is in it.
std::optional<Timestamp> last_of_cron(const definition::Cron& cron, Timestamp from, Timestamp now) {
  constexpr DurationMs minute_ms = 60'000, day_ms = 86'400'000, four_years = 1'461 * day_ms;
  for (DurationMs window = 2 * minute_ms;; window *= 8) {
    const Timestamp begin = std::max(from, now - window);
    std::optional<Timestamp> last;
    auto next = cron.next_after(begin);
    while (next && *next <= now) {
      last = next;
      next = cron.next_after(*next);
    }
    if (last || begin == from || window > four_years) return last;
  }
}

std::string key_of(const definition::Program& program, Timestamp due) {
  const auto& ref = program.ref;
  return "schedule:" + full_name(ref) + ":" + format_time(due);
}

}  // namespace

std::optional<Timestamp> last_of_every(Timestamp from, DurationMs every, Timestamp now) {
  if (now < from + every) return std::nullopt;
  return from + (now - from) / every * every;
}

Schedules::Schedules(const std::shared_ptr<Node>& node)
    : owner_(node),
      strand_(asio::make_strand(node->executor)),
      alarm_(node->parts.alarms->make(strand_)) {}

void Schedules::refresh() {
  asio::post(strand_, [self = shared_from_this()] { self->look(); });
}

void Schedules::stop() {
  asio::post(strand_, [self = shared_from_this()] {
    self->stopped_ = true;
    self->alarm_->cancel();
    self->entries_.clear();
  });
}

void Schedules::look() {
  const auto node = owner_.lock();
  if (stopped_ || !node || node->closed) return;
  if (node->cluster != nullptr &&
      !node->leads()) {  // another node has them, and looks when it takes them over
    entries_.clear();
    return alarm_->cancel();
  }
  std::map<std::string, Entry> next;
  std::vector<std::string> fresh;
  for (const auto& deployed : node->definitions.catalogue()->latest()) {
    const auto& program = deployed.program;
    const auto& schedule = program->schedule;
    if (!schedule.every && !schedule.after && schedule.cron.empty()) continue;
    const std::string name = workflow_name(program->ref);
    const auto old = entries_.find(name);
    if (old != entries_.end() && old->second.program == program &&
        old->second.deployed_at == deployed.deployed_at) {
      next[name] = old->second;
      continue;
    }
    next[name] = Entry{.program = program, .deployed_at = deployed.deployed_at};
    fresh.push_back(name);
  }
  entries_ = std::move(next);
  for (const auto& name : fresh) {
    Entry& entry = entries_[name];
    if (entry.program->schedule.after)
      plan_after(name);
    else
      plan(entry, 0);
  }
  set_alarm();
}

// `last_due` 0: after a start of the node. Then the last time that passed is due at once: its key
// tells whether it was made.
void Schedules::plan(Entry& entry, Timestamp last_due) {
  const auto node = owner_.lock();
  if (!node) return;
  const Timestamp now = node->ports.clock.now();
  const auto& schedule = entry.program->schedule;
  entry.due = INT64_MAX;
  if (schedule.every) {
    const auto every = length_of(*entry.program, *schedule.every);
    const auto last = last_of_every(entry.deployed_at, every, now);
    entry.due = last && *last > last_due ? *last : last.value_or(entry.deployed_at) + every;
    return;
  }
  const auto cron = definition::Cron::parse(schedule.cron);
  if (!cron) return;  // the compiler has checked it
  const auto last = last_of_cron(*cron, std::max(entry.deployed_at, last_due), now);
  entry.due = last ? *last : cron->next_after(std::max(now, last_due)).value_or(INT64_MAX);
}

// The next run begins a while after the last one ended; the first one when it is deployed. After a
// start of the node the last one is the newest id. When the clock was set back that is not the last
// one: its follower is there already, and what our start is answered with leads on to the last.
void Schedules::plan_after(const std::string& name) {
  const auto node = owner_.lock();
  if (!node) return;
  Entry& entry = entries_.at(name);
  entry.busy = true;
  entry.due = INT64_MAX;
  RunFilter filter;
  filter.workflow_namespace = entry.program->ref.workflow_namespace;
  filter.name = entry.program->ref.name;
  filter.version = entry.program->ref.version;
  node->parts.reads->post(
      [self = shared_from_this(), node, name, program = entry.program, filter, known = entry.last] {
        std::optional<RunSummary> last;
        bool failed = false;
        try {
          if (known) last = node->ports.runs.find(*known);
          if (!last) {
            const auto page = node->ports.runs.list(filter, "", 1);
            if (page && !page->runs.empty()) last = page->runs.front();
          }
        } catch (const StoreFailure&) {
          failed = true;
        }
        asio::post(self->strand_, [self, node, name, program, last, failed] {
          Entry* found = self->current(name, program);
          if (found == nullptr) return;
          found->busy = false;
          const Timestamp now = node->ports.clock.now();
          if (failed) {
            found->busy = true;
            found->due = now + try_again_ms;
          } else if (!last) {
            found->due = found->deployed_at;
          } else if (last->row.ended_at != 0) {
            found->due = last->row.ended_at + length_of(*program, *program->schedule.after);
          } else {
            found->busy = true;
            self->await_run(name, last->id);
          }
          self->set_alarm();
        });
      });
}

void Schedules::await_run(const std::string& name, const InstanceId& id) {
  const auto node = owner_.lock();
  if (!node) return;
  constexpr DurationMs look_again_ms = 60'000;
  node->wait(id, Until::ended, node->ports.clock.now() + look_again_ms,
             [self = shared_from_this(), name](const Result<WaitResult>& waited) {
               asio::post(self->strand_, [self, name, failed = !waited] {
                 const auto found = self->entries_.find(name);
                 const auto owner = self->owner_.lock();
                 if (self->stopped_ || !owner || found == self->entries_.end()) return;
                 if (!failed) return self->plan_after(name);
                 found->second.due = owner->ports.clock.now() + try_again_ms;
                 self->set_alarm();
               });
             });
}

Schedules::Entry* Schedules::current(const std::string& name, const ProgramPtr& program) {
  if (stopped_) return nullptr;
  const auto found = entries_.find(name);
  return found == entries_.end() || found->second.program != program ? nullptr : &found->second;
}

void Schedules::set_alarm() {
  Timestamp next = INT64_MAX;
  for (const auto& [name, entry] : entries_) next = std::min(next, entry.due);
  if (next == INT64_MAX) return alarm_->cancel();
  alarm_->set(next, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->stopped_) self->ring();
  });
}

void Schedules::ring() {
  const auto node = owner_.lock();
  if (!node || node->closed) return;
  const Timestamp now = node->ports.clock.now();
  std::vector<std::string> due;
  for (const auto& [name, entry] : entries_)
    if (entry.due <= now) due.push_back(name);
  for (const auto& name : due) {
    Entry& entry = entries_.at(name);
    // Busy and due: the last look failed.
    if (entry.busy && entry.program->schedule.after)
      plan_after(name);
    else
      begin(name, entry);
  }
  set_alarm();
}

void Schedules::begin(const std::string& name, Entry& entry) {
  const auto node = owner_.lock();
  if (!node) return;
  const Timestamp due = entry.due;
  entry.due = INT64_MAX;
  StartOrder order;
  order.program = entry.program;
  order.input = machine::make_value(Json::object());
  order.idempotency_key = key_of(*entry.program, due);
  order.started_by = "schedule";
  order_start(node, order,
              [self = shared_from_this(), name, due,
               program = entry.program](const Result<StartOutcome>& outcome) {
                asio::post(self->strand_, [self, name, due, program, outcome] {
                  if (self->current(name, program) != nullptr) self->began(name, due, outcome);
                });
              });
}

void Schedules::began(const std::string& name, Timestamp due, const Result<StartOutcome>& outcome) {
  const auto node = owner_.lock();
  if (!node) return;
  Entry& entry = entries_.at(name);
  const bool later = !outcome && (outcome.error().code == ErrorCode::unavailable ||
                                  outcome.error().code == ErrorCode::too_many_requests);
  if (later) {
    // The same due time, and so the same key: what was stored after all is found then.
    entry.due = due;
    alarm_->set(node->ports.clock.now() + try_again_ms, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->ring();
    });
    return;
  }
  if (entry.program->schedule.after) {
    if (outcome) entry.last = outcome->id;
    plan_after(name);
  } else {
    plan(entry, due);
  }
  set_alarm();
}

}  // namespace sequent::runtime
