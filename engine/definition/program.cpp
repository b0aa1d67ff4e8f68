#include "engine/definition/program.hpp"

namespace sequent::definition {

NodeIndex Program::find(std::string_view pointer_or_name) const {
  NodeIndex by_name = no_node;
  bool ambiguous = false;
  for (NodeIndex index = 0; index < nodes.size(); ++index) {
    const Node& each = nodes[index];
    // A called function has the pointer of its call, which comes first.
    if (each.pointer == pointer_or_name) return index;
    if (each.name.empty() || each.name != pointer_or_name) continue;
    ambiguous = ambiguous || by_name != no_node;
    by_name = index;
  }
  return ambiguous ? no_node : by_name;
}

}  // namespace sequent::definition
