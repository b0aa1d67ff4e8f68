#pragma once
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "engine/expression/expression.hpp"

namespace sequent::expression {

using Set = std::unique_ptr<ExpressionSet>;

inline Set build(const std::vector<std::string>& sources, Limits limits = {},
                 int interpreters = 1) {
  ExpressionSetBuilder builder(limits, interpreters);
  for (const auto& source : sources) builder.add(source);
  auto built = builder.build();
  if (built) return std::move(*built);
  for (const auto& error : built.error()) UNSCOPED_INFO(error.id << ": " << error.message);
  FAIL("the expressions do not compile");
  return nullptr;
}

inline std::vector<CompileError> errors_of(const std::vector<std::string>& sources) {
  ExpressionSetBuilder builder;
  for (const auto& source : sources) builder.add(source);
  auto built = builder.build();
  return built ? std::vector<CompileError>{} : built.error();
}

inline Result<Json> evaluate(const std::string& source, const Json& dot, const Scope& scope = {},
                             Limits limits = {}) {
  return build({source}, limits)->evaluate(0, dot, scope);
}

// For values that are expected: the error's text stands for the value otherwise.
inline Json value_of(const std::string& source, const Json& dot, const Scope& scope = {}) {
  auto result = evaluate(source, dot, scope);
  return result ? *result : Json("failed: " + result.error().detail);
}

}  // namespace sequent::expression
