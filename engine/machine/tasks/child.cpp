// run: workflow. The child's id is derived, so that it is started once whatever crashes.
#include <algorithm>

#include "engine/machine/decider.hpp"
#include "engine/machine/kept_children.hpp"

namespace sequent::machine {

void Decider::begin_child(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::RunWorkflowTask>(node_of(current).body);
  auto input = evaluator.fill(task.input, *current.input, here(current));
  if (!input) return raise(id, input.error());
  const auto* kept = kept_child(state, current, place_of(id));
  emit(ChildStarted{.frame = id,
                    .child = {.id = kept != nullptr ? kept->id : child_of(id),
                              .workflow = task.workflow,
                              .input = make_value(std::move(*input)),
                              .await = task.await,
                              .retry = state.repaired,
                              .again = kept != nullptr && kept->again}});
}

// Going back may lead to the input of before an edit, and so to the child that the edit ended: what
// the task has now is the child of the last edit that was made of it, or of what holds it.
std::string Decider::place_of(FrameId id) const {
  auto generation = state.frames.at(id).generation;
  for (auto above = state.edits.empty() ? FrameId{0} : id; above != 0;
       above = state.frames.at(above).parent)
    if (const auto edit = state.edits.find(path_of(program, state, above));
        edit != state.edits.end())
      generation = std::max(generation, edit->second);
  return path_of(program, state, id) + "~" + std::to_string(generation);
}

// A try that starts over runs anew what has ended well, or was cancelled: that is another child. One
// that has faulted begins again, as the calls of the try do: what it has done stays done once.
InstanceId Decider::child_of(FrameId id) const {
  return InstanceId::derive(state.id,
                            place_of(id) + tries_above(state, state.frames.at(id).parent));
}

}  // namespace sequent::machine
