#include "engine/expression/program.hpp"

#include <algorithm>
#include <span>

namespace sequent::expression {
namespace {

// jq allows 64 Ki instructions in one function and some 4,000 functions inside one, so each
// expression is a function, and so is each group of them.
constexpr std::size_t group_size = 64;

// `.[2] as $context | .[3] as $item | .[1] | (SOURCE)`. The line breaks end a comment in the source.
std::string body(const Entry& entry) {
  std::string text;
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
  return text + ".[1] | (\n" + entry.source + "\n)";
}

// Calls `prefix``i` for the `i` in [first, last) whose numbers, `width` each, hold $__id.
std::string choice(std::string_view prefix, std::size_t first, std::size_t last,
                   std::size_t width) {
  if (last - first == 1) return std::string(prefix) + std::to_string(first);
  const auto middle = first + (last - first) / 2;
  return "if $__id < " + std::to_string(middle * width) + " then " +
         choice(prefix, first, middle, width) + " else " + choice(prefix, middle, last, width) +
         " end";
}

std::string group(std::span<const Entry* const> entries, std::size_t number) {
  const auto first = number * group_size;
  const auto last = std::min(first + group_size, entries.size());
  std::string text = "def __g" + std::to_string(number) + ": ";
  for (auto i = first; i < last; ++i)
    text += "def __e" + std::to_string(i) + ": " + body(*entries[i]) + "; ";
  return text + choice("__e", first, last, 1) + "; ";
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
  const auto groups = (entries.size() + group_size - 1) / group_size;
  // The break after the first value unwinds jq's stack, which jq 1.6 can't do by itself.
  auto text = std::string(shadows) + "{} as $ENV | label $__first | .[0] as $__id | ";
  for (std::size_t number = 0; number < groups; ++number) text += group(entries, number);
  return text + "(" + choice("__g", 0, groups, group_size) + ") | (., break $__first)";
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
