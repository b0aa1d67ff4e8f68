#include "engine/expression/template.hpp"

namespace sequent::expression {

Result<Json> fill(const Template& source, const ExpressionSet& expressions, const Json& dot,
                  const Scope& scope) {
  Json out = source.skeleton;
  for (const Hole& hole : source.holes) {
    Json& place = out.at(hole.at);
    if (scope.secrets == nullptr && expressions.needs(hole.expression).secrets) {
      place = secret_marker;
      continue;
    }
    auto value = expressions.evaluate(hole.expression, dot, scope);
    if (!value) return std::unexpected(std::move(value.error()));
    place = *std::move(value);
  }
  return out;
}

bool names_secrets(const Template& source, const ExpressionSet& expressions) {
  return std::any_of(source.holes.begin(), source.holes.end(),
                     [&](const Hole& hole) { return expressions.needs(hole.expression).secrets; });
}

}  // namespace sequent::expression
