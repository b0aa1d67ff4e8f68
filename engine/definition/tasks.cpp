// Lists of tasks, and what all kinds of task have in common.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

using Reader = TaskBody (*)(Compiler&, Fields&, const Site&);

template <auto read>
TaskBody body_of(Compiler& compiler, Fields& fields, const Site& site) {
  return read(compiler, fields, site);
}

// `for` stands before `do`, because a `for` task has a `do` as well.
constexpr std::pair<std::string_view, Reader> kinds[] = {
    {"call", read_call},
    {"for", body_of<read_for>},
    {"do", body_of<read_do>},
    {"fork", body_of<read_fork>},
    {"emit", body_of<read_emit>},
    {"listen", body_of<read_listen>},
    {"raise", body_of<read_raise>},
    {"run", read_run},
    {"set", body_of<read_set>},
    {"switch", body_of<read_switch>},
    {"try", body_of<read_try>},
    {"wait", body_of<read_wait>},
};

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& [name, reader] : kinds) names.emplace_back(name);
  return names;
}

void report_no_kind(Compiler& compiler, const Value& value) {
  std::string hint = "the kinds of task are";
  for (const std::string& name : kind_names()) hint += " " + name;
  for (const std::string& member : member_names(*value.json)) {
    if (const auto best = closest(member, kind_names()))
      hint = "did you mean `" + *best + "` where it says `" + member + "`?";
  }
  compiler.report.at_key(value.pointer, "expected a task, got an object of no kind", hint);
}

Reader reader_of(Compiler& compiler, const Value& value) {
  std::vector<std::string> given;
  Reader found = nullptr;
  for (const auto& [name, reader] : kinds) {
    if (!value.json->contains(name)) continue;
    if (name == "do" && value.json->contains("for")) continue;
    if (!found) found = reader;
    given.emplace_back(name);
  }
  if (given.size() > 1) {
    compiler.report.at_key(
        value.pointer + "/" + given[1],
        "expected one kind of task, got `" + given[0] + "` and `" + given[1] + "` in one",
        "make two tasks of it");
    return nullptr;
  }
  if (!found) report_no_kind(compiler, value);
  return found;
}

struct Common {
  std::optional<ExpressionId> condition;
  DataFilter input, output, exported;
  std::optional<Duration> timeout;
  Flow then;
  std::optional<Value> metadata;
};

Common read_common(Compiler& compiler, Fields& fields, const Site& site) {
  Common out;
  if (const auto condition = fields.get("if"))
    out.condition = read_expression(compiler, *condition, "`if`", site.variables);
  if (const auto input = fields.get("input"))
    out.input = read_filter(compiler, *input, "from", "an input", site.variables);
  if (const auto output = fields.get("output"))
    out.output = read_filter(compiler, *output, "as", "an output", site.variables);
  if (const auto exported = fields.get("export"))
    out.exported = read_filter(compiler, *exported, "as", "an export", site.variables);
  if (const auto timeout = fields.get("timeout"))
    out.timeout = read_timeout(compiler, *timeout, site.variables);
  if (const auto then = fields.get("then")) out.then = read_then(compiler, *then, site.index);
  if (const auto metadata = fields.get("metadata")) {
    if (is_object(compiler.report, *metadata, "metadata")) out.metadata = *metadata;
  }
  return out;
}

// One item of a list: an object with one member, the task under its name.
std::optional<std::string> item_name(Compiler& compiler, const Value& item) {
  if (!item.json->is_object() || item.json->size() != 1) {
    if (!item.json->is_object()) {
      compiler.report.mistyped(item, "a named task (`- name: {…}`)");
    } else {
      compiler.report.at_value(item.pointer,
                               "expected one named task, got an object with " +
                                   std::to_string(item.json->size()) + " members",
                               "start each task with its own `-`, and indent what belongs to it");
    }
    return std::nullopt;
  }
  std::string name = item.json->begin().key();
  if (!name.empty()) return name;
  compiler.report.at_key(item.pointer + "/", "expected the name of a task, got empty text");
  return std::nullopt;
}

bool is_reserved(std::string_view name) {
  return name == "continue" || name == "exit" || name == "end";
}

// Parked calls are let go in the order of this.
std::optional<SucceedBefore> read_succeed_before(Compiler& compiler, const Value& value,
                                                 const Variables& variables) {
  if (value.json->is_string()) {
    const auto& text = value.json->get_ref<const std::string&>();
    if (expression::strip_expression(text)) {
      const auto id = whole_expression(compiler, value, variables);
      return id ? std::optional{SucceedBefore{.expression = *id}} : std::nullopt;
    }
    if (const auto after = parse_duration(text); after && *after > 0)
      return SucceedBefore{.after_ms = *after, .expression = std::nullopt};
    if (const auto at = parse_time(text))
      return SucceedBefore{.at = *at, .expression = std::nullopt};
  }
  compiler.report.mistyped(value,
                           "an ISO 8601 duration such as PT6H, a time with its zone, or ${ … }",
                           "a duration begins with the task");
  return std::nullopt;
}

}  // namespace

std::vector<NodeIndex> read_tasks(Compiler& compiler, const Value& list, const std::string& pointer,
                                  NodeIndex parent, const Variables& variables, ListKind kind) {
  std::vector<NodeIndex> tasks;
  std::vector<std::string> places;
  if (!is_list(compiler.report, list, "tasks")) return tasks;
  const std::size_t first_pending = compiler.pending.size();
  for (std::size_t i = 0; i < list.json->size(); ++i) {
    const Value item = list.item(i);
    const auto name = item_name(compiler, item);
    if (!name) continue;
    const Value value = item.member(*name);
    if (is_reserved(*name)) {
      compiler.report.at_key(value.pointer, "a task can't be named `" + *name + "`",
                             "the word is a flow directive; choose another name");
    }
    for (const NodeIndex other : tasks) {
      if (compiler.program.nodes[other].name != *name) continue;
      compiler.report.at_key(value.pointer,
                             "the list has a task named `" + *name + "` already, in line " +
                                 std::to_string(compiler.program.nodes[other].line),
                             "names are how `then` finds tasks: choose another one");
    }
    const NodeIndex index = read_task(
        compiler, value, *name, pointer + "/" + std::to_string(i) + "/" + pointer_segment(*name),
        parent, variables);
    if (index == no_node) break;
    if (kind == ListKind::sequence && !tasks.empty())
      compiler.program.nodes[tasks.back()].next = index;
    tasks.push_back(index);
    places.push_back(value.pointer);
  }
  if (kind == ListKind::branches) {
    // Branches start together: none of them is where another one could go on.
    link_tasks(compiler, {}, first_pending);
  } else {
    link_tasks(compiler, tasks, first_pending);
    check_reachable(compiler, tasks, places);
  }
  return tasks;
}

NodeIndex read_task(Compiler& compiler, const Value& value, std::string name, std::string pointer,
                    NodeIndex parent, const Variables& variables) {
  if (compiler.program.nodes.size() >= Compiler::most_tasks) {
    if (!compiler.too_many_tasks) {
      compiler.report.at_key(value.pointer,
                             "the workflow has more than " + std::to_string(Compiler::most_tasks) +
                                 " tasks, functions counted at each call",
                             "split it: `run: workflow` starts another one");
    }
    compiler.too_many_tasks = true;
    return no_node;
  }
  const auto index = static_cast<NodeIndex>(compiler.program.nodes.size());
  Node& node = compiler.program.nodes.emplace_back();
  node.name = std::move(name);
  node.pointer = pointer;
  node.place = value.pointer;
  node.parent = parent;
  node.definition = *value.json;
  node.line = compiler.document.at(value.pointer).key.line;

  const Site site{.index = index, .pointer = std::move(pointer), .variables = variables};
  Fields fields{compiler.report, value, "a task"};
  if (!fields.usable()) return index;
  Common common = read_common(compiler, fields, site);
  const Reader reader = reader_of(compiler, value);
  TaskBody body;
  if (reader) {
    body = reader(compiler, fields, site);
    fields.finish();
  }
  Node& made = compiler.program.nodes[index];  // the vector may have grown
  made.body = std::move(body);
  made.if_ = common.condition;
  made.input = std::move(common.input);
  made.output = std::move(common.output);
  made.export_ = std::move(common.exported);
  made.timeout = common.timeout;
  made.then = common.then;
  if (common.metadata) {
    made.metadata = *common.metadata->json;
    if (made.metadata.contains("arrows"))
      made.arrows = read_arrows(compiler, common.metadata->member("arrows"));
    if (made.metadata.contains("mustSucceedBefore"))
      made.succeed_before =
          read_succeed_before(compiler, common.metadata->member("mustSucceedBefore"), variables);
    read_task_metadata(compiler, *common.metadata, site);
  }
  return index;
}

}  // namespace sequent::definition
