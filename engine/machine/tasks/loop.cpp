// for: one iteration after the other; what one puts out, the next takes in.
#include "engine/machine/decider.hpp"

namespace sequent::machine {

using definition::ForTask;

void Decider::begin_for(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<ForTask>(node_of(current).body);
  auto items = evaluator.value(task.in, *current.input, here(current));
  if (!items) return raise(id, items.error());
  if (items->is_null()) items = Json::array();
  if (!items->is_array())
    return raise(id, make_problem(ErrorKind::expression, "`for.in` must yield an array, got " +
                                                             dump_json(*items).substr(0, 100)));
  emit(LoopStarted{.frame = id, .items = make_value(std::move(*items))});
  next_iteration(id, true);
}

void Decider::next_iteration(FrameId id, bool first) {
  const auto& current = frame(id);
  const auto& task = std::get<ForTask>(node_of(current).body);
  const auto& loop = std::get<LoopState>(current.detail);
  const auto index = first ? 0 : loop.index + 1;
  if (index >= loop.items->size()) return complete(id, current.data);
  if (task.while_) {
    const Json variables{{task.each, (*loop.items)[index]}, {task.at, index}};
    auto at = here(current);
    at.variables = &variables;
    const auto wanted = evaluator.truth(*task.while_, *current.data, at);
    if (!wanted) return raise(id, wanted.error());
    if (!*wanted) return complete(id, current.data);
  }
  emit(IterationStarted{
      .frame = id, .index = index, .next = task.tasks.empty() ? no_node : task.tasks.front()});
  make_ready(id);
}

}  // namespace sequent::machine
