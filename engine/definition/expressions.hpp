#pragma once
// Every expression of one document, with its place and the variables that it may name.
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/definition/report.hpp"
#include "engine/expression/expression.hpp"

namespace sequent::definition {

/// Different expressions in one document. jq takes longer for each the more there are: 1,000 take
/// about a second in a debug build, 5,000 more than ten.
inline constexpr std::size_t most_expressions = 2'000;

/// Names of the variables of enclosing `for`, `catch` and `foreach`. Null = not checked here
/// (parts of `use` that are read again wherever they are used).
using Variables = std::shared_ptr<const std::vector<std::string>>;

[[nodiscard]] Variables with_variables(const Variables& outer, std::vector<std::string> added);

class Expressions {
 public:
  Expressions(expression::Limits limits, int interpreters)
      : limits_{limits}, interpreters_{interpreters} {}

  /// `offset`: where the source begins inside the text of the scalar at `where`.
  expression::ExpressionId add(std::string source, std::string_view where, std::size_t offset,
                               const Variables& variables);

  /// Compiles all of them; null when one has a mistake, which is then in `report`.
  [[nodiscard]] std::unique_ptr<const expression::ExpressionSet> build(
      Report& report, const std::vector<std::string>& secrets) const;

 private:
  struct Use {
    expression::ExpressionId id = 0;
    std::string pointer;
    std::size_t offset = 0;
    Variables variables;
  };
  using Bad = std::set<expression::ExpressionId>;
  void report_errors(const std::vector<expression::CompileError>& errors, Report& report) const;
  void check_names(const expression::ExpressionSet& set,
                   const std::vector<expression::ExpressionId>& ids,
                   const std::vector<std::string>& secrets, Report& report) const;

  expression::Limits limits_;
  int interpreters_;
  std::vector<std::string> sources_;  // by id
  std::unordered_map<std::string, expression::ExpressionId> ids_;
  std::vector<Use> uses_;
};

/// Which of the texts are jq, for `evaluate.mode: loose`.
[[nodiscard]] std::set<std::string> compilable(const std::set<std::string>& texts,
                                               expression::Limits limits);

}  // namespace sequent::definition
