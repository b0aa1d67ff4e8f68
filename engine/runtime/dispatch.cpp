#include "engine/runtime/dispatch.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>

#include "base/assert.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

Failure failure_of(machine::Outcome outcome, machine::ErrorKind kind, std::string detail) {
  Failure failure;
  failure.outcome = outcome;
  failure.problem = machine::make_problem(kind, std::move(detail));
  return failure;
}

ActivityResult too_large(const ActivitySpec& spec, std::size_t limit) {
  return std::unexpected(failure_of(
      machine::Outcome::permanent, machine::ErrorKind::runtime,
      "The result of " + spec.name + " is larger than the limit of " + std::to_string(limit) +
          " bytes (limits.maxPayloadBytes). Ask for less, or raise the limit."));
}

// After a takeover nobody hears this: the fence drops it, and the new owner makes the call. If the
// leases were renewed after all, the attempt counts as one whose outcome is unknown.
ActivityResult not_owned() {
  auto failure = failure_of(machine::Outcome::unknown, machine::ErrorKind::runtime,
                            "This node lost the partition before the request left.");
  failure.ours = true;
  return std::unexpected(std::move(failure));
}

// What looking found, as the outcome of the attempt; nothing = the effect is proven absent.
std::optional<ActivityResult> settled_by(const ActivitySpec& spec, Reconciliation looked) {
  switch (looked.found) {
    case Reconciliation::Found::adopted:
      return ActivityResult{std::move(looked.object)};
    case Reconciliation::Found::absent:
      return std::nullopt;
    case Reconciliation::Found::undecided:
      break;
  }
  if (looked.failure) return std::unexpected(std::move(*looked.failure));
  auto failure = failure_of(
      machine::Outcome::unknown, machine::ErrorKind::communication,
      "An earlier attempt of " + spec.name +
          " may have had its effect, its idempotency key no longer protects, and the activity "
          "can't look for it. Check at the provider, then skip the task with the result or retry "
          "it.");
  failure.ours = true;
  return std::unexpected(std::move(failure));
}

asio::awaitable<ActivityResult> make_call(std::shared_ptr<ActivityCall> call,
                                          std::function<bool()> owned, std::size_t max_payload) {
  Activity& activity = *call->activity;
  const ActivitySpec& spec = activity.spec();
  if (must_reconcile(spec, call->attempt, call->key_raised)) {
    Attempt attempt = call->attempt;
    Json input = call->input;
    auto looking = activity.reconcile(std::move(attempt), std::move(input));
    Reconciliation looked = co_await std::move(looking);
    auto settled = settled_by(spec, std::move(looked));
    if (settled) co_return std::move(*settled);
    if (!owned()) co_return not_owned();
  }
  auto running = activity.run(std::move(call->attempt), std::move(call->input));
  ActivityResult result = co_await std::move(running);
  if (result && larger_than(*result, max_payload)) co_return too_large(spec, max_payload);
  co_return result;
}

constexpr DurationMs look_at_leases_ms = 1'000;

}  // namespace

bool must_reconcile(const ActivitySpec& spec, const Attempt& attempt, bool key_raised) {
  if (!attempt.unsettled || spec.idempotent) return false;
  const bool key_forgotten =
      spec.key_retention_ms == 0 || attempt.now - attempt.first_sent_at >= spec.key_retention_ms;
  return key_forgotten || key_raised;
}

DurationMs cut_off_after(const ActivitySpec& spec, const Attempt& attempt, bool key_raised) {
  constexpr DurationMs shortest_ms = 1'000, grace_ms = 5'000;
  const DurationMs requests = must_reconcile(spec, attempt, key_raised) ? 4 : 2;
  return std::max(attempt.timeout_ms, shortest_ms) * requests + grace_ms;
}

Dispatcher::Dispatcher(Setting setting, Returned returned, HeldBack held_back)
    : setting_(std::move(setting)),
      returned_(std::move(returned)),
      held_back_(std::move(held_back)) {}

void Dispatcher::start(ActivityCall call) {
  SEQUENT_ASSERT(call.activity != nullptr);
  const Key key{.instance = call.instance, .frame = call.frame, .attempt = call.attempt.number};
  if (stopped_ || calls_.contains(key)) return;
  call.asked_at = setting_.clock.now();
  call.gate = gate_of(call.circuit);
  auto waiting = std::make_shared<ActivityCall>(std::move(call));
  calls_[key].waiting = waiting;
  try_to_leave(key, std::move(waiting));
}

Gate* Dispatcher::gate_of(const definition::CircuitId& circuit) {
  if (setting_.outages == nullptr) return nullptr;
  auto [known, fresh] = gates_.try_emplace(circuit);
  if (fresh) known->second = &setting_.outages->gate(circuit);
  return known->second;
}

void Dispatcher::try_to_leave(const Key& key, std::shared_ptr<ActivityCall> call) {
  if (!passes_gate(key, call)) return;
  if (queue_.empty() && setting_.limit->take()) return launch(key, call);
  queue_.push_back(key);
  setting_.stats.queued.fetch_add(1);
  wait_for_place();
}

// False: it waits to ask again, or was given back to be parked.
bool Dispatcher::passes_gate(const Key& key, const std::shared_ptr<ActivityCall>& call) {
  if (call->gate == nullptr || call->admitted) return true;
  const Outages::Asking asking{.run = call->instance,
                               .frame = call->frame,
                               .since = call->asked_at,
                               .placed = call->placed,
                               .canary = call->canary};
  const auto verdict = setting_.outages->admit(*call->gate, asking);
  switch (verdict.kind) {
    case Outages::Verdict::Kind::go:
      call->admitted = true;
      call->canary = verdict.canary;
      return true;
    case Outages::Verdict::Kind::wait:
      call->placed = verdict.placed;
      call->canary = verdict.canary;
      asking_.emplace(verdict.at, key);
      ring_at(verdict.at);
      return false;
    case Outages::Verdict::Kind::park:
      hold_back(key, verdict.reason);
      return false;
  }
  return true;
}

void Dispatcher::hold_back(const Key& key, machine::ParkReason reason) {
  calls_.erase(key);
  held_back_(key.instance, key.frame, key.attempt, reason);
}

void Dispatcher::ask_again(Timestamp now) {
  // Nothing waits longer than a second or two, but for a clock that was set back.
  constexpr DurationMs longest_ms = 5'000;
  while (!asking_.empty() && !stopped_ &&
         (asking_.begin()->first <= now || asking_.begin()->first > now + longest_ms)) {
    const Key key = asking_.begin()->second;
    asking_.erase(asking_.begin());
    const auto found = calls_.find(key);
    if (found == calls_.end() || found->second.waiting == nullptr) continue;  // withdrawn meanwhile
    try_to_leave(key, found->second.waiting);
  }
}

void Dispatcher::launch(const Key& key, const std::shared_ptr<ActivityCall>& call) {
  auto running = std::make_shared<Running>();
  running->key = key;
  const auto limit = cut_off_after(call->activity->spec(), call->attempt, call->key_raised);
  running->limit = limits_.emplace(setting_.clock.now() + limit, running);
  running->gate = call->gate;
  running->how = {.left_at = setting_.clock.now(), .canary = call->canary, .sent = true};
  calls_[key] = Entry{.running = running, .waiting = nullptr};
  setting_.stats.in_flight.fetch_add(1);
  setting_.stats.activities_started.fetch_add(1);
  if (call->attempt.number > 1) setting_.stats.activity_retries.fetch_add(1);
  const auto request_id = std::make_shared<std::string>();
  call->attempt.request_id = request_id;
  auto done = [self = shared_from_this(), running, call, request_id](std::exception_ptr error,
                                                                     ActivityResult result) {
    // Activities throw nothing; one that does is broken on our side, and nobody knows what it did.
    if (error)
      result = std::unexpected(failure_of(machine::Outcome::unknown, machine::ErrorKind::runtime,
                                          "The activity broke off with an exception."));
    self->ended(*running, std::move(result), std::move(*request_id));
  };
  asio::co_spawn(setting_.strand, make_call(call, setting_.owned, setting_.max_payload_bytes),
                 asio::bind_cancellation_slot(running->cancel.slot(), std::move(done)));
  set_alarm();
}

void Dispatcher::give_back(Running& running) {
  SEQUENT_ASSERT(!running.over);
  running.over = true;
  setting_.stats.in_flight.fetch_sub(1);
  const auto limit = running.limit;
  limits_.erase(limit);  // may free `running`, unless the caller holds it
  setting_.limit->give();
}

void Dispatcher::ended(Running& running, ActivityResult result, std::string request_id) {
  if (running.over) return;  // it was cut off
  const auto found = calls_.find(running.key);
  const bool wanted = found != calls_.end() && found->second.running.get() == &running;
  const Key key = running.key;
  if (wanted) calls_.erase(found);
  give_back(running);
  running.how.sent = wanted;  // one that was cancelled says nothing of its provider
  if (running.gate != nullptr)
    setting_.outages->ended(*running.gate, running.how, result ? nullptr : &result.error());
  if (!result) setting_.stats.activities_failed.fetch_add(1);
  if (wanted && returned_)
    returned_(key.instance, key.frame, key.attempt, std::move(result), std::move(request_id));
  pump();
}

void Dispatcher::cut_off(const std::shared_ptr<Running>& running) {
  const Key key = running->key;
  const auto found = calls_.find(key);
  const bool wanted = found != calls_.end() && found->second.running == running;
  if (wanted) calls_.erase(found);
  give_back(*running);
  setting_.stats.activities_failed.fetch_add(1);
  running->cancel.emit(asio::cancellation_type::all);
  auto failure = failure_of(machine::Outcome::unknown, machine::ErrorKind::timeout,
                            "The activity neither answered nor kept its time-out, so it was cut "
                            "off: what became of its request is unknown.");
  if (running->gate != nullptr) setting_.outages->ended(*running->gate, running->how, &failure);
  if (!wanted || !returned_) return;
  returned_(key.instance, key.frame, key.attempt, std::unexpected(std::move(failure)), "");
}

void Dispatcher::pump() {
  while (!queue_.empty() && !stopped_) {
    // The committer renews the leases soon, or drops this partition.
    if (!setting_.owned()) return ring_at(setting_.clock.now() + look_at_leases_ms);
    const Key key = queue_.front();
    const auto found = calls_.find(key);
    const bool waits = found != calls_.end() && found->second.waiting != nullptr;
    // While it waited for its place, its provider may have gone.
    const bool open = waits && found->second.waiting->gate != nullptr &&
                      !found->second.waiting->canary &&
                      setting_.outages->take_back(*found->second.waiting->gate);
    if (waits && !open && !setting_.limit->take()) return wait_for_place();
    queue_.pop_front();
    setting_.stats.queued.fetch_sub(1);
    if (!waits) continue;  // abandoned or withdrawn meanwhile
    if (open) {
      hold_back(key, machine::ParkReason::provider_open);
      continue;
    }
    const auto waiting = std::move(found->second.waiting);
    launch(key, waiting);
  }
}

// The node wakes its partitions in turn, each when a place may be free.
void Dispatcher::wait_for_place() {
  if (waits_) return;
  waits_ = true;
  setting_.limit->wait([weak = weak_from_this(), strand = setting_.strand,
                        limit = std::weak_ptr<CallLimit>(setting_.limit)] {
    asio::post(strand, [weak, limit] {
      if (const auto self = weak.lock()) {
        self->waits_ = false;
        self->pump();
      }
      // What this partition did not need is the next one's.
      if (const auto shared = limit.lock()) shared->wake_next();
    });
  });
}

void Dispatcher::set_alarm() {
  if (!limits_.empty()) ring_at(limits_.begin()->first);
  if (!asking_.empty()) ring_at(asking_.begin()->first);
}

void Dispatcher::ring_at(Timestamp at) {
  // An alarm that rings before anything is due is cheaper than one that is set for every call.
  if (alarm_at_ != 0 && alarm_at_ <= at) return;
  alarm_at_ = at;
  setting_.alarm->set(at, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ring();
  });
}

void Dispatcher::ring() {
  alarm_at_ = 0;
  const Timestamp now = setting_.clock.now();
  while (!limits_.empty() && limits_.begin()->first <= now) {
    const auto running = limits_.begin()->second;
    cut_off(running);
  }
  ask_again(now);
  pump();
  set_alarm();
}

bool Dispatcher::under_way(const InstanceId& instance, std::uint32_t frame,
                           std::uint32_t attempt) const {
  return calls_.contains(Key{.instance = instance, .frame = frame, .attempt = attempt});
}

void Dispatcher::abandon(const InstanceId& instance, std::uint32_t frame, std::uint32_t attempt) {
  const auto found = calls_.find(Key{.instance = instance, .frame = frame, .attempt = attempt});
  if (found == calls_.end()) return;
  const auto running = found->second.running;
  forget_waiting(found->second);
  calls_.erase(found);
  if (running) running->cancel.emit(asio::cancellation_type::all);
}

bool Dispatcher::withdraw(const InstanceId& instance, std::uint32_t frame, std::uint32_t attempt) {
  const auto found = calls_.find(Key{.instance = instance, .frame = frame, .attempt = attempt});
  if (found == calls_.end() || found->second.waiting == nullptr) return false;
  forget_waiting(found->second);
  calls_.erase(found);  // its place in the queue is passed over
  return true;
}

void Dispatcher::abandon_all() {
  stop_queue();
  setting_.alarm->cancel();
  calls_.clear();
  while (!limits_.empty()) {
    const auto running = limits_.begin()->second;
    give_back(*running);
    running->how.sent = false;
    if (running->gate != nullptr) setting_.outages->ended(*running->gate, running->how, nullptr);
    running->cancel.emit(asio::cancellation_type::all);
  }
}

// The gate counts it among those under way.
void Dispatcher::forget_waiting(const Entry& entry) {
  if (entry.waiting && entry.waiting->admitted && entry.waiting->gate != nullptr)
    setting_.outages->withdrawn(*entry.waiting->gate);
}

void Dispatcher::stop_queue() {
  stopped_ = true;
  setting_.stats.queued.fetch_sub(static_cast<std::int64_t>(queue_.size()));
  queue_.clear();
  asking_.clear();
  std::erase_if(calls_, [this](const auto& call) {
    forget_waiting(call.second);
    return call.second.waiting != nullptr;
  });
}

}  // namespace sequent::runtime
