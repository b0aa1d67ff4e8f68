// Lists of runs. Ids begin with the time of the start, so "newest first" is descending ids: every
// index that begins with an equality and ends with the id gives a page without sorting.
#include <algorithm>

#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/sqlite/run_filter.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

using runtime::RunFilter;
using runtime::RunPage;
using runtime::RunSummary;

namespace {

constexpr std::string_view select_runs = R"sql(
  SELECT i.instance_id, w.namespace, w.name, v.version, v.digest, i.key, i.attributes,
         i.started_at, i.started_by, i.parent_id, i.status, i.task, i.waiting_kind,
         i.waiting_detail, i.provider, i.operation, i.park_reason, i.error_type, i.error_status,
         i.error_title, i.parked_at, i.deadline, i.key_born_at, i.wake_at, i.updated_at,
         i.ended_at, i.completed_tasks, i.attempts
  FROM instance i CROSS JOIN workflow w ON w.workflow_id = i.workflow_id
                  CROSS JOIN workflow_version v ON v.version_id = i.version_id
  WHERE )sql";
constexpr std::string_view before_cursor = "i.instance_id < ?";
constexpr std::string_view has_id = "i.instance_id = ?";
constexpr std::string_view newest_first = " ORDER BY i.instance_id DESC LIMIT ?";
constexpr std::string_view id_by_key = R"sql(
  SELECT k.instance_id FROM business_key k JOIN workflow w ON w.workflow_id = k.workflow_id
  WHERE k.key = ?3 AND w.namespace = ?1 AND w.name = ?2
)sql";
constexpr std::string_view select_journal = R"sql(
  SELECT records FROM journal WHERE instance_id = ?1 AND last_seq > ?2 ORDER BY last_seq LIMIT ?3
)sql";
constexpr std::string_view select_children = R"sql(
  SELECT instance_id FROM instance WHERE parent_id = ?1 ORDER BY instance_id LIMIT ?2
)sql";
constexpr std::int64_t max_children = 10'000;

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

RunSummary summary_of(const Rows& rows) {
  RunSummary run;
  run.id = rows.id(0);
  run.workflow_namespace = rows.text(1);
  run.name = rows.text(2);
  run.version = rows.text(3);
  run.digest = rows.text(4);
  run.key = rows.text(5);
  auto attributes = parse_json(rows.view(6));
  SEQUENT_ASSERT(attributes.has_value());  // we wrote it
  run.attributes = std::move(*attributes);
  run.started_at = rows.integer(7);
  run.started_by = rows.text(8);
  if (!rows.is_null(9)) run.parent = rows.id(9);
  read_row(rows, run.row);
  return run;
}

std::vector<RunSummary> read_runs(Connection& connection, const RunCondition& condition,
                                  std::size_t limit) {
  std::string sql{select_runs};
  sql += condition.sql();
  sql += newest_first;
  std::vector<Parameter> parameters = condition.parameters();
  parameters.emplace_back(static_cast<std::int64_t>(limit));
  Rows rows = connection.query_once(sql, parameters);
  std::vector<RunSummary> runs;
  while (rows.next()) runs.push_back(summary_of(rows));
  return runs;
}

constexpr std::string_view cursor_mark = "c1.";

std::string cursor_after(const InstanceId& id) {
  return std::string{cursor_mark} + id.text();
}

Result<std::optional<InstanceId>> read_cursor(const std::string& cursor) {
  if (cursor.empty()) return std::optional<InstanceId>{};
  if (cursor.starts_with(cursor_mark)) {
    if (const auto id = InstanceId::parse(std::string_view{cursor}.substr(cursor_mark.size())))
      return std::optional{*id};
  }
  return fail(ErrorCode::invalid_request,
              "Expected the cursor of an earlier page, got \"" + cursor.substr(0, 80) +
                  "\"; pass it on unchanged, or leave it out for the first page.");
}

}  // namespace

std::optional<RunSummary> SqliteStore::find(const InstanceId& id) {
  const auto connection = pool_.borrow();
  RunCondition condition{RunFilter{}, std::nullopt};
  condition.require(has_id, {id});
  auto runs = read_runs(*connection, condition, 1);
  if (runs.empty()) return std::nullopt;
  return std::move(runs.front());
}

std::optional<InstanceId> SqliteStore::find_by_key(const std::string& workflow_namespace,
                                                   const std::string& name,
                                                   const std::string& key) {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(id_by_key, workflow_namespace, name, key);
  if (!rows.next()) return std::nullopt;
  return rows.id(0);
}

// One ordered page for each asked status, merged: "status IN (…)" in one statement would have to
// read and sort every match.
Result<RunPage> SqliteStore::list(const RunFilter& filter, const std::string& cursor,
                                  std::size_t limit) {
  SEQUENT_ASSERT(limit > 0);
  const auto before = read_cursor(cursor);
  if (!before) return std::unexpected(before.error());
  std::vector<std::optional<std::string>> parts;
  for (const std::string& status : filter.statuses) parts.emplace_back(status);
  if (parts.empty()) parts.emplace_back();

  const auto connection = pool_.borrow();
  RunPage page;
  for (const auto& status : parts) {
    RunCondition condition{filter, status};
    if (*before) condition.require(before_cursor, {**before});
    for (RunSummary& run : read_runs(*connection, condition, limit + 1))
      page.runs.push_back(std::move(run));
  }
  const auto newer = [](const RunSummary& a, const RunSummary& b) { return a.id > b.id; };
  const auto same = [](const RunSummary& a, const RunSummary& b) { return a.id == b.id; };
  std::sort(page.runs.begin(), page.runs.end(), newer);
  // A status that was asked twice, or changed between two parts, must not show a run twice.
  page.runs.erase(std::unique(page.runs.begin(), page.runs.end(), same), page.runs.end());
  if (page.runs.size() > limit) {
    page.runs.resize(limit);
    page.cursor = cursor_after(page.runs.back().id);
  }
  return page;
}

std::vector<std::string> SqliteStore::journal(const InstanceId& id, std::uint64_t after,
                                              std::size_t limit) {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_journal, id, after, limit);
  std::vector<std::string> records;
  while (rows.next()) records.push_back(rows.text(0));
  return records;
}

std::vector<InstanceId> SqliteStore::children(const InstanceId& id) {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_children, id, max_children);
  std::vector<InstanceId> found;
  while (rows.next()) found.push_back(rows.id(0));
  return found;
}

}  // namespace sequent::persistence
