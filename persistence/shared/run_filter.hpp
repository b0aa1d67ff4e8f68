#pragma once
// RunFilter as SQL: one translation for lists and aggregates.
#include <optional>
#include <string>
#include <vector>

#include "engine/runtime/queries.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

/// Where databases say the same differently.
struct Dialect {
  std::string_view join;  // of the tables of names: SQLite must be told their order
  std::string_view has_task, key_contains;
};

/// A WHERE clause over `instance i`, `workflow w`, `workflow_version v`, with numbered parameters.
class RunCondition {
 public:
  /// `status` replaces the filter's statuses: lists ask for one at a time.
  RunCondition(const Dialect& dialect, const runtime::RunFilter& filter,
               const std::optional<std::string>& status);

  /// Adds "AND fragment", where each ? of the fragment is one value.
  void require(std::string_view fragment, std::vector<Parameter> values = {});
  [[nodiscard]] const Dialect& dialect() const { return dialect_; }
  [[nodiscard]] const std::string& sql() const { return sql_; }
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  void add_workflow(const runtime::RunFilter& filter);
  void add_standing(const runtime::RunFilter& filter);
  void add_times(const runtime::RunFilter& filter);
  void add_text(const std::string& text);

  const Dialect& dialect_;
  std::string sql_ = "true";
  std::vector<Parameter> parameters_;
};

}  // namespace sequent::persistence::shared
