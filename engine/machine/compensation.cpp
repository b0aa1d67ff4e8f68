// Cancelling: what is under way ends, what has been done is undone, the last first. An effect whose
// outcome is not known is neither left behind nor undone on suspicion: its call is brought to its end
// first.

#include <algorithm>

#include "base/assert.hpp"
#include "engine/machine/decider.hpp"
#include "engine/machine/undo.hpp"

namespace sequent::machine {

using definition::CallTask;

namespace {

/// Whether a cancellation has to hear how this task ends.
bool must_settle(const Frame& frame, const CancelAsked& asked) {
  if (may_have_effect(frame)) return true;
  const auto can_be_undone = !frame.undo.empty();
  if (const auto* child = std::get_if<ChildState>(&frame.detail);
      child != nullptr && frame.phase == Phase::child)
    return child->await &&
           (can_be_undone || std::ranges::find(asked.awaited, frame.id) != asked.awaited.end());
  return can_be_undone && frame.phase == Phase::returned;
}

}  // namespace

void Decider::cancel(const CancelAsked& asked) {
  CancelStarted started{.reason = asked.reason, .by = asked.by};
  for (const auto& [id, each] : state.frames)
    if (must_settle(each, asked)) started.settle.push_back(id);
  const auto doubts =
      std::ranges::any_of(state.keys, [](const auto& entry) { return !entry.second.undo.empty(); });
  if (asked.at_once || (started.settle.empty() && !doubts && state.undoable.empty()))
    return emit(
        InstanceCancelled{.reason = asked.reason, .by = asked.by, .at_once = asked.at_once});
  emit(std::move(started));
  ask_what_became();
  find_ready();
  run();
}

// Calls go out again under their keys, with their bytes: those that were given up, and those whose
// tasks are gone (a lost race, a time-out, a try that starts over) while nobody knew what became of
// them.
void Decider::ask_what_became() {
  std::vector<FrameId> given_up;
  for (const auto& [id, each] : state.frames)
    if (was_given_up(each)) given_up.push_back(id);
  for (const auto id : given_up) {
    const auto& activity = std::get<ActivityState>(frame(id).detail);
    emit(AttemptStarted{.frame = id, .attempt = activity.attempt + 1, .unsettled = true});
  }
  std::vector<std::pair<std::string, KeyMemory>> doubts;
  for (const auto& [key, memory] : state.keys)
    if (!memory.undo.empty()) doubts.emplace_back(key, memory);
  for (const auto& [key, memory] : doubts) {
    const auto id = state.last_frame + 1;
    emit(TaskStarted{.frame = id,
                     .parent = root_frame,
                     .node = memory.node,
                     .input = memory.input,
                     .undo = memory.undo,
                     .settling = true,
                     .generation = memory.generation});
    emit(ActivityScheduled{.frame = id,
                           .key = key,
                           .revision = memory.revision,
                           .arguments = memory.arguments,
                           .late = memory.late,
                           .late_input = memory.late_input,
                           .first_sent_at = memory.first_sent_at,
                           .unsettled = true});
  }
}

std::optional<Problem> Decider::too_much_to_undo() const {
  const auto& limits = surroundings.limits;
  const auto under_way = std::ranges::count_if(
      state.frames, [](const auto& entry) { return !entry.second.undo.empty(); });
  if (state.undoable.size() + static_cast<std::size_t>(under_way) < limits.max_undoable &&
      state.undoable_bytes < limits.max_undoable_bytes)
    return std::nullopt;
  return make_problem(
      ErrorKind::runtime,
      std::to_string(state.undoable.size()) +
          " tasks with metadata.compensate are completed, with " +
          std::to_string(state.undoable_bytes) + " bytes that undoing them needs; the limits are " +
          std::to_string(limits.max_undoable) + " and " +
          std::to_string(limits.max_undoable_bytes) +
          " (limits.maxUndoable, maxUndoableBytes). Nothing was begun: split the workflow into "
          "children, or raise the limits and retry the task.");
}

void Decider::undo_next() {
  if (state.undoable.empty())
    return emit(InstanceCancelled{.reason = state.cancelling->reason, .by = state.cancelling->by});
  const auto& effect = state.undoable.back();
  const auto& node = program.node(effect.node);
  SEQUENT_ASSERT(node.compensation);
  const auto task = node.compensation->task;
  CompensationStarted begun{.undoes = effect.occurrence, .node = effect.node};
  begun.input = make_value(Json{{"task", node.pointer},
                                {"input", *effect.input},
                                {"output", *effect.output},
                                {"reason", state.cancelling->reason}});
  TaskStarted started{.frame = state.last_frame + 1,
                      .parent = root_frame,
                      .node = effect.node,
                      .undoes = effect.occurrence};
  emit(std::move(begun));
  if (task != definition::no_node) return start_task(root_frame, task);
  const auto id = started.frame;
  emit(std::move(started));
  make_ready(id);
}

void Decider::begin_undoing_workflow(FrameId id) {
  const auto& current = frame(id);
  const auto path = path_of(program, state, id) + "~" + std::to_string(current.generation);
  emit(ChildStarted{.frame = id,
                    .child = {.id = InstanceId::derive(state.id, path),
                              .workflow = node_of(current).compensation->workflow,
                              .input = current.input,
                              .retry = state.repaired}});
}

void Decider::undone(FrameId id, Value output, Value context) {
  while (frame(id).undoes.empty()) id = frame(id).parent;
  emit(TaskCompleted{.frame = id, .output = std::move(output), .context = std::move(context)});
  make_ready(root_frame);
}

void Decider::settled(FrameId id, Value raw_output) {
  const auto& current = frame(id);
  if (current.undo.empty() || current.nothing_done) return drop(id);
  TaskCompleted completed{.frame = id};
  // The blocks around it are gone, and with them variables that its output may have named. What is
  // kept is then the output as it came: it is for whoever undoes it.
  const auto& transform = node_of(current).output.transform;
  if (transform) {
    auto at = here(current);
    at.raw_output = raw_output.get();
    if (auto output = evaluator.fill(*transform, *raw_output, at))
      completed.output = make_value(std::move(*output));
  }
  emit(std::move(completed));
  make_ready(root_frame);
}

void Decider::drop(FrameId id) {
  emit(TaskDropped{.frame = id});
  make_ready(root_frame);
}

void Decider::call_settles(AttemptFailed failed, bool provider_open) {
  const auto id = failed.frame;
  const auto& activity = std::get<ActivityState>(frame(id).detail);
  const auto& policy = std::get<CallTask>(node_of(frame(id)).body).activity.retry;
  const auto failure = failed.failure;
  if (!activity.unsettled && !failed.unsettled) {  // it is known to have had no effect
    emit(std::move(failed));
    return drop(id);
  }
  if (!running()) {  // held by an operator, or something else has faulted: asked again
    failed.retry_at = now;
    return emit(std::move(failed));
  }
  if (failure.outcome == Outcome::permanent) {
    auto problem = failure.problem;
    emit(std::move(failed));
    return raise(id, std::move(problem));
  }
  failed.uncounted = failure.throttled || provider_open;
  if (failure.throttled && !provider_open) {
    failed.retry_at =
        now + call_backoff(policy, activity.throttles + 1, random(), failure.retry_after_ms);
  } else if (!provider_open && activity.tries < policy.max_attempts) {
    failed.retry_at = now + call_backoff(policy, activity.tries, random(), failure.retry_after_ms);
  }
  const auto parks = failed.retry_at == 0;
  emit(std::move(failed));
  if (parks)
    emit(TaskParked{
        .frame = id,
        .reason = provider_open ? ParkReason::provider_open : ParkReason::retries_exhausted});
}

}  // namespace sequent::machine
