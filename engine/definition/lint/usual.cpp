// Warnings for everybody who deploys.
#include "base/json_pointer.hpp"
#include "engine/definition/lint/linter.hpp"

namespace sequent::definition::lint {
namespace {

bool looks_like_expression(std::string_view text) {
  if (text.find("${") != std::string_view::npos) return true;
  if (text.size() < 2) return false;
  const char next = text[1];
  const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_';
  return letter && (text[0] == '.' || text[0] == '$') &&
         text.find_first_of(" \n/") == std::string_view::npos;
}

constexpr const char* keep_secrets_out =
    "use $secrets where a call needs it; data is kept in the journal";

// A time-out of any task around the listening one ends it as well.
bool has_timeout(const Program& program, const Node& node) {
  if (node.timeout || program.timeout) return true;
  for (NodeIndex up = node.parent; up != no_node; up = program.node(up).parent)
    if (program.node(up).timeout) return true;
  return false;
}

void check_waiting(Linter& linter, const Node& node) {
  if (!std::holds_alternative<ListenTask>(node.body) || has_timeout(linter.program(), node)) return;
  linter.warn(listen_without_timeout, {.node = &node, .pointer = node.place, .offset = {}},
              "`" + node.name + "` may listen for ever: it has no time-out",
              "add timeout: {after: …}");
}

void check_retries(Linter& linter, const Node& node) {
  const auto* attempt = std::get_if<TryTask>(&node.body);
  if (attempt == nullptr || !attempt->retry || attempt->retry->max_attempts ||
      attempt->retry->total_duration)
    return;
  linter.warn(endless_retry, {.node = &node, .pointer = node.place + "/catch/retry", .offset = {}},
              "the retries of `" + node.name + "` never end",
              "add limit: {attempt: {count: 5}} or limit: {duration: …}");
}

void check_constant(Linter& linter, const Node& node, const Json& value,
                    const std::string& pointer) {
  if (value.is_string() && looks_like_expression(value.get_ref<const std::string&>())) {
    linter.warn(
        text_not_expression, {.node = &node, .pointer = pointer, .offset = 0},
        "`" + value.get<std::string>() + "` in `" + node.name + "` is text, not an expression",
        "write the whole value as ${ … } when it is meant as an expression");
  } else if (value.is_structured()) {
    for (const auto& [name, part] : value.items())
      check_constant(linter, node, part, pointer + "/" + pointer_segment(name));
  }
}

void check_constants(Linter& linter, const Node& node) {
  const auto check = [&](const expression::Template& part, const char* where) {
    check_constant(linter, node, part.skeleton, node.place + where);
  };
  if (const auto* set = std::get_if<SetTask>(&node.body)) check(set->value, "/set");
  if (const auto* call = std::get_if<CallTask>(&node.body)) check(call->arguments, "/with");
  if (const auto* call = std::get_if<FunctionTask>(&node.body)) check(call->arguments, "/with");
  if (const auto* run = std::get_if<RunWorkflowTask>(&node.body))
    check(run->input, "/run/workflow/input");
  if (const auto* emit = std::get_if<EmitTask>(&node.body)) check(emit->event, "/emit/event/with");
}

void check_secret(Linter& linter, const Node* node, const std::optional<expression::Template>& data,
                  const std::string& pointer, const std::string& where) {
  if (!data) return;
  for (const auto& hole : data->holes)
    if (linter.program().expressions->needs(hole.expression).secrets)
      linter.warn(secret_in_data,
                  {.node = node, .pointer = pointer + hole.at.to_string(), .offset = 0},
                  "a secret goes into " + where, keep_secrets_out);
}

void check_secrets(Linter& linter, const Node& node) {
  check_secret(linter, &node, node.output.transform, node.place + "/output/as",
               "the output of `" + node.name + "`");
  check_secret(linter, &node, node.export_.transform, node.place + "/export/as", "the context");
  check_secret(linter, &node, node.answer, node.place + "/metadata/respond",
               "the answer to a caller");
  if (const auto* set = std::get_if<SetTask>(&node.body))
    check_secret(linter, &node, set->value, node.place + "/set",
                 "the run's data by `" + node.name + "`");
}

void check_expectations(Linter& linter, const EventFilter& filter) {
  for (const Correlation& each : filter.correlations) {
    if (!each.expect_constant || !each.expect_constant->is_string()) continue;
    const auto& text = each.expect_constant->get_ref<const std::string&>();
    if (!looks_like_expression(text)) continue;
    linter.warn(
        text_not_expression, {.node = nullptr, .pointer = filter.pointer, .offset = {}},
        "`expect: " + text + "` of the correlation `" + each.name + "` is text, no expression",
        "write ${ … }");
  }
}

}  // namespace

void check_usual(Linter& linter) {
  const Program& program = linter.program();
  for (const Node& node : program.nodes) {
    check_waiting(linter, node);
    check_constants(linter, node);
    check_secrets(linter, node);
    check_retries(linter, node);
  }
  check_secret(linter, nullptr, program.output.transform, "/output/as", "the workflow's output");
  for (const EventFilter& filter : program.filters) check_expectations(linter, filter);
}

}  // namespace sequent::definition::lint
