#include "persistence/shared/run_queries.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "engine/runtime/where.hpp"

namespace sequent::persistence::shared {

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
  FROM instance i )sql";
constexpr std::string_view before_cursor = "i.instance_id < ?";
constexpr std::string_view has_id = "i.instance_id = ?";
constexpr std::string_view newest_first = " ORDER BY i.instance_id DESC LIMIT ?";

struct Dimension {
  std::string_view name;
  std::string_view column;
};
constexpr Dimension dimensions[] = {
    {"status", "i.status"},
    {"workflow", "w.namespace || '/' || w.name"},
    {"version", "v.version"},
    {"task", "i.task"},
    {"waiting", "i.waiting_kind"},
    {"provider", "i.provider"},
    {"operation", "i.operation"},
    {"error_type", "i.error_type"},
    {"namespace", "w.namespace"},
    {"park_reason", "i.park_reason"},
    {"key", "i.key"},
    {"error_status", "CAST(i.error_status AS TEXT)"},
    {"started_by", "i.started_by"},
    {"error_title", "i.error_title"},
};
constexpr std::string_view counted =
    "count(*), min(i.started_at), max(i.started_at) FROM instance i ";

}  // namespace

std::string joined_names(const Dialect& dialect) {
  const std::string join{dialect.join};
  return join + " workflow w ON w.workflow_id = i.workflow_id " + join +
         " workflow_version v ON v.version_id = i.version_id ";
}

namespace {

Result<std::string_view> column_of(const Dialect& dialect, const std::string& name,
                                   std::vector<Parameter>& parameters) {
  if (const auto attribute = runtime::attribute_dimension(name)) {
    if (attribute->find_first_of("\"\\") != std::string::npos)
      return fail(ErrorCode::invalid_request,
                  "Expected the name of an attribute without quotes or "
                  "backslashes, got " +
                      attribute->substr(0, 80) + ".");
    parameters.emplace_back(dialect.attribute_path(*attribute));
    return dialect.attribute;
  }
  std::string known;
  for (const Dimension& dimension : dimensions) {
    if (dimension.name == name) return dimension.column;
    known += known.empty() ? "" : ", ";
    known += dimension.name;
  }
  return fail(ErrorCode::invalid_request, "Expected a dimension of runs (" + known +
                                              ", attribute.NAME), got \"" + name.substr(0, 80) +
                                              "\".");
}

bool names_workflow(const std::string& sql) {
  return sql.find("w.") != std::string::npos || sql.find("v.version") != std::string::npos;
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

Query runs_that(const RunCondition& condition, std::size_t limit) {
  Query query;
  query.sql = std::string{select_runs} + joined_names(condition.dialect()) + "WHERE " +
              condition.sql() + std::string{newest_first};
  query.parameters = condition.parameters();
  query.parameters.emplace_back(static_cast<std::int64_t>(limit));
  return query;
}

Query run_with_id(const Dialect& dialect, const InstanceId& id) {
  RunCondition condition{dialect, RunFilter{}, std::nullopt};
  condition.require(has_id, {id});
  return runs_that(condition, 1);
}

Result<Query> counts_of_runs(const Dialect& dialect, const RunFilter& filter,
                             const std::vector<std::string>& by, std::size_t limit) {
  std::string columns, numbers;
  Query query;
  for (std::size_t i = 0; i < by.size(); ++i) {
    const auto column = column_of(dialect, by[i], query.parameters);
    if (!column) return std::unexpected(column.error());
    columns += std::string{*column} + ", ";
    numbers += (i == 0 ? "" : ", ") + std::to_string(i + 1);
  }
  const RunCondition condition{dialect, filter, std::nullopt};
  query.sql = "SELECT " + columns + std::string{counted};
  // Joined only when a dimension or the filter names them: without, a count by status reads one
  // index.
  if (names_workflow(columns + condition.sql())) query.sql += joined_names(dialect);
  query.sql += "WHERE " + condition.sql();
  if (!by.empty()) query.sql += " GROUP BY " + numbers;
  query.sql += " ORDER BY count(*) DESC" + (by.empty() ? "" : ", " + numbers) + " LIMIT ?";
  for (const Parameter& value : condition.parameters()) query.parameters.push_back(value);
  query.parameters.emplace_back(static_cast<std::int64_t>(limit));
  return query;
}

// One ordered page for each asked status, merged: "status IN (…)" in one statement would have to
// read and sort every match.
Result<RunPage> page_of_runs(const Dialect& dialect, const RunFilter& filter,
                             const std::string& cursor, std::size_t limit, const ReadRuns& read) {
  SEQUENT_ASSERT(limit > 0);
  const auto before = read_cursor(cursor);
  if (!before) return std::unexpected(before.error());
  std::vector<std::optional<std::string>> parts;
  for (const std::string& status : filter.statuses) parts.emplace_back(status);
  if (parts.empty()) parts.emplace_back();

  RunPage page;
  for (const auto& status : parts) {
    RunCondition condition{dialect, filter, status};
    if (*before) condition.require(before_cursor, {**before});
    for (RunSummary& run : read(runs_that(condition, limit + 1)))
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

}  // namespace sequent::persistence::shared
