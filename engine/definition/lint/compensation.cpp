// Tasks that undo others: is there a way to them when nothing is undone?
#include <algorithm>
#include <map>

#include "engine/definition/lint/linter.hpp"
#include "engine/definition/reach.hpp"

namespace sequent::definition::lint {
namespace {

/// How the ordinary course comes to a task: from another task of its list, or, no_node, because what
/// holds it begins with it.
struct Way {
  NodeIndex from = no_node;
  bool named = false;  // by a `then`
};

bool names(const Node& node, NodeIndex task) {
  const auto leads = [task](const Flow& flow) {
    return flow.kind == Flow::Kind::task && flow.task == task;
  };
  const auto* choice = std::get_if<SwitchTask>(&node.body);
  return leads(node.then) ||
         (choice != nullptr && std::ranges::any_of(choice->cases, leads, &SwitchCase::then));
}

/// Every task that runs when nothing is undone.
class Course {
 public:
  explicit Course(const Program& program) : program_(program) { walk(0, {}); }

  [[nodiscard]] const Way* to(NodeIndex task) const {
    const auto found = ways_.find(task);
    return found == ways_.end() ? nullptr : &found->second;
  }

 private:
  void walk(NodeIndex task, const Way& way) {
    ways_.emplace(task, way);
    const TaskBody& body = program_.node(task).body;
    if (const auto* block = std::get_if<DoTask>(&body)) walk_list(block->tasks);
    if (const auto* loop = std::get_if<ForTask>(&body)) walk_list(loop->tasks);
    if (const auto* listen = std::get_if<ListenTask>(&body)) walk_list(listen->tasks);
    if (const auto* function = std::get_if<FunctionTask>(&body)) walk(function->task, {});
    if (const auto* fork = std::get_if<ForkTask>(&body))
      for (const NodeIndex branch : fork->branches) walk(branch, {});
    if (const auto* attempt = std::get_if<TryTask>(&body)) {
      walk_list(attempt->tasks);
      walk_list(attempt->catch_tasks);
    }
  }

  void walk_list(const std::vector<NodeIndex>& tasks) {
    const auto reached = reached_in(program_, tasks);
    for (std::size_t i = 0; i < tasks.size(); ++i)
      if (reached[i]) walk(tasks[i], way_to(tasks, reached, i));
  }

  [[nodiscard]] Way way_to(const std::vector<NodeIndex>& tasks, const std::vector<bool>& reached,
                           std::size_t position) const {
    for (std::size_t i = 0; position != 0 && i < tasks.size(); ++i) {
      if (!reached[i]) continue;
      const auto next = successors(program_, tasks, i);
      if (std::ranges::find(next, position) == next.end()) continue;
      return {.from = tasks[i], .named = names(program_.node(tasks[i]), tasks[position])};
    }
    return {};
  }

  const Program& program_;
  std::map<NodeIndex, Way> ways_;
};

std::string how_to_mend(const Program& program, const Node& undoing, const Way& way) {
  if (way.from == no_node)
    return "move it to the end of the document's tasks, behind one with `then: end`";
  const Node& before = program.node(way.from);
  if (way.named)
    return "lead `" + before.name + "` elsewhere, and let a task of its own do in the ordinary " +
           "course what belongs there";
  if (before.if_)
    return "put a task before it that always leaves: `" + before.name +
           "` goes on to the next one when its `if` is false";
  const bool outermost = undoing.parent == 0;
  return std::string("add `then: ") + (outermost ? "end" : "exit") + "` to `" + before.name + "`";
}

}  // namespace

void check_compensations(Linter& linter) {
  const Program& program = linter.program();
  std::map<NodeIndex, const Node*> undone_by;  // the first task that each one undoes
  for (const Node& node : program.nodes)
    if (node.compensation && node.compensation->task != no_node)
      undone_by.emplace(node.compensation->task, &node);
  if (undone_by.empty()) return;
  const Course course{program};
  for (const auto& [task, undone] : undone_by) {
    const Way* way = course.to(task);
    if (way == nullptr) continue;
    const Node& undoing = program.node(task);
    const std::string after =
        way->from == no_node ? "" : ", after `" + program.node(way->from).name + "`";
    linter.warn(compensation_in_course, {.node = &undoing, .pointer = undoing.place, .offset = {}},
                "`" + undoing.name + "` undoes `" + undone->name +
                    "`, and runs when nothing is undone as well" + after,
                how_to_mend(program, undoing, *way));
  }
}

}  // namespace sequent::definition::lint
