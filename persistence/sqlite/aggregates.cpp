// Counts of runs by what they have in common: the same filter as lists, grouped.
#include "persistence/sqlite/run_filter.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

using runtime::Aggregate;
using runtime::RunFilter;

namespace {

struct Dimension {
  std::string_view name;
  std::string_view column;
};
constexpr Dimension dimensions[] = {
    {"status", "i.status"},        {"workflow", "w.namespace || '/' || w.name"},
    {"version", "v.version"},      {"task", "i.task"},
    {"waiting", "i.waiting_kind"}, {"provider", "i.provider"},
    {"operation", "i.operation"},  {"error_type", "i.error_type"},
};
constexpr std::string_view counted =
    "count(*), min(i.started_at), max(i.started_at) FROM instance i ";
// Joined only when a dimension or the filter names them: without, a count by status reads one index.
constexpr std::string_view named =
    "CROSS JOIN workflow w ON w.workflow_id = i.workflow_id "
    "CROSS JOIN workflow_version v ON v.version_id = i.version_id ";

Result<std::string_view> column_of(const std::string& name) {
  std::string known;
  for (const Dimension& dimension : dimensions) {
    if (dimension.name == name) return dimension.column;
    known += known.empty() ? "" : ", ";
    known += dimension.name;
  }
  return fail(ErrorCode::invalid_request,
              "Expected a dimension of runs (" + known + "), got \"" + name.substr(0, 80) + "\".");
}

bool names_workflow(const std::string& sql) {
  return sql.find("w.") != std::string::npos || sql.find("v.version") != std::string::npos;
}

}  // namespace

Result<std::vector<Aggregate>> SqliteStore::aggregate(const RunFilter& filter,
                                                      const std::vector<std::string>& by,
                                                      std::size_t limit) {
  std::string columns, numbers;
  for (std::size_t i = 0; i < by.size(); ++i) {
    const auto column = column_of(by[i]);
    if (!column) return std::unexpected(column.error());
    columns += std::string{*column} + ", ";
    numbers += (i == 0 ? "" : ", ") + std::to_string(i + 1);
  }
  const RunCondition condition{filter, std::nullopt};
  std::string sql = "SELECT " + columns + std::string{counted};
  if (names_workflow(columns + condition.sql())) sql += named;
  sql += "WHERE " + condition.sql();
  if (!by.empty()) sql += " GROUP BY " + numbers;
  sql += " ORDER BY count(*) DESC" + (by.empty() ? "" : ", " + numbers) + " LIMIT ?";
  std::vector<Parameter> parameters = condition.parameters();
  parameters.emplace_back(static_cast<std::int64_t>(limit));

  const auto connection = pool_.borrow();
  Rows rows = connection->query_once(sql, parameters);
  std::vector<Aggregate> groups;
  while (rows.next()) {
    Aggregate group;
    int column = 0;
    for (; column < static_cast<int>(by.size()); ++column) group.group.push_back(rows.text(column));
    group.count = rows.integer(column);
    group.oldest = rows.integer(column + 1);
    group.newest = rows.integer(column + 2);
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace sequent::persistence
