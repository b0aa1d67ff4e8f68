#include "engine/definition/program.hpp"

#include "base/digest.hpp"
#include "base/overloaded.hpp"

namespace sequent::definition {
namespace {

// Names and not the variant's index: a kind that is added must not change the layout of others.
std::string_view kind_of(const TaskBody& body) {
  const auto kinds = overloaded{
      [](const DoTask&) { return "do"; },
      [](const SetTask&) { return "set"; },
      [](const SwitchTask&) { return "switch"; },
      [](const ForTask&) { return "for"; },
      [](const ForkTask&) { return "fork"; },
      [](const TryTask&) { return "try"; },
      [](const RaiseTask&) { return "raise"; },
      [](const WaitTask&) { return "wait"; },
      [](const ListenTask&) { return "listen"; },
      [](const EmitTask&) { return "emit"; },
      [](const RunWorkflowTask&) { return "run"; },
      [](const CallTask&) { return "call"; },
      [](const FunctionTask&) { return "function"; },
  };
  return std::visit(kinds, body);
}

}  // namespace

std::string layout_of(const Program& program) {
  std::string material;
  for (const Node& node : program.nodes) {
    material += kind_of(node.body);
    material += ' ';
    material += node.pointer + '\n';
  }
  material += "filters\n";
  for (const EventFilter& filter : program.filters) material += filter.pointer + '\n';
  return sha256_hex(material).substr(0, 16);
}

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
