// run: workflow. The child's id is derived, so that it is started once whatever crashes.
#include "engine/machine/decider.hpp"

namespace sequent::machine {

void Decider::begin_child(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::RunWorkflowTask>(node_of(current).body);
  auto input = evaluator.fill(task.input, *current.input, here(current));
  if (!input) return raise(id, input.error());
  auto path = path_of(program, state, id) + "~" + std::to_string(current.generation);
  // A try that starts over means a new child; an operator's retry means the same one.
  path += tries_above(state, current.parent);
  emit(ChildStarted{.frame = id,
                    .child = {.id = InstanceId::derive(state.id, path),
                              .workflow = task.workflow,
                              .input = make_value(std::move(*input)),
                              .await = task.await,
                              .retry = state.repaired}});
}

}  // namespace sequent::machine
