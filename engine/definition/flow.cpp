// `then`: reading, linking within one list of tasks, and what nothing leads to.
#include "engine/definition/compiler.hpp"
#include "engine/definition/reach.hpp"

namespace sequent::definition {
namespace {

Flow& flow_of(Compiler& compiler, const PendingThen& then) {
  Node& node = compiler.program.nodes[then.node];
  if (then.switch_case == PendingThen::not_a_case) return node.then;
  return std::get<SwitchTask>(node.body).cases[then.switch_case].then;
}

std::string place_of(const Node& node) {
  return "`" + node.name + "` of line " + std::to_string(node.line);
}

}  // namespace

Flow read_then(Compiler& compiler, const Value& value, NodeIndex node, std::size_t switch_case) {
  const auto text = read_text(compiler.report, value, "continue, exit, end or the name of a task");
  if (!text || *text == "continue") return {};
  if (*text == "exit") return {.kind = Flow::Kind::exit};
  if (*text == "end") return {.kind = Flow::Kind::end};
  compiler.pending.push_back(
      {.node = node, .switch_case = switch_case, .target = *text, .where = value.pointer});
  return {};
}

void link_tasks(Compiler& compiler, const std::vector<NodeIndex>& tasks,
                std::size_t first_pending) {
  for (std::size_t i = first_pending; i < compiler.pending.size(); ++i) {
    const PendingThen& then = compiler.pending[i];
    Flow& flow = flow_of(compiler, then);
    for (const NodeIndex index : tasks) {
      if (compiler.program.nodes[index].name != then.target) continue;
      flow = {.kind = Flow::Kind::task, .task = index};
      break;
    }
    if (flow.kind == Flow::Kind::task) continue;
    // What a wrong name would have led to is unknown, so nothing after it is called unreachable.
    compiler.unresolved.push_back(then);
  }
  compiler.pending.resize(first_pending);
}

void check_reachable(Compiler& compiler, const std::vector<NodeIndex>& tasks,
                     const std::vector<std::string>& places) {
  for (const PendingThen& then : compiler.unresolved)
    if (std::find(tasks.begin(), tasks.end(), then.node) != tasks.end()) return;
  const auto reached = reached_in(compiler.program, tasks);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!reached[i]) compiler.unreached.push_back({.node = tasks[i], .place = places[i]});
  }
}

void report_unreached(Compiler& compiler) {
  const auto& nodes = compiler.program.nodes;
  for (const Unreached& each : compiler.unreached) {
    const bool undoes = std::ranges::any_of(nodes, [&](const Node& node) {
      return node.compensation && node.compensation->task == each.node;
    });
    if (undoes) continue;
    compiler.report.at_key(
        each.place, "the task `" + nodes[each.node].name + "` can never run: nothing leads to it",
        "name it in a `then`, or remove it");
  }
}

void report_unresolved(Compiler& compiler) {
  const std::vector<Node>& nodes = compiler.program.nodes;
  for (const PendingThen& then : compiler.unresolved) {
    const NodeIndex parent = nodes[then.node].parent;
    std::vector<std::string> siblings;
    std::string elsewhere;
    for (const Node& node : nodes) {
      if (node.pointer.empty()) continue;
      if (node.parent == parent) siblings.push_back(node.name);
      if (node.name == then.target && elsewhere.empty()) elsewhere = place_of(node);
    }
    if (!elsewhere.empty()) {
      compiler.report.at_value(
          then.where,
          "expected a task of the same list, got " + elsewhere + ", which is in another scope",
          "`then` reaches tasks at its own depth only");
      continue;
    }
    for (const std::string_view word : {"continue", "exit", "end"}) siblings.emplace_back(word);
    compiler.report.at_value(then.where,
                             "expected continue, exit, end or the name of a task of the same list, "
                             "got `" +
                                 then.target + "`",
                             suggestion(then.target, siblings, "check the task's name"));
  }
}

}  // namespace sequent::definition
