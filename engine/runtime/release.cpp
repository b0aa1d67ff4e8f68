// What happens when a batch has come back from the store.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "base/overloaded.hpp"
#include "engine/definition/workflow_name.hpp"
#include "engine/runtime/events.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

constexpr DurationMs first_backoff_ms = 250;
constexpr DurationMs longest_backoff_ms = 5'000;

}  // namespace

void Partition::release(BatchResult result) {
  SEQUENT_ASSERT(in_flight_);
  in_flight_ = false;
  if (result.fenced) {
    node_->forget(id());
    return drop(Leaving::taken_over);
  }
  SEQUENT_ASSERT(result.changes.size() == flights_.size());
  if (backoff_ms_ != 0) {
    backoff_ms_ = 0;
    node_->health.recover(id());
  }
  auto flights = std::exchange(flights_, {});
  for (std::size_t i = 0; i < flights.size(); ++i) release_one(flights[i], result.changes[i]);
  set_alarm();
  schedule_submit();
}

void Partition::release_one(Flight& flight, ChangeResult& result) {
  Resident& resident = *flight.resident;
  SEQUENT_ASSERT(resident.committing);
  resident.committing = false;
  if (result.taken) return refuse_taken(flight, *result.taken);
  resident.durable = flight.facts;
  if (flight.started) flight.started(StartOutcome{.id = resident.id, .taken = std::nullopt});
  for (auto& told : flight.told) told(nullptr);
  answer_waiters(resident.id, flight.facts);
  if (flight.notice) node_->watches->publish(*flight.notice);
  timers_.set(resident.id, flight.timer, flight.wake_at != 0);
  for (const auto& call : flight.gone) dispatcher_->abandon(resident.id, call.frame, call.attempt);
  SEQUENT_ASSERT(result.emitted.size() == flight.emitted.size());
  for (std::size_t i = 0; i < flight.emitted.size(); ++i)
    route_stored(node_, std::move(flight.emitted[i]), result.emitted[i], "emit");
  for (auto& done : result.operations) {
    machine::ActivityReturned event{.frame = done.frame, .attempt = done.attempt};
    if (done.output) {
      event.output = machine::make_value(std::move(*done.output));
    } else {
      event.failure = failure_of_operation(done.output.error());
    }
    (void)feed(resident, machine::Event{std::move(event)});
  }
  obey(resident, flight.commands, false);
  for (const auto& message : result.messages) take_message(message);
  for (auto& message : result.sent) take_message(message);
  maybe_evict(resident);
}

void Partition::refuse_taken(Flight& flight, const ChangeResult::Taken& taken) {
  Resident& resident = *flight.resident;
  if (!flight.started) return refuse_revival(flight, taken);
  // Nobody but the starter knows this id, so nothing can have gathered for it meanwhile.
  SEQUENT_ASSERT(!resident.gathering);
  flight.started(StartOutcome{.id = taken.id, .taken = taken});
  erase(resident.id);
}

// What gathers meanwhile follows from the retry that did not happen.
void Partition::refuse_revival(Flight& flight, const ChangeResult::Taken& taken) {
  Resident& resident = *flight.resident;
  Error error;
  error.code = ErrorCode::key_taken;
  error.detail = "The business key of run " + resident.id.text() + " has gone on to run " +
                 taken.id.text() + " (" + taken.status +
                 "), which was started in its place: of the two only that one may go on.";
  auto told = std::move(flight.told);
  if (resident.gathering) {
    std::ranges::move(resident.gathering->told, std::back_inserter(told));
    std::erase(dirty_, &resident);
  }
  erase(resident.id);
  for (auto& one : told) one(&error);
}

// Commands were derived when the batch was submitted; what has become void since is left out.
void Partition::obey(Resident& resident, const std::vector<machine::Command>& commands,
                     bool recovered) {
  for (const auto& command : commands) {
    const auto handlers = overloaded{
        [&](const machine::DispatchActivity& call) { dispatch(resident, call, recovered); },
        [&](const machine::StartChild& child) { start_child(resident, child); },
        [&](const machine::Continue&) {
          (void)feed(resident, machine::Event{machine::Continued{}});
        },
    };
    std::visit(handlers, command);
  }
}

void Partition::dispatch(Resident& resident, const machine::DispatchActivity& call,
                         bool recovered) {
  OpenCall open{.frame = call.frame, .attempt = call.attempt, .unsettled = call.unsettled};
  if (std::ranges::find(resident.open, open) != resident.open.end()) return;
  if (!awaits(resident.state, open) || resident.state.status != machine::Status::running) return;
  // By its frame: the run may have moved to another version since the command was derived.
  const auto task = resident.state.frames.at(call.frame).node;
  const auto& spec = spec_of(*resident.program, task);
  if (spec.in_store) {
    gather(resident);  // its operation rides with the next batch
    return;
  }
  // An intent that a restart finds may have left before: its outcome is unknown, not absent. That
  // outlives whatever keeps the call from leaving now.
  if (recovered) resident.doubted.push_back(open);
  // A node that stood still past its leases may have been followed by another, whose calls these
  // are now. Recovery asks again, if there is one.
  if (!owned()) {
    boost::asio::post(strand_, [self = shared_from_this()] {
      if (!self->dropped_ && !self->broken_) self->store_broke("the leases ran out", false, false);
    });
    return;
  }
  if (std::erase(resident.doubted, open) > 0) open.unsettled = true;
  resident.open.push_back(open);
  if (dispatcher_->under_way(resident.id, call.frame, call.attempt)) return;
  const auto refuse = [&](machine::ErrorKind kind, std::string detail) {
    Failure failure;
    failure.outcome = machine::Outcome::permanent;
    failure.problem = machine::make_problem(kind, std::move(detail));
    returned(resident.id, call.frame, call.attempt, std::unexpected(std::move(failure)), "");
  };
  Activity* activity = node_->ports.activities.activity(spec.name);
  if (activity == nullptr)
    return refuse(machine::ErrorKind::configuration,
                  "No activity " + spec.name +
                      " is built into this node: deploy a build that has "
                      "it, then retry the task.");
  const auto& frame = resident.state.frames.at(call.frame);
  const auto& node = resident.program->node(task);
  const auto& ref = resident.program->ref;
  ActivityCall out;
  out.instance = resident.id;
  out.frame = call.frame;
  out.activity = activity;
  out.circuit = circuit_of_call(*resident.program, resident.state.frames.at(call.frame));
  out.input = call.arguments ? *call.arguments : Json();
  if (std::get<definition::CallTask>(node.body).late_secrets) {
    auto bound = machine::bind_secrets(*resident.program, resident.state, call.frame, out.input,
                                       node_->surroundings);
    if (!bound)
      return refuse(bound.error().code == ErrorCode::forbidden ? machine::ErrorKind::authorization
                                                               : machine::ErrorKind::expression,
                    bound.error().detail);
    out.input = std::move(*bound);
  }
  const auto& state = std::get<machine::ActivityState>(frame.detail);
  out.key_raised = state.revision > 0;
  out.attempt.instance = resident.id;
  out.attempt.workflow = full_name(ref);
  out.attempt.task = node.pointer;
  out.attempt.idempotency_key = call.key;
  out.attempt.number = call.attempt;
  out.attempt.now = now();
  out.attempt.first_sent_at = call.first_sent_at;
  out.attempt.timeout_ms = spec.timeout_ms;
  out.attempt.unsettled = open.unsettled;
  const auto& input = frame.input ? frame.input : frame.raw_input;
  if (input) out.attempt.task_input = *input;
  out.attempt.secret = node_->config.secret;
  dispatcher_->start(std::move(out));
}

void Partition::returned(const InstanceId& id, std::uint32_t frame, std::uint32_t attempt,
                         ActivityResult result, std::string request_id) {
  if (dropped_) return;
  machine::ActivityReturned event{.frame = frame, .attempt = attempt};
  event.request_id = std::move(request_id);
  if (result) {
    event.output = machine::make_value(std::move(*result));
  } else {
    event.failure = std::move(result.error());
  }
  // When the store is broken and the instance had to leave memory, the outcome is lost; recovery
  // finds the intent and asks again with the same key.
  with(id, [this, event = std::move(event)](Resident* resident, const Error*) mutable {
    if (resident == nullptr) return;
    const auto call = std::ranges::find(resident->open, OpenCall{event.frame, event.attempt});
    event.unsettled = call != resident->open.end() && call->unsettled;
    if (event.failure && node_->outages) {
      const auto found = resident->state.frames.find(event.frame);
      event.provider_open =
          found != resident->state.frames.end() &&
          std::holds_alternative<machine::ActivityState>(found->second.detail) &&
          node_->outages->is_open(circuit_of_call(*resident->program, found->second));
    }
    (void)feed(*resident, machine::Event{std::move(event)});
  });
}

void Partition::store_broke(const std::string& why, bool full, bool commit) {
  node_->stats.store_failures.fetch_add(1);
  backoff_ms_ = std::clamp(backoff_ms_ * 2, first_backoff_ms, longest_backoff_ms);
  broken_ = true;
  broken_full_ = full;
  broken_why_ = why;
  retry_at_ = now() + backoff_ms_;
  node_->health.degrade(id(), why);
  const Error error = unavailable(why, full);
  if (commit) {
    in_flight_ = false;
    abort_undurable(error);
    // It may be durable all the same, and what it emitted on nobody's way.
    if (node_->cluster != nullptr) node_->leftovers->look_later();
  }
  abort_loading(error);
  idle_.store(!in_flight_, std::memory_order_release);
  set_alarm();
}

// Drops every instance whose state is ahead of the store: what was committed is not known.
void Partition::abort_undurable(const Error& error) {
  auto flights = std::exchange(flights_, {});
  const auto dirty = std::exchange(dirty_, {});
  std::vector<Told> told;
  std::vector<Reply<Result<StartOutcome>>> started;
  const auto collect = [&](std::vector<Told>& list, Reply<Result<StartOutcome>>& reply) {
    std::ranges::move(list, std::back_inserter(told));
    if (reply) started.push_back(std::move(reply));
  };
  std::vector<InstanceId> doomed;
  for (auto& flight : flights) {
    doomed.push_back(flight.resident->id);
    collect(flight.told, flight.started);
  }
  for (Resident* resident : dirty) {
    doomed.push_back(resident->id);
    collect(resident->gathering->told, resident->gathering->started);
  }
  for (const auto& id : doomed) erase(id);
  for (auto& one : told) one(&error);
  for (auto& reply : started) reply(std::unexpected(error));
}

void Partition::abort_loading(const Error& error) {
  ++generation_;  // loads and scans under way answer into the void
  loading_ = 0;
  scan_.reset();
  std::vector<InstanceId> doomed;
  std::vector<Job> jobs;
  for (auto& [id, resident] : residents_) {
    if (!resident.loading) continue;
    doomed.push_back(id);
    std::ranges::move(resident.queued, std::back_inserter(jobs));
  }
  for (const auto& id : doomed) erase(id);
  for (auto& job : jobs) job(nullptr, &error);
}

}  // namespace sequent::runtime
