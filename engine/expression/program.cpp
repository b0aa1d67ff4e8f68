#include "engine/expression/program.hpp"

#include <span>

namespace sequent::expression {
namespace {

// `.[2] as $context | .[3] as $item | .[1] | (SOURCE)`. The line breaks end a comment in the source.
std::string leaf(const Entry& entry) {
  std::string text = "(";
  int place = 2;
  const auto bind = [&](std::string_view name) {
    text += ".[" + std::to_string(place++) + "] as $" + std::string(name) + " | ";
  };
  for (const auto& argument : standard_arguments())
    if (entry.needs.*argument.needed) bind(argument.name);
  for (const auto& name : entry.needs.variables) bind(name);
  if (entry.uses_now) {
    bind("__now");
    text += "def now: $__now; ";
  }
  return text + ".[1] | (\n" + entry.source + "\n))";
}

std::string choice(std::span<const Entry* const> entries, std::size_t first) {
  if (entries.size() == 1) return leaf(*entries.front());
  const auto half = entries.size() / 2;
  return "if $__id < " + std::to_string(first + half) + " then " +
         choice(entries.first(half), first) + " else " +
         choice(entries.subspan(half), first + half) + " end";
}

// What the scanner refuses by name answers with an error too, should it ever get past.
constexpr std::string_view shadows =
    "def __refused: error(\"expressions have no access to this\"); "
    "def env: __refused; def input: __refused; def inputs: __refused; def _input: __refused; "
    "def debug: __refused; def stderr: __refused; def halt: __refused; "
    "def halt_error: __refused; def halt_error(f): __refused; def modulemeta: __refused; "
    "def input_filename: __refused; def input_line_number: __refused; "
    "def get_search_list: __refused; def get_prog_origin: __refused; "
    "def get_jq_origin: __refused; ";

}  // namespace

const std::vector<Argument>& standard_arguments() {
  static const std::vector<Argument> arguments{
      {"context", &Needs::context, &Scope::context},
      {"input", &Needs::input, &Scope::input},
      {"output", &Needs::output, &Scope::output},
      {"secrets", &Needs::secrets, &Scope::secrets},
      {"task", &Needs::task, &Scope::task},
      {"workflow", &Needs::workflow, &Scope::workflow},
      {"runtime", &Needs::runtime, &Scope::runtime},
      {"authorization", &Needs::authorization, &Scope::authorization},
  };
  return arguments;
}

std::string program_text(const std::vector<const Entry*>& entries) {
  // The break after the first value unwinds jq's stack, which jq 1.6 can't do by itself.
  return std::string(shadows) + "{} as $ENV | label $__first | .[0] as $__id | (" +
         choice(entries, 0) + ") | (., break $__first)";
}

std::vector<const Json*> arguments_of(const Entry& entry, const Scope& scope) {
  static const Json null;
  std::vector<const Json*> values;
  for (const auto& argument : standard_arguments()) {
    if (!(entry.needs.*argument.needed)) continue;
    const auto* value = scope.*argument.value;
    values.push_back(value == nullptr ? &null : value);
  }
  for (const auto& name : entry.needs.variables) values.push_back(&variable_of(scope, name));
  return values;
}

const Json& variable_of(const Scope& scope, const std::string& name) {
  static const Json null;
  if (scope.variables == nullptr || !scope.variables->is_object()) return null;
  const auto found = scope.variables->find(name);
  return found == scope.variables->end() ? null : *found;
}

}  // namespace sequent::expression
