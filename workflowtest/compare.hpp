#pragma once
// What was expected against what came. Objects match when the expected members do, lists item by
// item, and an expression `${ … }` when it yields true of what came.
#include <string>
#include <vector>

#include "workflowtest/test_file.hpp"

namespace sequent::workflowtest {

struct Mismatch {
  int line = 0;         // in the test file
  std::string pointer;  // into the test file
  std::string what;     // "output.customer", "path, task 3"
  std::string expected, came;
};

class Comparison {
 public:
  /// `variables`: what expressions may name, an object.
  Comparison(const TestFile& file, Timestamp now, const Json& variables)
      : file_(file), now_(now), variables_(variables) {}

  void compare(const Written& expected, const Json& came, const std::string& what);
  /// `item`: what one of the list is called.
  void compare_sequence(const Sequence& expected, const std::vector<Json>& came,
                        const std::string& what, const std::string& item);
  void add(const std::string& pointer, std::string what, std::string expected, std::string came);

  [[nodiscard]] std::vector<Mismatch> take() { return std::move(mismatches_); }

 private:
  struct Place {
    Json::json_pointer at;  // into the template
    std::string what;
  };
  void walk(const Written& expected, const Json& part, const Json& came, const Place& place);
  void ask(const Written& expected, expression::ExpressionId condition, const Json& came,
           const Place& place);
  [[nodiscard]] bool fits(const Written& expected, const Json& came) const;

  const TestFile& file_;
  Timestamp now_;
  const Json& variables_;
  std::vector<Mismatch> mismatches_;
};

}  // namespace sequent::workflowtest
