#pragma once
// What one condition of a search means: which field it asks about, and where in the filter it goes.
// where.cpp reads its words.
#include <optional>
#include <string>
#include <vector>

#include "engine/runtime/queries.hpp"

namespace sequent::runtime::search {

enum class Kind : std::uint8_t { text, number, time };

struct Value {
  std::string text;
  std::size_t column = 0;  // from 1
  bool quoted = false;
};

/// One finding, with where it is and how to put it right.
[[nodiscard]] std::unexpected<Error> wrong(std::size_t column, const std::string& message,
                                           const std::string& hint = "");

/// The field (and attribute) that `name` asks about, put into `term`; nothing when there is none.
[[nodiscard]] std::optional<Kind> field_of(const std::string& name, RunTerm& term);
/// All fields in one sentence.
[[nodiscard]] std::string known_fields();
/// errors  invalid_request: always, with the name that was meant, perhaps
[[nodiscard]] std::unexpected<Error> no_field(std::size_t column, const std::string& name);

/// Adds `term` with `values` to `filter`; times count from `now`.
/// errors  invalid_request
[[nodiscard]] Result<void> add_condition(RunFilter& filter, Timestamp now, Kind kind,
                                         std::size_t compare_at, RunTerm term,
                                         const std::vector<Value>& values);

}  // namespace sequent::runtime::search
