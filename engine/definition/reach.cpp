#include "engine/definition/reach.hpp"

#include <algorithm>

namespace sequent::definition {

std::vector<std::size_t> successors(const Program& program, const std::vector<NodeIndex>& tasks,
                                    std::size_t position) {
  const Node& node = program.nodes[tasks[position]];
  std::vector<std::size_t> out;
  const auto follow = [&](const Flow& flow) {
    switch (flow.kind) {
      case Flow::Kind::continue_:
        out.push_back(position + 1);
        return;
      case Flow::Kind::task: {
        const auto found = std::find(tasks.begin(), tasks.end(), flow.task);
        out.push_back(static_cast<std::size_t>(found - tasks.begin()));
        return;
      }
      case Flow::Kind::exit:
      case Flow::Kind::end:
        return;
    }
  };
  // A skipped task passes on to the next one in order, whatever its `then`.
  if (node.if_) out.push_back(position + 1);
  if (const auto* choice = std::get_if<SwitchTask>(&node.body)) {
    bool has_default = false;
    for (const SwitchCase& each : choice->cases) {
      follow(each.then);
      has_default = has_default || !each.when;
    }
    if (!has_default) follow(node.then);
  } else if (!std::holds_alternative<RaiseTask>(node.body)) {
    follow(node.then);
  }
  return out;
}

std::vector<bool> reached_in(const Program& program, const std::vector<NodeIndex>& tasks) {
  std::vector<bool> reached(tasks.size() + 1, false);
  std::vector<std::size_t> open = {0};
  while (!open.empty()) {
    const std::size_t position = open.back();
    open.pop_back();
    if (reached[position]) continue;
    reached[position] = true;
    if (position == tasks.size()) continue;
    for (const std::size_t next : successors(program, tasks, position)) open.push_back(next);
  }
  return reached;
}

}  // namespace sequent::definition
