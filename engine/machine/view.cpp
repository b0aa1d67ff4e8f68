#include "engine/machine/view.hpp"

#include <algorithm>

#include "base/overloaded.hpp"
#include "engine/definition/circuit_id.hpp"
#include "engine/definition/workflow_name.hpp"
#include "engine/machine/undo.hpp"

namespace sequent::machine {
namespace {

using definition::CallTask;
using definition::Program;

/// How much a frame's stand matters to someone who asks where the run is; higher wins.
int weight(const Frame& frame) {
  switch (frame.phase) {
    case Phase::faulted:
      return 9;
    case Phase::parked:
      return 8;
    case Phase::activity:
      return 7;
    case Phase::backoff:
      return 6;
    case Phase::child:
      return 5;
    case Phase::events:
      return 4;
    case Phase::timer:
      return 3;
    case Phase::entered:
    case Phase::returned:
      return 2;
    case Phase::block:
    case Phase::branches:
      return 1;
  }
  return 0;
}

std::string awaited_events(const Program& program, const Frame& frame) {
  const auto& listen = std::get<ListenState>(frame.detail);
  std::string types;
  for (const auto& subscription : listen.subscriptions) {
    const auto any = subscription.filter == UINT32_MAX;
    const auto& type =
        any ? std::string("any event") : program.filters.at(subscription.filter).type;
    if (types.size() > 200 || (subscription.matched && !any)) continue;
    types += (types.empty() ? "" : ", ") + (type.empty() ? "an event" : type);
  }
  return types;
}

void describe_activity(const Program& program, const Frame& frame, WaitingFor& waiting) {
  const auto& activity = std::get<ActivityState>(frame.detail);
  const auto& spec = std::get<CallTask>(program.node(frame.node).body).activity;
  const auto circuit =
      definition::circuit_of(spec, activity.arguments ? *activity.arguments : Json());
  waiting.provider = spec.provider;
  waiting.circuit = circuit.text();
  waiting.operation = spec.name;
  waiting.attempt = std::max(activity.tries, 1U);
  waiting.tried = activity.attempt - (activity.held ? 1 : 0);
  if (frame.phase == Phase::parked || activity.unsettled) {
    waiting.key_born_at = activity.first_sent_at;
    waiting.key_retention_ms = spec.key_retention_ms;
    waiting.unsettled = activity.unsettled;
  }
  waiting.since = frame.started_at;
  if (activity.last_failure) waiting.error_type = activity.last_failure->problem.type;
  if (frame.phase == Phase::parked) {
    waiting.kind = "parked";
    waiting.reason = name_of(activity.park_reason);
    waiting.since = activity.parked_at;
    waiting.detail = "parked on " + circuit.name();
    if (activity.park_reason == ParkReason::retries_exhausted)
      waiting.detail += " after " + std::to_string(activity.tries) + " attempts";
    else if (activity.park_reason == ParkReason::limit)
      waiting.detail += " until there is room";
    if (activity.last_failure) waiting.detail += ": " + activity.last_failure->problem.title;
  } else if (frame.phase == Phase::backoff) {
    waiting.kind = "activity";
    waiting.until = frame.due_at;
    waiting.detail = spec.name + " failed";
    if (activity.last_failure) waiting.detail += " (" + activity.last_failure->problem.title + ")";
    waiting.detail += "; the next attempt is due";
  } else {
    waiting.kind = "activity";
    waiting.detail = spec.name + " is under way";
  }
}

WaitingFor waiting_for(const Program& program, const Frame& frame) {
  WaitingFor waiting;
  waiting.since = frame.started_at;
  switch (frame.phase) {
    case Phase::activity:
    case Phase::parked:
      describe_activity(program, frame, waiting);
      break;
    case Phase::backoff:
      if (std::holds_alternative<ActivityState>(frame.detail)) {
        describe_activity(program, frame, waiting);
        break;
      }
      waiting.kind = "timer";
      waiting.until = frame.due_at;
      waiting.detail = "the next attempt of " + program.node(frame.node).name;
      if (const auto* attempt = std::get_if<TryState>(&frame.detail); attempt && attempt->error)
        waiting.error_type = text_of(*attempt->error, "type");
      break;
    case Phase::timer:
      waiting.kind = "timer";
      waiting.until = frame.due_at;
      waiting.detail = "until " + format_time(frame.due_at);
      break;
    case Phase::events:
      waiting.kind = "event";
      waiting.until = frame.timeout_at;
      waiting.detail = awaited_events(program, frame);
      break;
    case Phase::child: {
      const auto& child = std::get<ChildState>(frame.detail);
      waiting.kind = "child";
      waiting.child = child.id;
      waiting.detail = workflow_name(child.workflow) + " " + child.id.text();
      break;
    }
    case Phase::entered:
    case Phase::block:
    case Phase::branches:
    case Phase::returned:
    case Phase::faulted:
      break;
  }
  return waiting;
}

bool is_busy(const Frame& frame) {
  return frame.phase == Phase::activity || frame.phase == Phase::entered ||
         frame.phase == Phase::returned || (frame.phase == Phase::block && frame.child == 0);
}

Timestamp must_succeed_before(const Program& program, const Frame& frame) {
  const auto& limit = program.node(frame.node).succeed_before;
  if (frame.settling || !frame.undoes.empty()) return 0;  // those were limits of doing it
  if (!limit) return 0;
  if (limit->expression) return frame.succeed_before;
  return limit->after_ms != 0 ? frame.started_at + limit->after_ms : limit->at;
}

std::string undone_by(const Program& program, definition::NodeIndex node) {
  const auto& compensation = program.node(node).compensation;
  if (!compensation) return {};
  if (compensation->task != definition::no_node) return program.node(compensation->task).pointer;
  return workflow_name(compensation->workflow);
}

/// What the frame is part of: something that settles, or something that undoes.
std::optional<Undoing> undoing_of(const Program& program, const State& state, const Frame* frame) {
  if (!state.cancelling || frame == nullptr) return std::nullopt;
  Undoing undoing{.total =
                      state.cancelling->undone + static_cast<std::uint32_t>(state.undoable.size())};
  while (frame->parent > 1) frame = &state.frames.at(frame->parent);
  if (frame->settling) {
    undoing.task = program.node(frame->node).pointer;
    return undoing;
  }
  if (frame->undoes.empty()) return std::nullopt;
  const auto node = state.undoable.back().node;
  undoing.task = program.node(node).pointer;
  undoing.by = undone_by(program, node);
  undoing.number = state.cancelling->undone + 1;
  return undoing;
}

bool lies_below(const State& state, const Frame& frame, FrameId above) {
  if (above == 0) return true;
  auto id = frame.parent;
  while (id > above) id = state.frames.at(id).parent;  // a parent is older than its tasks
  return id == above;
}

/// What ran out of time waited for a call, if some call below it was under way or parked. Its answer
/// may have come since, too late.
const Frame* call_that_took_too_long(const State& state) {
  if (!state.error || !same_type(state.error->type, standard_type(ErrorKind::timeout)))
    return nullptr;
  const Frame* chosen = nullptr;
  for (const auto& [id, frame] : state.frames)
    if (std::holds_alternative<ActivityState>(frame.detail) &&
        lies_below(state, frame, state.faulted_frame) &&
        (chosen == nullptr || weight(frame) > weight(*chosen)))
      chosen = &frame;
  return chosen;
}

/// From the state alone: journals of every release tell it.
std::optional<FailedCall> failed_call(const Program& program, const State& state) {
  if (state.status != Status::faulted) return std::nullopt;
  const auto faulted = state.frames.find(state.faulted_frame);
  const Frame* frame = faulted == state.frames.end() ? nullptr : &faulted->second;
  if (frame != nullptr && std::holds_alternative<CallTask>(program.node(frame->node).body)) {
    if (frame->data) return std::nullopt;  // it had a result, which something was wrong with
  } else {
    frame = call_that_took_too_long(state);
  }
  if (frame == nullptr) return std::nullopt;
  const auto& spec = std::get<CallTask>(program.node(frame->node).body).activity;
  FailedCall failed{.provider = spec.provider, .operation = spec.name, .circuit = {}};
  if (const auto* activity = std::get_if<ActivityState>(&frame->detail))
    failed.circuit =
        definition::circuit_of(spec, activity->arguments ? *activity->arguments : Json()).text();
  return failed;
}

}  // namespace

std::string said(const Undoing& undoing) {
  if (undoing.number == 0) return "finds out what became of " + undoing.task;
  return "undoes " + undoing.task + ", " + std::to_string(undoing.number) + " of " +
         std::to_string(undoing.total);
}

std::vector<ToUndo> to_undo(const Program& program, const State& state) {
  std::vector<ToUndo> list;
  const auto add = [&](definition::NodeIndex node, std::string occurrence, bool settles) {
    list.push_back({.task = program.node(node).pointer,
                    .by = undone_by(program, node),
                    .occurrence = std::move(occurrence),
                    .settles = settles});
  };
  for (const auto& [id, frame] : state.frames)
    if (may_have_effect(frame))
      add(frame.node, occurrence_of(frame.undo, frame.generation), frame.phase != Phase::returned);
  for (const auto& [key, memory] : state.keys)
    if (!memory.undo.empty()) add(memory.node, occurrence_of(memory.undo, memory.generation), true);
  for (auto effect = state.undoable.rbegin(); effect != state.undoable.rend(); ++effect)
    add(effect->node, effect->occurrence, false);
  return list;
}

View view_of(const Program& program, const State& state) {
  View view{.status = state.status};
  const Frame* chosen = nullptr;
  auto busy = false;
  Timestamp last_use = 0;
  const auto earliest = [](Timestamp& kept, Timestamp at) {
    if (at != 0 && (kept == 0 || at < kept)) kept = at;
  };
  for (const auto& [id, frame] : state.frames) {
    busy = busy || is_busy(frame);
    if (chosen == nullptr || weight(frame) > weight(*chosen) ||
        (weight(frame) == weight(*chosen) && weight(frame) == 1))
      chosen = &frame;
    earliest(view.deadline, frame.timeout_at);
    earliest(last_use, must_succeed_before(program, frame));
    if (const auto* activity = std::get_if<ActivityState>(&frame.detail);
        activity != nullptr && activity->unsettled)
      earliest(view.key_born_at, activity->first_sent_at);
  }
  view.undoing =
      undoing_of(program, state,
                 state.status == Status::faulted && state.frames.contains(state.faulted_frame)
                     ? &state.frames.at(state.faulted_frame)
                     : chosen);
  if (is_ended(state.status)) {
    if (state.status != Status::faulted) view.undoing.reset();
    // Time-outs stand still with a faulted run; the day on which a repair comes too late does not.
    view.deadline = state.status == Status::faulted ? last_use : 0;
    if (state.status == Status::faulted && state.error) view.task = state.error->instance;
    view.failed_call = failed_call(program, state);
    return view;
  }
  earliest(view.deadline, state.timeout_at);
  earliest(view.deadline, last_use);
  if (chosen == nullptr) return view;
  view.task = program.node(chosen->node).pointer;
  view.waiting_for = waiting_for(program, *chosen);
  if (view.undoing)
    view.waiting_for.detail = said(*view.undoing) + (view.waiting_for.detail.empty() ? "" : ": ") +
                              view.waiting_for.detail;
  if (state.status == Status::running && !busy) view.status = Status::waiting;
  return view;
}

}  // namespace sequent::machine
