// Warnings: what is legal but probably not meant.
#include "engine/definition/compile.hpp"

namespace sequent::definition {
namespace {

bool looks_like_expression(std::string_view text) {
  if (text.find("${") != std::string_view::npos) return true;
  if (text.size() < 2) return false;
  const char next = text[1];
  const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_';
  return letter && (text[0] == '.' || text[0] == '$') &&
         text.find_first_of(" \n/") == std::string_view::npos;
}

class Linter {
 public:
  explicit Linter(const Program& program) : program_{program} {}

  std::vector<Finding> run() {
    for (const Node& node : program_.nodes) check(node);
    check_secrets(program_.output, "", 1, "the workflow's output");
    for (const EventFilter& filter : program_.filters) check_expectations(filter);
    return std::move(findings_);
  }

 private:
  void warn(std::string_view pointer, int line, std::string message, std::string hint) {
    findings_.push_back(Finding{.message = std::move(message),
                                .pointer = std::string{pointer},
                                .line = line,
                                .column = line > 0 ? 1 : 0,
                                .hint = std::move(hint)});
  }

  void check(const Node& node) {
    check_waiting(node);
    check_constants(node);
    check_secrets(node.output, node.pointer, node.line, "the output of `" + node.name + "`");
    check_secrets(node.export_, node.pointer, node.line, "the context");
    const auto* set = std::get_if<SetTask>(&node.body);
    if (set && expression::names_secrets(set->value, *program_.expressions)) {
      warn(node.pointer, node.line, "`" + node.name + "` puts a secret into the run's data",
           "use $secrets where a call needs it; data is kept in the journal");
    }
    const auto* attempt = std::get_if<TryTask>(&node.body);
    if (attempt && attempt->retry && !attempt->retry->max_attempts &&
        !attempt->retry->total_duration) {
      warn(node.pointer, node.line, "the retries of `" + node.name + "` never end",
           "add limit: {attempt: {count: 5}} or limit: {duration: …}");
    }
  }

  // A time-out of any task around the listening one ends it as well.
  bool has_timeout(const Node& node) const {
    if (node.timeout || program_.timeout) return true;
    for (NodeIndex up = node.parent; up != no_node; up = program_.node(up).parent)
      if (program_.node(up).timeout) return true;
    return false;
  }
  void check_waiting(const Node& node) {
    if (!std::holds_alternative<ListenTask>(node.body) || has_timeout(node)) return;
    warn(node.pointer, node.line, "`" + node.name + "` may listen for ever: it has no time-out",
         "add timeout: {after: …}");
  }

  void check_constants(const Node& node) {
    const expression::Template* part = nullptr;
    if (const auto* set = std::get_if<SetTask>(&node.body)) part = &set->value;
    if (const auto* call = std::get_if<CallTask>(&node.body)) part = &call->arguments;
    if (const auto* call = std::get_if<FunctionTask>(&node.body)) part = &call->arguments;
    if (const auto* run = std::get_if<RunWorkflowTask>(&node.body)) part = &run->input;
    if (const auto* emit = std::get_if<EmitTask>(&node.body)) part = &emit->event;
    if (part) check_constant(node, part->skeleton);
  }
  void check_constant(const Node& node, const Json& value) {
    if (value.is_string() && looks_like_expression(value.get_ref<const std::string&>())) {
      warn(node.pointer, node.line,
           "`" + value.get<std::string>() + "` in `" + node.name + "` is text, not an expression",
           "write the whole value as ${ … } when it is meant as an expression");
    } else if (value.is_structured()) {
      for (const Json& part : value) check_constant(node, part);
    }
  }
  void check_expectations(const EventFilter& filter) {
    for (const Correlation& each : filter.correlations) {
      if (!each.expect_constant || !each.expect_constant->is_string()) continue;
      const auto& text = each.expect_constant->get_ref<const std::string&>();
      if (!looks_like_expression(text)) continue;
      warn(filter.pointer, 0,
           "`expect: " + text + "` of the correlation `" + each.name + "` is text, no expression",
           "write ${ … }");
    }
  }

  void check_secrets(const DataFilter& filter, std::string_view pointer, int line,
                     const std::string& where) {
    if (!filter.transform || !expression::names_secrets(*filter.transform, *program_.expressions))
      return;
    warn(pointer, line, "a secret goes into " + where,
         "use $secrets where a call needs it; data is kept in the journal");
  }

  const Program& program_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> lint(const Program& program) {
  return Linter{program}.run();
}

}  // namespace sequent::definition
