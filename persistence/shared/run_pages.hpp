#pragma once
// Pages of runs and counts of the newest, with a bound on what one request looks at. Where an index
// leads to few runs, those are looked at and the answer is whole. Where none does, the newest are
// looked at, more and more, until the page is full or the bound is reached; then its cursor says where
// the next page goes on.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/runtime/queries.hpp"
#include "persistence/shared/run_queries.hpp"
#include "persistence/shared/run_ways.hpp"

namespace sequent::persistence::shared {

/// What a database is asked.
struct RunReader {
  std::function<std::vector<runtime::RunSummary>(const Query&)> runs;
  std::function<std::optional<InstanceId>(const Query&)> id;  // of the first row
  std::function<std::int64_t(const Query&)> number;           // of the only row
  std::function<std::vector<runtime::Aggregate>(const Query&, std::size_t dimensions)> groups;
};

template <class Connection>
RunReader reader_of(Connection& connection) {
  const auto rows_of = [&connection](const Query& query) {
    return connection.query_once(query.sql, query.parameters);
  };
  RunReader reader;
  reader.runs = [&connection](const Query& query) { return read_runs(connection, query); };
  reader.id = [rows_of](const Query& query) {
    auto rows = rows_of(query);
    return rows.next() ? std::optional{rows.id(0)} : std::nullopt;
  };
  reader.number = [rows_of](const Query& query) {
    auto rows = rows_of(query);
    return rows.next() ? rows.integer(0) : std::int64_t{0};
  };
  reader.groups = [&connection](const Query& query, std::size_t dimensions) {
    return read_counts(connection, query, dimensions);
  };
  return reader;
}

class RunSearch {
 public:
  /// All of it outlives the search.
  RunSearch(const Dialect& dialect, const runtime::SearchBounds& bounds,
            const runtime::RunFilter& filter, const RunReader& reader)
      : dialect_(dialect), bounds_(bounds), filter_(filter), reader_(reader) {}

  /// errors  invalid_request: a cursor that this store has not made
  [[nodiscard]] Result<runtime::RunPage> page(const std::string& cursor, std::size_t limit);
  /// errors  invalid_request: an unknown dimension
  [[nodiscard]] Result<runtime::NewestCounts> counts(const std::vector<std::string>& by,
                                                     std::size_t limit);

 private:
  /// One way, and how long it is as far as that was counted.
  struct Choice {
    Way way;
    bool is_short = false;
  };
  struct Found {
    std::vector<runtime::RunSummary> runs;
    std::optional<InstanceId> floor;  // nothing below it was looked at
  };
  struct Part {
    std::optional<std::string> status;
    Choice choice;
  };
  [[nodiscard]] Choice choose(const std::optional<std::string>& status, const Stretch& stretch);
  [[nodiscard]] std::vector<Part> parts(const Stretch& stretch);
  [[nodiscard]] std::size_t budget_of(const Choice& choice) const;
  [[nodiscard]] Found look(const Part& part, const RunCondition& condition, Stretch stretch,
                           std::size_t wanted, std::size_t parts);
  [[nodiscard]] runtime::RunPage newest(const Stretch& stretch, std::size_t limit);
  [[nodiscard]] Result<runtime::RunPage> page_of_text(const std::string& kind,
                                                      const Stretch& stretch, std::size_t limit);
  [[nodiscard]] bool begins_like_text(const runtime::RunSummary& run) const;

  const Dialect& dialect_;
  runtime::SearchBounds bounds_;
  const runtime::RunFilter& filter_;
  const RunReader& reader_;
};

}  // namespace sequent::persistence::shared
