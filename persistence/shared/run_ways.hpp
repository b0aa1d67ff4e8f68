#pragma once
// Ways to runs: what a filter lets an index find. A store has no statistics of its own to choose by
// (SQLite) or guesses (PostgreSQL: ids are no numbers to it), so each way is asked how many runs it
// leads to, and the narrowest is taken.
// shape  a way yields ids; most of them newest first, so that a page needs only their beginning
#include <optional>
#include <string>
#include <vector>

#include "persistence/shared/run_filter.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

/// A query that was put together at run time, each ? one parameter.
struct Query {
  std::string sql;
  std::vector<Parameter> parameters;
};

struct Way {
  std::string from;  // "instance WHERE status = ?", or several of those, each behind UNION
  std::vector<Parameter> parameters;
  bool ordered = true;     // its index ends with the id
  std::string run_that;    // the same as a condition of `instance i`; "" where it is none
  std::string_view index;  // of that condition
};

/// A part of the history, newest first: ids below `before`, and not below `floor`.
struct Stretch {
  std::optional<InstanceId> before, floor;
};

/// Every way that `filter` (with one status instead of its statuses) opens, the likely best first.
[[nodiscard]] std::vector<Way> ways_to(const Dialect& dialect, const runtime::RunFilter& filter,
                                       const std::optional<std::string>& status);

/// Every run, newest first.
[[nodiscard]] const Way& any_way();
/// Runs whose id or key begins like `text`.
[[nodiscard]] Way way_to_text(const std::string& text);

/// Ids of a way in a stretch, in any order.
[[nodiscard]] Query ids_of(const Way& way, const Stretch& stretch);
/// One row: how many there are, counted no further than `most`.
[[nodiscard]] Query length_of(const Way& way, const Stretch& stretch, std::size_t most);
/// The id that stands at `place` (from 1), newest first; no row when there are fewer.
[[nodiscard]] Query id_at(const Way& way, const Stretch& stretch, std::size_t place);

/// No run with a younger id can fit: the id of a run is not younger than its start, and neither its end
/// nor anything else happens before that.
[[nodiscard]] std::optional<InstanceId> newest_that_fits(const runtime::RunFilter& filter);

/// Statuses that a run must have one of where the filter names none, because only they have what it
/// asks for: a run that has ended waits for nobody. Empty: any.
[[nodiscard]] std::vector<std::string> implied_statuses(const runtime::RunFilter& filter);

}  // namespace sequent::persistence::shared
