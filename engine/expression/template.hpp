#pragma once
// A JSON value with runtime expressions in it, such as the `with:` of a call or the body of `set`.
#include <string_view>
#include <vector>

#include "engine/expression/expression.hpp"

namespace sequent::expression {

/// Where an expression sits inside a template.
struct Hole {
  Json::json_pointer at;  // "" = the whole value
  ExpressionId expression = 0;
};

/// shape  `skeleton` with null where a hole is; no hole = a constant
struct Template {
  Json skeleton;
  std::vector<Hole> holes;

  [[nodiscard]] bool constant() const { return holes.empty(); }
};

/// Stands for a value that is filled in when the request is made.
inline constexpr std::string_view secret_marker = "[secret]";

/// Fills every hole. Holes whose expression names `$secrets` are left as
/// `secret_marker` when `scope.secrets` is null: secrets never reach the journal.
/// errors  expression, of the first hole that fails, with its source
[[nodiscard]] Result<Json> fill(const Template& source, const ExpressionSet& expressions,
                                const Json& dot, const Scope& scope);

/// True when some hole names `$secrets`, so that it is filled only when the request is made.
[[nodiscard]] bool names_secrets(const Template& source, const ExpressionSet& expressions);

}  // namespace sequent::expression
