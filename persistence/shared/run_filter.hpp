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
  std::string_view own_key_contains;           // of the run's row, instead of the table of keys
  std::string_view like, not_like;             // between a column and a pattern
  // "column <one_of> SELECT … <one_of_end>": a small set that is worked out once. Of a plain IN (…)
  // PostgreSQL makes a join and compares every run's names with the pattern.
  std::string_view one_of, one_of_end;
  std::string (*pattern)(const std::string&);  // of our own, which know `*` alone
  std::string_view own_attribute;  // of a run, as JSON text, like `value`: ? is its path
  std::string_view unquoted;       // `value`, JSON text, without its quotes
  std::string_view attribute;      // of a run, as text: ? is its path
  std::string (*attribute_path)(const std::string& name);
  std::string_view attribute_number;     // `value`, JSON text, as a number; null when it is none
  std::string_view number;               // a text parameter as a number
  std::string_view numbered_attributes;  // "… WHERE name = ? AND <number>", for its index
  std::string_view
      is_owned;  // a node has the run's partition; where leases are by our clock: ? is now
  /// Has statistics: it finds the index of a condition by itself. Without, it is told which.
  bool follows_conditions;
};

/// " < ", " <= ", " > " or " >= "
[[nodiscard]] std::string_view sign_of(runtime::RunTerm::Compare compare);
/// Only a run with an error can fit.
[[nodiscard]] bool wants_error(const runtime::RunTerm& term);

/// The index of runs with an error serves only a query that repeats its condition as a constant.
inline constexpr std::string_view has_error = "i.error_status <> 0";

/// How a condition is said: so that the database finds the runs by it, or so that it is checked of
/// runs that were found otherwise, one by one.
enum class Said : std::uint8_t { to_find, to_check };

/// A WHERE clause over `instance i`, `workflow w`, `workflow_version v`, with numbered parameters.
class RunCondition {
 public:
  /// `status` replaces the filter's statuses: lists ask for one at a time.
  RunCondition(const Dialect& dialect, const runtime::RunFilter& filter,
               const std::optional<std::string>& status, Said said = Said::to_find);

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
  void add_stuck(Timestamp at);
  // run_terms.cpp
  void add_term(const runtime::RunTerm& term);
  void add_pattern(const runtime::RunTerm& term);
  void add_key_prefix(const std::string& pattern);
  void add_workflows(const runtime::RunTerm& term);
  void add_attribute(const runtime::RunTerm& term);

  void add_key(const std::string& key);

  const Dialect& dialect_;
  const Said said_;
  std::string sql_ = "true";
  std::vector<Parameter> parameters_;
};

/// First and last id that begin like `text`; nothing when it is no beginning of an id.
[[nodiscard]] std::optional<std::pair<InstanceId, InstanceId>> ids_that_begin(
    const std::string& text);
/// First text that begins like `text`, and the first one after all of those; nothing when no text
/// can be said that comes after them.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> texts_that_begin(
    const std::string& text);

}  // namespace sequent::persistence::shared
