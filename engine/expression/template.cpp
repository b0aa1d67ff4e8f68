#include "engine/expression/template.hpp"

namespace sequent::expression {
namespace {

// Enough to find it by; whole characters only.
std::string_view shortened(std::string_view source) {
  constexpr std::size_t most = 200;
  if (source.size() <= most) return source;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(source[end]) & 0xC0) == 0x80) --end;
  return source.substr(0, end);
}

}  // namespace

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
    if (!value) {
      Error error = std::move(value.error());
      error.detail += " (in the expression `" +
                      std::string(shortened(expressions.source(hole.expression))) + "`)";
      return std::unexpected(std::move(error));
    }
    place = *std::move(value);
  }
  return out;
}

bool names_secrets(const Template& source, const ExpressionSet& expressions) {
  return std::any_of(source.holes.begin(), source.holes.end(),
                     [&](const Hole& hole) { return expressions.needs(hole.expression).secrets; });
}

}  // namespace sequent::expression
