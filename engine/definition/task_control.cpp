// Tasks that hold other tasks: do, for, fork, switch, try.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

// The name of a loop or error variable, or `fallback` where it is not given.
std::string read_variable(Compiler& compiler, const std::optional<Value>& value,
                          std::string_view fallback) {
  if (!value) return std::string{fallback};
  const auto text = read_text(compiler.report, *value, "the name of a variable");
  if (!text || !check_variable_name(compiler, *value, *text)) return std::string{fallback};
  return *text;
}

void read_case(Compiler& compiler, const Value& value, std::string name, const Site& site,
               SwitchTask& task) {
  SwitchCase out{.name = std::move(name)};
  Fields fields{compiler.report, value, "a case"};
  const auto when = fields.get("when");
  if (when) out.when = read_expression(compiler, *when, "`when`", site.variables);
  const auto then = fields.require("then", "continue, exit, end or the name of a task");
  fields.finish();
  const bool second_default =
      !when && fields.usable() &&
      std::any_of(task.cases.begin(), task.cases.end(),
                  [](const SwitchCase& each) { return !each.when.has_value(); });
  if (second_default) {
    compiler.report.at_key(value.pointer,
                           "expected at most one case without `when`, got a second one",
                           "give it a `when`");
  }
  if (then) out.then = read_then(compiler, *then, site.index, task.cases.size());
  task.cases.push_back(std::move(out));
}

}  // namespace

bool check_variable_name(Compiler& compiler, const Value& value, const std::string& name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const bool spelt = !name.empty() && letter(name[0]) &&
                     std::all_of(name.begin(), name.end(),
                                 [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
  if (!spelt) {
    compiler.report.at_value(
        value.pointer,
        "expected the name of a variable (letters, digits and _), got `" + name + "`",
        "the name is written without `$`");
    return false;
  }
  for (const std::string_view taken : {"context", "input", "output", "secrets", "task", "workflow",
                                       "runtime", "authorization", "ENV", "__loc__"}) {
    if (name != taken) continue;
    compiler.report.at_value(value.pointer, "the variable `$" + name + "` exists already",
                             "choose another name");
    return false;
  }
  return true;
}

DoTask read_do(Compiler& compiler, Fields& fields, const Site& site) {
  const Value list = *fields.get("do");
  return {.tasks = read_tasks(compiler, list, site.pointer + "/do", site.index, site.variables)};
}

ForTask read_for(Compiler& compiler, Fields& fields, const Site& site) {
  ForTask out;
  Fields loop{compiler.report, *fields.get("for"), "a loop"};
  const auto each = loop.get("each");
  const auto at = loop.get("at");
  out.each = read_variable(compiler, each, "item");
  out.at = read_variable(compiler, at, "index");
  if (const auto in = loop.require("in", "an expression that yields the list"))
    out.in = read_expression(compiler, *in, "`in`", site.variables).value_or(0);
  loop.finish();
  if (out.each == out.at && (each || at)) {
    compiler.report.at_value((at ? at : each)->pointer,
                             "expected two names for item and index, got `" + out.at + "` twice");
  }
  const Variables inner = with_variables(site.variables, {out.each, out.at});
  if (const auto condition = fields.get("while"))
    out.while_ = read_expression(compiler, *condition, "`while`", inner);
  if (const auto list = fields.require("do", "the tasks to run for each item"))
    out.tasks = read_tasks(compiler, *list, site.pointer + "/do", site.index, inner);
  return out;
}

ForkTask read_fork(Compiler& compiler, Fields& fields, const Site& site) {
  ForkTask out;
  Fields fork{compiler.report, *fields.get("fork"), "a fork"};
  if (const auto compete = fork.get("compete"))
    out.compete = read_flag(compiler.report, *compete, "`compete`").value_or(false);
  if (const auto branches = fork.require("branches", "a list of tasks")) {
    if (branches->json->is_array() && branches->json->empty())
      compiler.report.mistyped(*branches, "at least one branch");
    out.branches = read_tasks(compiler, *branches, site.pointer + "/fork/branches", site.index,
                              site.variables, ListKind::branches);
  }
  fork.finish();
  return out;
}

SwitchTask read_switch(Compiler& compiler, Fields& fields, const Site& site) {
  SwitchTask out;
  const Value list = *fields.get("switch");
  if (!is_list(compiler.report, list, "cases")) return out;
  if (list.json->empty()) compiler.report.mistyped(list, "at least one case");
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.json->size(); ++i) {
    const Value item = list.item(i);
    if (!item.json->is_object() || item.json->size() != 1) {
      compiler.report.mistyped(item, "one named case (`- name: {when: …, then: …}`)");
      continue;
    }
    const std::string name = item.json->begin().key();
    const Value value = item.member(name);
    if (!names.insert(name).second)
      compiler.report.at_key(value.pointer, "the switch has a case named `" + name + "` already");
    read_case(compiler, value, name, site, out);
  }
  return out;
}

TryTask read_try(Compiler& compiler, Fields& fields, const Site& site) {
  TryTask out;
  out.tasks =
      read_tasks(compiler, *fields.get("try"), site.pointer + "/try", site.index, site.variables);
  const auto handler = fields.require("catch", "what to do with errors");
  if (!handler) return out;
  Fields inner{compiler.report, *handler, "a catch"};
  out.as = read_variable(compiler, inner.get("as"), "error");
  const Variables variables = with_variables(site.variables, {out.as});
  if (const auto errors = inner.get("errors")) {
    Fields filter{compiler.report, *errors, "the errors to catch"};
    if (const auto with = filter.get("with"))
      read_error_filter(compiler, *with, out, site.variables);
    filter.finish();
  }
  if (const auto when = inner.get("when"))
    out.when = read_expression(compiler, *when, "`when`", variables);
  if (const auto except = inner.get("exceptWhen"))
    out.except_when = read_expression(compiler, *except, "`exceptWhen`", variables);
  if (const auto retry = inner.get("retry")) out.retry = read_retry(compiler, *retry, variables);
  if (const auto list = inner.get("do")) {
    out.catch_tasks =
        read_tasks(compiler, *list, site.pointer + "/catch/do", site.index, variables);
  }
  inner.finish();
  return out;
}

// `foreach` of a listen task has variables and tasks, as a loop has.
ListenTask read_listen(Compiler& compiler, Fields& fields, const Site& site) {
  ListenTask out;
  const Value listen = *fields.get("listen");
  Fields inner{compiler.report, listen, "a listen"};
  // The specification's examples also put `until` beside `to`; both places mean the same.
  const auto until = inner.get("until");
  const auto to = inner.require("to", "the events to wait for");
  if (to && until && to->json->is_object() && to->json->contains("until")) {
    compiler.report.at_key(until->pointer, "`until` is given twice; it stands in `to` already",
                           "remove one of the two");
  } else if (to && until && to->json->is_object() && to->json->contains("any")) {
    out.to = read_strategy(compiler, *to, site.pointer + "/listen/to", site.variables);
    if (until->json->is_object()) {
      compiler.report.at_key(until->pointer, "expected events that end the listening inside `to`",
                             "move `until` into `to`");
    } else {
      out.to.until = read_expression(compiler, *until, "`until`", site.variables);
    }
  } else if (to) {
    out.to = read_strategy(compiler, *to, site.pointer + "/listen/to", site.variables);
    if (until) compiler.report.at_key(until->pointer, "`until` goes with `any` only", "remove it");
  }
  if (const auto read = inner.get("read")) {
    const auto how = read_choice(compiler.report, *read, "`read`", {"data", "envelope", "raw"});
    if (how == "envelope") out.read = ListenTask::Read::envelope;
    if (how == "raw") out.read = ListenTask::Read::raw;
  }
  inner.finish();
  const auto each = fields.get("foreach");
  if (!each) return out;
  out.foreach_ = true;
  Fields loop{compiler.report, *each, "a foreach"};
  out.item = read_variable(compiler, loop.get("item"), "item");
  out.at = read_variable(compiler, loop.get("at"), "index");
  const Variables variables = with_variables(site.variables, {out.item, out.at});
  if (const auto list = loop.get("do"))
    out.tasks = read_tasks(compiler, *list, site.pointer + "/foreach/do", site.index, variables);
  if (const auto output = loop.get("output"))
    out.item_output = read_filter(compiler, *output, "as", "an output", variables);
  if (const auto exported = loop.get("export"))
    out.item_export = read_filter(compiler, *exported, "as", "an export", variables);
  loop.finish();
  return out;
}

}  // namespace sequent::definition
