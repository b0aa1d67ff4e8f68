#include "engine/runtime/batch.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "engine/machine/answer.hpp"
#include "engine/machine/codec.hpp"
#include "engine/machine/command.hpp"
#include "engine/machine/view.hpp"
#include "engine/runtime/timer_heap.hpp"

namespace sequent::runtime {
namespace {

// From a faulted run: it may be at its end, or faulted, again. To cancel it is not to go on.
bool goes_on(machine::Status status, const machine::Records& records) {
  if (status == machine::Status::cancelled) return false;
  if (status != machine::Status::faulted) return true;
  return std::ranges::any_of(records, [](const machine::Record& record) {
    return std::holds_alternative<machine::InstanceFaulted>(record.body);
  });
}

// The failure that people ask for while a call waits or is parked: the newest attempt's.
const machine::Failure* last_failure(const machine::State& state) {
  const machine::Failure* newest = nullptr;
  for (const auto& [id, frame] : state.frames) {
    const auto* activity = std::get_if<machine::ActivityState>(&frame.detail);
    if (activity != nullptr && activity->last_failure) newest = &*activity->last_failure;
  }
  return newest;
}

void fill_error(InstanceRow& row, const machine::State& state, const machine::View& view) {
  const machine::Problem* problem = nullptr;
  if (state.error) {
    problem = &*state.error;
  } else if (!view.waiting_for.error_type.empty()) {
    const auto* failure = last_failure(state);
    row.error_type = view.waiting_for.error_type;
    if (failure != nullptr) problem = &failure->problem;
  }
  if (problem == nullptr) return;
  row.error_type = problem->type;
  row.error_status = problem->status;
  row.error_title = problem->title;
}

}  // namespace

InstanceRow row_of(const definition::Program& program, const machine::State& state) {
  const auto view = machine::view_of(program, state);
  InstanceRow row;
  row.status = machine::name_of(view.status);
  row.task = view.task;
  row.waiting_kind = view.waiting_for.kind;
  row.waiting_detail = view.waiting_for.detail;
  row.provider = view.waiting_for.provider;
  row.operation = view.waiting_for.operation;
  row.park_reason = view.waiting_for.reason;
  if (view.failed_call) {
    row.provider = view.failed_call->provider;
    row.operation = view.failed_call->operation;
    row.waiting_detail = view.failed_call->circuit;
  }
  if (view.waiting_for.kind == "parked") row.parked_at = view.waiting_for.since;
  fill_error(row, state, view);
  row.deadline = view.deadline;
  row.key_born_at = view.key_born_at;
  row.wake_at = machine::wake_at(state);
  row.updated_at = state.updated_at;
  row.ended_at = state.ended_at;
  row.completed_tasks = state.completed_tasks;
  row.attempts = state.counted_attempts();
  return row;
}

Timestamp next_timer(const machine::State& state) {
  if (machine::is_ended(state.status) || state.status == machine::Status::suspended) return never;
  Timestamp earliest = never;
  const auto consider = [&](Timestamp at) {
    if (at > 0) earliest = std::min(earliest, at);
  };
  consider(state.timeout_at);
  for (const auto& [id, frame] : state.frames) consider(machine::next_timer(frame));
  return earliest;
}

bool listens(const machine::State& state) {
  return std::ranges::any_of(state.frames, [](const auto& entry) {
    return std::holds_alternative<machine::ListenState>(entry.second.detail);
  });
}

std::vector<SubscriptionRow> subscription_rows(const definition::Program& program,
                                               const machine::State& state) {
  std::vector<SubscriptionRow> rows;
  for (auto& open : machine::subscriptions(program, state))
    rows.push_back({.frame = open.frame,
                    .filter_key = std::move(open.filter_key),
                    .correlation_hash = std::move(open.correlation_hash),
                    .type = std::move(open.type)});
  return rows;
}

std::vector<ParkedCall> parked_calls(const definition::Program& program,
                                     const machine::State& state, Timestamp deadline) {
  std::vector<ParkedCall> calls;
  if (state.status != machine::Status::running) return calls;
  for (const auto& [id, frame] : state.frames) {
    if (!machine::waits_for_provider(frame)) continue;
    const auto& activity = std::get<machine::ActivityState>(frame.detail);
    calls.push_back({.frame = id,
                     .circuit = circuit_of_call(program, frame).text(),
                     .deadline = deadline,
                     .parked_at = activity.parked_at});
  }
  return calls;
}

definition::CircuitId circuit_of_call(const definition::Program& program,
                                      const machine::Frame& frame) {
  const auto* activity = std::get_if<machine::ActivityState>(&frame.detail);
  // As recorded, secrets left out: the same on every node and after every restart.
  return definition::circuit_of(
      spec_of(program, frame.node),
      activity != nullptr && activity->arguments ? *activity->arguments : Json());
}

void note_requests(const machine::State& state, const machine::Record& record,
                   std::vector<RequestRow>& requests) {
  if (const auto* consumed = std::get_if<machine::EventConsumed>(&record.body)) {
    if (consumed->request) requests.push_back({.id = consumed->event_id, .answer = std::nullopt});
  } else if (const auto* completed = std::get_if<machine::TaskCompleted>(&record.body)) {
    for (const auto& id : completed->answered) {
      SEQUENT_ASSERT(completed->answer != nullptr);
      requests.push_back({.id = id, .answer = dump_json(*completed->answer)});
    }
  } else if (std::holds_alternative<machine::InstanceCompleted>(record.body) ||
             std::holds_alternative<machine::InstanceFaulted>(record.body) ||
             std::holds_alternative<machine::InstanceCancelled>(record.body)) {
    for (const auto& request : state.requests)
      requests.push_back({.id = request.id, .answer = dump_json(machine::final_answer(state))});
  }
}

std::optional<Message> message_to_parent(const machine::State& state,
                                         const machine::Record& record) {
  if (!state.has_parent()) return std::nullopt;
  // What is being undone has not come to its end: it is its operators' to mend, and the parent waits.
  if (state.cancelling && std::holds_alternative<machine::InstanceFaulted>(record.body))
    return std::nullopt;
  Json body = Json::object();
  if (const auto* completed = std::get_if<machine::InstanceCompleted>(&record.body)) {
    body["status"] = machine::name_of(machine::Status::completed);
    body["output"] = completed->output ? *completed->output : Json();
  } else if (const auto* faulted = std::get_if<machine::InstanceFaulted>(&record.body)) {
    body["status"] = machine::name_of(machine::Status::faulted);
    body["error"] = machine::to_json(faulted->error);
  } else if (std::holds_alternative<machine::InstanceCancelled>(record.body)) {
    body["status"] = machine::name_of(machine::Status::cancelled);
  } else {
    return std::nullopt;
  }
  body["kind"] = "child";
  body["child"] = state.id.text();
  return Message{.to = state.parent, .body = std::move(body)};
}

const definition::ActivitySpec& spec_of(const definition::Program& program,
                                        machine::NodeIndex node) {
  const auto* call = std::get_if<definition::CallTask>(&program.node(node).body);
  SEQUENT_ASSERT(call != nullptr);
  return call->activity;
}

bool awaits(const machine::State& state, const OpenCall& call) {
  const auto found = state.frames.find(call.frame);
  if (found == state.frames.end() || found->second.phase != machine::Phase::activity) return false;
  const auto* activity = std::get_if<machine::ActivityState>(&found->second.detail);
  return activity != nullptr && activity->attempt == call.attempt;
}

machine::Failure failure_of_operation(const Error& error) {
  constexpr int bad_request = 400, absent = 404, conflict = 409;
  machine::Failure failure;
  failure.outcome = machine::Outcome::permanent;
  failure.problem = machine::make_problem(machine::ErrorKind::validation, error.detail);
  failure.problem.status = error.code == ErrorCode::not_found  ? absent
                           : error.code == ErrorCode::conflict ? conflict
                                                               : bad_request;
  return failure;
}

InstanceChange change_of(Resident& resident, Gathering& gathering,
                         const std::vector<machine::Command>& commands,
                         std::uint64_t snapshot_every, Timestamp now) {
  const auto& state = resident.state;
  InstanceChange change;
  change.id = resident.id;
  change.start = std::move(gathering.start);
  change.at = now;
  if (!gathering.records.empty()) {
    change.first_seq = gathering.records.front().seq;
    change.last_seq = gathering.records.back().seq;
    SEQUENT_ASSERT(change.last_seq == state.seq);
    SEQUENT_ASSERT(change.last_seq - change.first_seq + 1 == gathering.records.size());
    change.records = machine::encode(gathering.records);
  }
  change.row = row_of(*resident.program, state);
  for (const auto& record : gathering.records)
    if (const auto* moved = std::get_if<machine::Migrated>(&record.body)) {
      if (change.start) {  // moved before its first commit
        change.start->version = moved->workflow.version;
        change.start->digest = moved->digest;
      } else {
        change.version = NewVersion{moved->workflow.version, moved->digest};
      }
    }
  if (!resident.listening_known || !resident.listening.empty() || listens(state)) {
    auto rows = subscription_rows(*resident.program, state);
    const auto same = [](const SubscriptionRow& a, const SubscriptionRow& b) {
      return a.frame == b.frame && a.filter_key == b.filter_key &&
             a.correlation_hash == b.correlation_hash && a.type == b.type;
    };
    if (!resident.listening_known || !std::ranges::equal(rows, resident.listening, same)) {
      resident.listening = rows;
      resident.listening_known = true;
      change.subscriptions = std::move(rows);
    }
  }
  auto parked = parked_calls(*resident.program, state, change.row.deadline);
  if (parked != resident.parked) {
    resident.parked = parked;
    change.parked = std::move(parked);
  }
  for (const auto& command : commands) {
    const auto* call = std::get_if<machine::DispatchActivity>(&command);
    if (call == nullptr || !spec_of(*resident.program, call->node).in_store) continue;
    const OpenCall open{.frame = call->frame, .attempt = call->attempt};
    if (std::ranges::find(resident.open, open) != resident.open.end()) continue;
    resident.open.push_back(open);
    change.operations.push_back({.frame = call->frame,
                                 .attempt = call->attempt,
                                 .key = call->key,
                                 .activity = spec_of(*resident.program, call->node).name,
                                 .arguments = call->arguments ? *call->arguments : Json()});
  }
  change.messages = std::move(gathering.messages);
  change.consumed_messages = std::move(gathering.consumed);
  change.emitted = std::move(gathering.emitted);
  change.requests = std::move(gathering.requests);
  // What is being undone is on its way to its end, whoever has its business key by now.
  change.revives = resident.durable.status == machine::Status::faulted && !state.cancelling &&
                   goes_on(state.status, gathering.records);
  // A faulted run can be retried, so its operations keep their results.
  change.ended =
      state.status == machine::Status::completed || state.status == machine::Status::cancelled;
  if (!change.ended && state.seq - resident.snapshot_seq >= snapshot_every) {
    change.snapshot = machine::encode_state(state);
    resident.snapshot_seq = state.seq;
  }
  return change;
}

}  // namespace sequent::runtime
