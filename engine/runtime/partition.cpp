#include "engine/runtime/partition.hpp"

#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "base/overloaded.hpp"
#include "engine/definition/workflow_name.hpp"
#include "engine/runtime/committer.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

constexpr std::size_t timer_chunk = 1'024;

void count(Stats& stats, const machine::Record& record) {
  const auto& body = record.body;
  if (std::holds_alternative<machine::InstanceStarted>(body)) stats.started.fetch_add(1);
  if (std::holds_alternative<machine::InstanceCompleted>(body)) stats.completed.fetch_add(1);
  if (std::holds_alternative<machine::InstanceFaulted>(body)) stats.faulted.fetch_add(1);
  if (std::holds_alternative<machine::InstanceCancelled>(body)) stats.cancelled.fetch_add(1);
  if (std::holds_alternative<machine::TaskParked>(body)) stats.parked.fetch_add(1);
}

}  // namespace

Partition::Partition(std::shared_ptr<Node> node, Lease lease)
    : node_(std::move(node)),
      lease_(lease),
      strand_(asio::make_strand(node_->executor)),
      random_(node_->parts.random(lease.partition)),
      alarm_(node_->parts.alarms->make(strand_)),
      timers_(timer_chunk) {}

void Partition::start(ProgramPtr program, machine::StartAsked asked, NewInstance row,
                      Reply<Result<StartOutcome>> reply) {
  auto work = [self = shared_from_this(), program = std::move(program), asked = std::move(asked),
               row = std::move(row), reply = std::move(reply)]() mutable {
    if (self->dropped_)
      return reply(std::unexpected(self->gone("Nothing was started: try again.")));
    if (self->broken_)
      return reply(std::unexpected(unavailable(self->broken_why_, self->broken_full_)));
    const auto id = InstanceId::make(self->now(), self->random_->next(), self->lease_.partition);
    self->begin(id, std::move(program), std::move(asked), std::move(row), std::move(reply));
  };
  asio::post(strand_, std::move(work));
}

void Partition::begin(InstanceId id, ProgramPtr program, machine::StartAsked asked, NewInstance row,
                      Reply<Result<StartOutcome>> reply) {
  auto [entry, fresh] = residents_.try_emplace(id);
  SEQUENT_ASSERT(fresh);
  node_->stats.resident.fetch_add(1);
  Resident& resident = entry->second;
  resident.id = id;
  resident.number = ++loads_;
  resident.program = std::move(program);
  asked.id = id;
  row.started_at = now();
  Gathering& gathering = gather(resident);
  gathering.start = std::move(row);
  gathering.started = std::move(reply);
  const auto fed = feed(resident, machine::Event{std::move(asked)});
  SEQUENT_ASSERT(fed.has_value());  // a start is refused before it comes here, or faults its run
}

// The one place where events meet the machine.
Result<void> Partition::feed(Resident& resident, const machine::Event& event) {
  // A cancellation also says which children may have something to undo. No other event is copied.
  std::optional<machine::Event> cancellation;
  if (const auto* asked = std::get_if<machine::CancelAsked>(&event)) {
    machine::CancelAsked cancel = *asked;
    cancel.awaited = children_that_undo(resident);
    cancellation.emplace(std::move(cancel));
  }
  const auto replaced = replaced_children(resident.state, event);
  auto records =
      machine::decide(*resident.program, resident.state, cancellation ? *cancellation : event,
                      now(), random_->next(), node_->surroundings);
  if (!records) return std::unexpected(std::move(records.error()));
  if (records->empty()) return {};
  if (const auto* moved = std::get_if<machine::MigrateAsked>(&event))
    resident.program = moved->program;
  sort_records(resident, std::move(*records));
  if (!resident.begun.empty()) settle_starts(resident);
  if (!replaced.empty()) end_replaced(resident, event, replaced);
  // What stands still sends nothing more: a call that waits for its place is asked for again later.
  if (resident.state.status != machine::Status::running)
    std::erase_if(resident.open, [&](const OpenCall& call) {
      return dispatcher_->withdraw(resident.id, call.frame, call.attempt);
    });
  return {};
}

Gathering& Partition::gather(Resident& resident) {
  if (!resident.gathering) {
    resident.gathering.emplace();
    dirty_.push_back(&resident);
    schedule_submit();
  }
  return *resident.gathering;
}

// Some records have a second home beside the journal: the outbox, the parent's messages.
void Partition::sort_records(Resident& resident, machine::Records records) {
  Gathering& gathering = gather(resident);
  for (auto& record : records) {
    count(node_->stats, record);
    if (std::holds_alternative<machine::CancelStarted>(record.body))
      cancel_settling_children(resident);
    if (const auto* emitted = std::get_if<machine::EventEmitted>(&record.body))
      gathering.emitted.push_back(*emitted->event);
    note_requests(resident.state, record, gathering.requests);
    auto message = message_to_parent(resident.state, record);
    if (message) gathering.messages.push_back(std::move(*message));
  }
  if (gathering.records.empty()) {
    gathering.records = std::move(records);
  } else {
    gathering.records.insert(gathering.records.end(), std::make_move_iterator(records.begin()),
                             std::make_move_iterator(records.end()));
  }
}

// Posted and not called: whatever the strand has queued by now joins the same batch.
void Partition::schedule_submit() {
  idle_.store(false, std::memory_order_release);
  if (submit_posted_ || in_flight_) return;
  submit_posted_ = true;
  asio::post(strand_, [self = shared_from_this()] {
    self->submit_posted_ = false;
    self->submit();
  });
}

void Partition::submit() {
  if (dropped_ || broken_ || in_flight_) return;
  if (dirty_.empty()) return idle_.store(true, std::memory_order_release);
  Batch batch;
  batch.partition = lease_.partition;
  batch.epoch = lease_.epoch;
  const auto dirty = std::exchange(dirty_, {});
  batch.changes.reserve(dirty.size());
  flights_.reserve(dirty.size());
  for (Resident* resident : dirty) flights_.push_back(fly(*resident, batch));
  in_flight_ = true;
  node_->committer_of(id()).submit(shared_from_this(), std::move(batch));
}

Partition::Flight Partition::fly(Resident& resident, Batch& batch) {
  SEQUENT_ASSERT(resident.gathering && !resident.committing);
  Gathering gathering = std::move(*resident.gathering);
  resident.gathering.reset();
  resident.committing = true;
  Flight flight;
  flight.resident = &resident;
  flight.commands = machine::commands(*resident.program, resident.state);
  std::erase_if(resident.open, [&](const OpenCall& call) {
    if (awaits(resident.state, call)) return false;
    flight.gone.push_back(call);
    return true;
  });
  std::erase_if(resident.doubted,
                [&](const OpenCall& call) { return !awaits(resident.state, call); });
  message_lost_children(resident, gathering);
  flight.facts = facts_of(resident.state);
  node_->stats.committed_records.fetch_add(gathering.records.size());
  auto change =
      change_of(resident, gathering, flight.commands, node_->config.snapshot_every, now());
  flight.told = std::move(gathering.told);
  if (change.parked) announce(change.id, *change.parked, flight.told);
  flight.started = std::move(gathering.started);
  flight.emitted = change.emitted;
  flight.wake_at = change.row.wake_at;
  // Time-outs run on while a call is out, though the row then says "at once" for a restart.
  flight.timer = flight.wake_at == 0 ? next_timer(resident.state) : flight.wake_at;
  resident.wake_at = flight.wake_at;
  if (node_->watches->watched()) {
    const auto& ref = resident.program->ref;
    flight.notice = RunNotice{.id = resident.id,
                              .workflow = full_name(ref),
                              .seq = resident.state.seq,
                              .status = change.row.status,
                              .task = change.row.task,
                              .waiting_kind = change.row.waiting_kind,
                              .at = change.at,
                              .requests = {}};
    for (const auto& request : change.requests) flight.notice->requests.push_back(request.id);
  }
  batch.changes.push_back(std::move(change));
  return flight;
}

void Partition::act(InstanceId id, Plan plan, Reply<Result<void>> reply) {
  auto work = [self = shared_from_this(), id, plan = std::move(plan),
               reply = std::move(reply)]() mutable {
    self->with(id, [raw = self.get(), plan = std::move(plan), reply = std::move(reply)](
                       Resident* resident, const Error* error) mutable {
      if (error != nullptr) return reply(std::unexpected(*error));
      raw->plan_and_feed(*resident, std::move(plan), std::move(reply));
    });
  };
  asio::post(strand_, std::move(work));
}

void Partition::plan_and_feed(Resident& resident, Plan plan, Reply<Result<void>> reply) {
  auto event = plan(resident);
  if (!event) return reply(std::unexpected(event.error()));
  auto replaced = replaced_children(resident.state, *event);
  if (replaced.empty() || std::holds_alternative<machine::CancelAsked>(*event))
    return feed_planned(resident, *event, std::move(reply));
  Planned planned;
  planned.event = *std::move(event);
  planned.reply = std::move(reply);
  planned.seq = resident.state.seq;
  look_and_feed(resident.id, std::move(planned), std::move(replaced));
}

void Partition::feed_planned(Resident& resident, const machine::Event& event,
                             Reply<Result<void>> reply) {
  const auto fed = feed(resident, event);
  if (!fed) return reply(std::unexpected(fed.error()));
  tell_children(resident, event);
  gather(resident).told.push_back([reply = std::move(reply)](const Error* error) mutable {
    if (error != nullptr) return reply(std::unexpected(*error));
    reply({});
  });
}

void Partition::take_messages(std::vector<StoredMessage> messages) {
  auto work = [self = shared_from_this(), messages = std::move(messages)] {
    for (const auto& message : messages) self->take_message(message);
  };
  asio::post(strand_, std::move(work));
}

void Partition::committed(BatchResult result, Batch written) {
  auto work = [self = shared_from_this(), result = std::move(result),
               written = std::move(written)]() mutable {
    if (self->dropped_) return;
    self->release(std::move(result));
  };
  asio::post(strand_, std::move(work));
}

void Partition::commit_failed(std::string why, bool full) {
  auto work = [self = shared_from_this(), why = std::move(why), full] {
    if (self->dropped_) return;
    self->store_broke(why, full, true);
  };
  asio::post(strand_, std::move(work));
}

// What a caller hears whose partition leaves: nothing of it is known to be lost, and nothing is known
// to be done that was not answered.
Error Partition::gone(const std::string& what_to_do) const {
  constexpr int restart_seconds = 5;  // of a node that is replaced, about
  Error error;
  error.code = ErrorCode::unavailable;
  const bool stops = left_ == Leaving::node_stops;
  error.detail = stops ? "This node is stopping. " : "Another node is taking this work over. ";
  error.detail += what_to_do;
  error.retry_after_seconds = stops ? restart_seconds : 1;
  return error;
}

bool Partition::owned() const {
  return !retired_ && node_->tenure->leased();
}

void Partition::drop(Leaving why) {
  retired_ = true;
  auto work = [self = shared_from_this(), why] {
    if (self->dropped_) return;
    self->dropped_ = true;
    self->left_ = why;
    self->alarm_->cancel();
    if (self->dispatcher_) self->dispatcher_->abandon_all();
    const Error error = self->gone(
        "Whether the request was stored is not known: send it again, with the same Idempotency-Key "
        "if it has one.");
    self->abort_undurable(error);
    self->abort_loading(error);
    self->node_->stats.resident.fetch_sub(static_cast<std::int64_t>(self->residents_.size()));
    self->residents_.clear();
    self->dismiss_waiters();
    self->node_->health.recover(self->id());
    self->idle_.store(true, std::memory_order_release);
  };
  asio::post(strand_, std::move(work));
}

Error Partition::gone_on(const InstanceId& id) const {
  return gone("Run " + id.text() +
              " keeps its id and goes on from its last checkpoint: read it again in a moment "
              "instead of starting it anew.");
}

void Partition::stop_calls() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->dispatcher_) self->dispatcher_->stop_queue();
  });
}

void Partition::recover() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->dropped_) return;
    if (!self->dispatcher_) {
      auto returned = [weak = self->weak_from_this()](const InstanceId& id, std::uint32_t frame,
                                                      std::uint32_t attempt, ActivityResult result,
                                                      std::string request_id) {
        const auto owner = weak.lock();
        if (owner) owner->returned(id, frame, attempt, std::move(result), std::move(request_id));
      };
      auto held_back = [weak = self->weak_from_this()](const InstanceId& id, std::uint32_t frame,
                                                       std::uint32_t attempt,
                                                       machine::ParkReason reason) {
        const auto owner = weak.lock();
        if (owner) owner->held_back(id, frame, attempt, reason);
      };
      auto& node = *self->node_;
      auto owned = [weak = self->weak_from_this()] {
        const auto owner = weak.lock();
        return owner && owner->owned();
      };
      Dispatcher::Setting setting{.strand = self->strand_,
                                  .stats = node.stats,
                                  .clock = node.ports.clock,
                                  .alarm = node.parts.alarms->make(self->strand_),
                                  .limit = node.calls,
                                  .outages = node.outages,
                                  .owned = std::move(owned),
                                  .max_payload_bytes = node.config.limits.max_payload_bytes};
      self->dispatcher_ = std::make_shared<Dispatcher>(std::move(setting), std::move(returned),
                                                       std::move(held_back));
    }
    self->recover_now();
  });
}

}  // namespace sequent::runtime
