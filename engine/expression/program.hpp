#pragma once
// The text of the one jq program that holds all expressions of a set, and its input.
#include <string>
#include <string_view>
#include <vector>

#include "engine/expression/expression.hpp"

namespace sequent::expression {

/// One expression as the program needs to know it.
struct Entry {
  std::string source;
  Needs needs;
  bool uses_now = false;
  bool loops = false;
};

/// The arguments that the DSL gives to expressions, and where they live.
struct Argument {
  std::string_view name;
  bool Needs::*needed;
  const Json* Scope::*value;
};
[[nodiscard]] const std::vector<Argument>& standard_arguments();

/// The program for `entries`; the place in the list is the number that selects an expression.
/// Its input is [number, `.`, the arguments that the expression needs …, now].
[[nodiscard]] std::string program_text(const std::vector<const Entry*>& entries);

/// Each source of a program begins on a line of its own: this is that line when there is one entry.
inline constexpr int first_source_line = 2;

/// The values behind the arguments that `entry` needs, in the order of the program's input.
[[nodiscard]] std::vector<const Json*> arguments_of(const Entry& entry, const Scope& scope);

/// A for, catch or foreach variable; null when there is none of that name.
[[nodiscard]] const Json& variable_of(const Scope& scope, const std::string& name);

}  // namespace sequent::expression
