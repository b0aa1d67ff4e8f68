#pragma once
// The expressions that most definitions are made of: a path, or a literal. They run without jq.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace sequent::expression {

struct PlainPath {
  using Step = std::variant<std::string, std::int64_t>;  // a member's name, or an index
  std::string root;                                      // "" is `.`, else a variable's name
  std::vector<Step> steps;
  std::optional<Json> literal;  // set: the expression is this value
};

/// The path or literal that `source` is, or nothing when jq has to read it.
[[nodiscard]] std::optional<PlainPath> parse_plain_path(std::string_view source);

/// Follows the steps as jq does: null stays null, absent is null, the wrong kind is jq's own error.
[[nodiscard]] Result<Json> follow(const PlainPath& path, const Json& root);

}  // namespace sequent::expression
