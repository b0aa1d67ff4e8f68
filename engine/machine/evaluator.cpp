#include <algorithm>

#include "base/overloaded.hpp"
#include "engine/machine/decider.hpp"

namespace sequent::machine {
namespace {

Json time_descriptor(Timestamp at) {
  return {{"iso8601", format_time(at)}, {"epoch", {{"seconds", at / 1000}, {"milliseconds", at}}}};
}

void add_variables_of(const Program& program, const Frame& frame, Json& variables) {
  const auto add = [&variables](const std::string& name, const Json& value) {
    if (!variables.contains(name)) variables[name] = value;
  };
  const auto visit = overloaded{
      [&](const definition::ForTask& task) {
        const auto* loop = std::get_if<LoopState>(&frame.detail);
        if (loop == nullptr || loop->index >= loop->items->size()) return;
        add(task.each, (*loop->items)[loop->index]);
        add(task.at, loop->index);
      },
      [&](const definition::TryTask& task) {
        const auto* attempt = std::get_if<TryState>(&frame.detail);
        if (attempt != nullptr && attempt->catching && attempt->error)
          add(task.as, *attempt->error);
      },
      [&](const definition::ListenTask& task) {
        const auto* listen = std::get_if<ListenState>(&frame.detail);
        if (listen == nullptr || !listen->item) return;
        add(task.item, *listen->item);
        add(task.at, listen->iterated);
      },
      [](const auto&) {},
  };
  std::visit(visit, program.node(frame.node).body);
}

Problem expression_problem(const Error& error, const std::string& source) {
  return make_problem(ErrorKind::expression,
                      error.detail + " (in the expression `" + source.substr(0, 200) + "`)");
}

expression::Needs needs_of(const Template& source, const expression::ExpressionSet& set) {
  expression::Needs all;
  for (const auto& hole : source.holes) {
    const auto& needs = set.needs(hole.expression);
    all.context |= needs.context;
    all.input |= needs.input;
    all.output |= needs.output;
    all.secrets |= needs.secrets;
    all.task |= needs.task;
    all.workflow |= needs.workflow;
    all.runtime |= needs.runtime;
    all.authorization |= needs.authorization;
    all.variables.insert(all.variables.end(), needs.variables.begin(), needs.variables.end());
  }
  return all;
}

Evaluated<Json> bounded(Json value, std::size_t limit) {
  if (!larger_than(value, limit)) return value;
  return std::unexpected(value_too_large("value", limit));
}

}  // namespace

Problem value_too_large(const std::string& what, std::size_t limit) {
  return make_problem(ErrorKind::runtime,
                      "the " + what + " is larger than the limit of " + std::to_string(limit) +
                          " bytes (limits.maxPayloadBytes): keep less of it, or "
                          "raise the limit");
}

/// Values that are built for one evaluation; the Scope points into them.
struct Evaluator::Arguments {
  Json task, workflow, secrets, variables;
};

Evaluated<Scope> Evaluator::scope(const expression::Needs& needs, const std::string& source,
                                  const Here& here, bool bind_secrets, Arguments& arguments) const {
  Scope scope;
  scope.now = now_;
  if (state_.context) scope.context = state_.context.get();
  scope.input = here.input;
  scope.output = here.output;
  scope.runtime = &surroundings_.runtime;
  if (needs.task && here.node != nullptr) {
    arguments.task = {{"name", here.node->name},
                      {"reference", here.node->pointer},
                      {"definition", here.node->definition},
                      {"startedAt", time_descriptor(here.started_at)}};
    if (here.raw_input != nullptr) arguments.task["input"] = *here.raw_input;
    if (here.raw_output != nullptr) arguments.task["output"] = *here.raw_output;
    scope.task = &arguments.task;
  }
  if (needs.workflow) {
    arguments.workflow = {{"id", state_.id.text()},
                          {"startedAt", time_descriptor(state_.started_at)}};
    if (state_.raw_input) arguments.workflow["input"] = *state_.raw_input;
    // The definition is large and hardly ever asked for.
    if (source.find("definition") != std::string::npos || source == "$workflow")
      arguments.workflow["definition"] = program_.document;
    scope.workflow = &arguments.workflow;
  }
  if (needs.secrets && bind_secrets) {
    auto secrets = surroundings_.secrets ? surroundings_.secrets(program_)
                                         : std::expected<Json, std::string>(Json::object());
    if (!secrets)
      return std::unexpected(
          make_problem(ErrorKind::authorization,
                       "the secret \"" + secrets.error() +
                           "\" is not configured; add it to the secrets of the engine"));
    arguments.secrets = std::move(*secrets);
    scope.secrets = &arguments.secrets;
  }
  if (!needs.variables.empty()) {
    arguments.variables = here.variables != nullptr ? *here.variables : Json::object();
    for (auto id = here.frame; id != 0;) {
      const auto found = state_.frames.find(id);
      if (found == state_.frames.end()) break;
      add_variables_of(program_, found->second, arguments.variables);
      id = found->second.parent;
    }
    scope.variables = &arguments.variables;
  }
  return scope;
}

Evaluated<Json> Evaluator::value(ExpressionId id, const Json& dot, const Here& here) const {
  const auto& set = *program_.expressions;
  Arguments arguments;
  const auto in_scope = scope(set.needs(id), set.source(id), here, true, arguments);
  if (!in_scope) return std::unexpected(in_scope.error());
  auto result = set.evaluate(id, dot, *in_scope);
  if (!result) return std::unexpected(expression_problem(result.error(), set.source(id)));
  return bounded(std::move(*result), surroundings_.limits.max_payload_bytes);
}

Evaluated<bool> Evaluator::truth(ExpressionId id, const Json& dot, const Here& here) const {
  const auto result = value(id, dot, here);
  if (!result) return std::unexpected(result.error());
  return !(result->is_null() || (result->is_boolean() && !result->get<bool>()));
}

Evaluated<Json> Evaluator::fill(const Template& source, const Json& dot, const Here& here,
                                bool bind_secrets) const {
  if (source.constant()) return source.skeleton;
  const auto& set = *program_.expressions;
  std::string sources;
  for (const auto& hole : source.holes) sources += set.source(hole.expression) + "\n";
  Arguments arguments;
  const auto in_scope = scope(needs_of(source, set), sources, here, bind_secrets, arguments);
  if (!in_scope) return std::unexpected(in_scope.error());
  auto result = expression::fill(source, set, dot, *in_scope);
  if (!result) return std::unexpected(make_problem(ErrorKind::expression, result.error().detail));
  return bounded(std::move(*result), surroundings_.limits.max_payload_bytes);
}

Evaluated<Json> Evaluator::freeze(const Template& late, const Here& here) const {
  const auto needs = needs_of(late, *program_.expressions);
  Arguments arguments;
  const auto in_scope = scope(needs, "", here, false, arguments);
  if (!in_scope) return std::unexpected(in_scope.error());
  Json frozen = Json::object();
  if (needs.context && in_scope->context != nullptr) frozen["context"] = *in_scope->context;
  if (needs.runtime) frozen["runtime"] = *in_scope->runtime;
  if (needs.task) frozen["task"] = std::move(arguments.task);
  for (const auto& name : needs.variables)
    if (const auto found = arguments.variables.find(name); found != arguments.variables.end())
      frozen["variables"][name] = *found;
  return bounded(std::move(frozen), surroundings_.limits.max_payload_bytes);
}

Evaluated<Json> Evaluator::fill_late(const Template& late, const Json& dot, const Here& here,
                                     const Json& frozen) const {
  const auto& set = *program_.expressions;
  std::string sources;
  for (const auto& hole : late.holes) sources += set.source(hole.expression) + "\n";
  Arguments arguments;
  auto in_scope = scope(needs_of(late, set), sources, here, true, arguments);
  if (!in_scope) return std::unexpected(in_scope.error());
  const auto then = [&frozen](const char* name) {
    const auto found = frozen.find(name);
    return found == frozen.end() ? nullptr : &*found;
  };
  in_scope->context = then("context");
  in_scope->runtime = then("runtime");
  in_scope->task = then("task");
  in_scope->variables = then("variables");
  auto result = expression::fill(late, set, dot, *in_scope);
  if (!result) return std::unexpected(make_problem(ErrorKind::expression, result.error().detail));
  return bounded(std::move(*result), surroundings_.limits.max_payload_bytes);
}

Evaluated<DurationMs> Evaluator::duration(const definition::Duration& duration, const Json& dot,
                                          const Here& here) const {
  if (!duration.expression) return duration.fixed_ms;
  const auto result = value(*duration.expression, dot, here);
  if (!result) return std::unexpected(result.error());
  if (result->is_string())
    if (const auto parsed = parse_duration(result->get_ref<const std::string&>())) return *parsed;
  return std::unexpected(make_problem(
      ErrorKind::expression,
      "expected an ISO 8601 duration such as \"PT30S\", got " + dump_json(*result).substr(0, 100)));
}

Evaluated<Timestamp> Evaluator::moment(definition::ExpressionId expression, const Json& dot,
                                       const Here& here) const {
  const auto result = value(expression, dot, here);
  if (!result) return std::unexpected(result.error());
  if (result->is_null()) return 0;
  if (result->is_string()) {
    const auto& text = result->get_ref<const std::string&>();
    if (const auto after = parse_duration(text)) return here.started_at + *after;
    if (const auto at = parse_time(text)) return *at;
  }
  return std::unexpected(make_problem(
      ErrorKind::expression,
      "mustSucceedBefore: expected an ISO 8601 duration such as \"PT6H\", a time such as "
      "\"2026-12-01T00:00:00Z\" or null (no limit), got " +
          dump_json(*result).substr(0, 100)));
}

Evaluated<void> check_schema(const definition::DataFilter& filter, const Json& value,
                             std::string_view what) {
  if (!filter.schema) return {};
  const auto violations = filter.schema->validate(value);
  if (violations.empty()) return {};
  auto problem = make_problem(ErrorKind::validation, std::string(what) + " breaks its schema: ");
  auto list = Json::array();
  for (const auto& violation : violations) {
    if (list.empty())
      problem.detail += violation.message + " at \"" + violation.instance_pointer + "\"";
    list.push_back({{"pointer", violation.instance_pointer}, {"message", violation.message}});
  }
  problem.extensions = {{"violations", std::move(list)}};
  return std::unexpected(std::move(problem));
}

}  // namespace sequent::machine
