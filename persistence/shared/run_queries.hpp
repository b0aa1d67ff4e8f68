#pragma once
// Lists of runs and counts of them, in every database. Ids begin with the time of the start, so
// "newest first" is descending ids: every index that begins with an equality and ends with the id
// gives a page without sorting.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/queries.hpp"
#include "persistence/shared/run_filter.hpp"
#include "persistence/shared/run_ways.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view id_by_key = R"sql(
  SELECT k.instance_id FROM business_key k JOIN workflow w ON w.workflow_id = k.workflow_id
  WHERE k.key = ?3 AND w.namespace = ?1 AND w.name = ?2
)sql";
inline constexpr std::string_view select_journal = R"sql(
  SELECT records FROM journal WHERE instance_id = ?1 AND last_seq > ?2 ORDER BY last_seq LIMIT ?3
)sql";
inline constexpr std::string_view select_children = R"sql(
  SELECT instance_id FROM instance WHERE parent_id = ?1 ORDER BY instance_id LIMIT ?2
)sql";
inline constexpr std::int64_t max_children = 10'000;

/// Joins `workflow w` and `workflow_version v` to `instance i`.
[[nodiscard]] std::string joined_names(const Dialect& dialect);
[[nodiscard]] Query runs_that(const RunCondition& condition, std::size_t limit);
[[nodiscard]] Query run_with_id(const Dialect& dialect, const InstanceId& id);
/// Runs that `way` leads to, of a stretch of the history; without one: that lie in it.
[[nodiscard]] Query runs_on(const RunCondition& condition, const Way* way, const Stretch& stretch,
                            std::size_t limit);
/// Counts of those that any of `ways` leads to.
/// errors  invalid_request: an unknown dimension
[[nodiscard]] Result<Query> counts_on(const Dialect& dialect, const runtime::RunFilter& filter,
                                      const std::vector<Way>& ways, const Stretch& stretch,
                                      const std::vector<std::string>& by, std::size_t limit);
/// errors  invalid_request: an unknown dimension
[[nodiscard]] Result<Query> counts_of_runs(const Dialect& dialect, const runtime::RunFilter& filter,
                                           const std::vector<std::string>& by, std::size_t limit);
template <class Rows>
void read_row(const Rows& rows, runtime::InstanceRow& row) {
  row.status = rows.text(10);
  row.task = rows.text(11);
  row.waiting_kind = rows.text(12);
  row.waiting_detail = rows.text(13);
  row.provider = rows.text(14);
  row.operation = rows.text(15);
  row.park_reason = rows.text(16);
  row.error_type = rows.text(17);
  row.error_status = static_cast<int>(rows.integer(18));
  row.error_title = rows.text(19);
  row.parked_at = rows.integer(20);
  row.deadline = rows.integer(21);
  row.key_born_at = rows.integer(22);
  row.wake_at = rows.is_null(23) ? INT64_MAX : rows.integer(23);
  row.updated_at = rows.integer(24);
  row.ended_at = rows.integer(25);
  row.completed_tasks = static_cast<std::uint32_t>(rows.integer(26));
  row.attempts = static_cast<std::uint32_t>(rows.integer(27));
}

template <class Rows>
runtime::RunSummary summary_of(const Rows& rows) {
  runtime::RunSummary run;
  run.id = rows.id(0);
  run.workflow_namespace = rows.text(1);
  run.name = rows.text(2);
  run.version = rows.text(3);
  run.digest = rows.text(4);
  run.key = rows.text(5);
  run.attributes = stored_json(rows.view(6));
  run.started_at = rows.integer(7);
  run.started_by = rows.text(8);
  if (!rows.is_null(9)) run.parent = rows.id(9);
  read_row(rows, run.row);
  return run;
}

template <class Connection>
std::vector<runtime::RunSummary> read_runs(Connection& connection, const Query& query) {
  auto rows = connection.query_once(query.sql, query.parameters);
  std::vector<runtime::RunSummary> runs;
  while (rows.next()) runs.push_back(summary_of(rows));
  return runs;
}

template <class Connection>
std::vector<runtime::Aggregate> read_counts(Connection& connection, const Query& query,
                                            std::size_t dimensions) {
  auto rows = connection.query_once(query.sql, query.parameters);
  std::vector<runtime::Aggregate> groups;
  while (rows.next()) {
    runtime::Aggregate group;
    int column = 0;
    for (; column < static_cast<int>(dimensions); ++column)
      group.group.push_back(rows.text(column));
    group.count = rows.integer(column);
    group.oldest = rows.integer(column + 1);
    group.newest = rows.integer(column + 2);
    groups.push_back(std::move(group));
  }
  return groups;
}

template <class Connection>
std::optional<runtime::RunSummary> find_run(Connection& connection, const Dialect& dialect,
                                            const InstanceId& id) {
  auto runs = read_runs(connection, run_with_id(dialect, id));
  if (runs.empty()) return std::nullopt;
  return std::move(runs.front());
}

template <class Connection>
std::optional<InstanceId> find_by_key(Connection& connection, const std::string& workflow_namespace,
                                      const std::string& name, const std::string& key) {
  auto rows = connection.query(id_by_key, workflow_namespace, name, key);
  if (!rows.next()) return std::nullopt;
  return rows.id(0);
}

template <class Connection>
std::vector<std::string> journal_of(Connection& connection, const InstanceId& id,
                                    std::uint64_t after, std::size_t limit) {
  auto rows = connection.query(select_journal, id, after, limit);
  std::vector<std::string> records;
  while (rows.next()) records.push_back(rows.text(0));
  return records;
}

template <class Connection>
std::vector<InstanceId> children_of(Connection& connection, const InstanceId& id) {
  auto rows = connection.query(select_children, id, max_children);
  std::vector<InstanceId> found;
  while (rows.next()) found.push_back(rows.id(0));
  return found;
}

}  // namespace sequent::persistence::shared
