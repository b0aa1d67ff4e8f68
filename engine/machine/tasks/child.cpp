// run: workflow. The child's id is derived, so that it is started once whatever crashes.
#include "engine/machine/decider.hpp"

namespace sequent::machine {

void Decider::begin_child(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::RunWorkflowTask>(node_of(current).body);
  auto input = evaluator.fill(task.input, *current.input, here(current));
  if (!input) return raise(id, input.error());
  emit(ChildStarted{.frame = id,
                    .child = {.id = child_of(id, current.generation),
                              .workflow = task.workflow,
                              .input = make_value(std::move(*input)),
                              .await = task.await,
                              .retry = state.repaired}});
}

// A try that starts over means a new child; an operator's retry means the same one.
InstanceId Decider::child_of(FrameId id, std::uint32_t generation) const {
  return InstanceId::derive(state.id, path_of(program, state, id) + "~" +
                                          std::to_string(generation) +
                                          tries_above(state, state.frames.at(id).parent));
}

// Going back may lead to the input of before an edit, and so to the child that the edit ended: what
// the task has now is the child of the edit.
bool Decider::turn_to_last_child(FrameId id) {
  const auto& current = frame(id);
  const auto& child = std::get<ChildState>(current.detail);
  if (!child.retry || child.launched || !current.undoes.empty() ||
      current.generation == state.generation || child.id != child_of(id, current.generation))
    return false;
  auto last = child;
  last.id = child_of(id, state.generation);
  emit(ChildStarted{.frame = id, .child = std::move(last)});
  return true;
}

}  // namespace sequent::machine
