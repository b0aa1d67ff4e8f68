#pragma once
// What the rules share: the program, its text, and the warnings so far. Each group of rules has a
// file of its own.
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/definition/document.hpp"
#include "engine/definition/lint/rules.hpp"
#include "engine/definition/lint/warnings.hpp"

namespace sequent::definition::lint {

class Linter {
 public:
  explicit Linter(const Program& program);

  [[nodiscard]] const Program& program() const { return program_; }

  /// Where a warning is found: at the name of what `pointer` names, or at byte `offset` of its text.
  struct Spot {
    const Node* node = nullptr;  // null: the document itself
    std::string pointer;         // into the text
    std::optional<std::size_t> offset;
  };
  void warn(std::string_view rule, const Spot& spot, std::string message, std::string hint);
  void check_acceptances();
  [[nodiscard]] std::vector<Warning> take();

 private:
  [[nodiscard]] std::optional<std::string> accepted(std::string_view rule, const Node* node);
  [[nodiscard]] std::optional<std::string> accepted_by(std::string_view rule, const Json& metadata,
                                                       const std::string& owner);
  void check_acceptances_of(const Json& metadata, const Node* node, const std::string& owner);

  const Program& program_;
  Document document_;
  std::vector<Warning> warnings_;
  std::set<std::pair<std::string, std::string>> used_;  // pointer of an owner, rule
};

/// A text of a task that holds an expression for data.
struct Expression {
  std::string pointer;     // into the text of the document
  std::string source;      // without its `${ }`
  std::size_t offset = 0;  // of the source within the text
};
/// The expressions whose values leave a task: arguments, values that it sets or emits or hands to a
/// child, outputs and exports.
[[nodiscard]] std::vector<Expression> data_expressions(const Node& node);
/// Those of the workflow's own output.
[[nodiscard]] std::vector<Expression> output_expressions(const Program& program);
/// A constant among what leaves a task that is no whole number.
struct DecimalNumber {
  std::string pointer, text;
};
[[nodiscard]] std::vector<DecimalNumber> decimal_numbers(const Node& node);

void check_usual(Linter& linter);
void check_effects(Linter& linter);
void check_compensations(Linter& linter);
void check_amounts(Linter& linter);

}  // namespace sequent::definition::lint
