#include "persistence/shared/run_queries.hpp"

#include <algorithm>
#include <span>

#include "base/assert.hpp"
#include "engine/runtime/where.hpp"

namespace sequent::persistence::shared {

using runtime::RunFilter;

namespace {

constexpr std::string_view run_columns = R"sql(
  SELECT i.instance_id, w.namespace, w.name, v.version, v.digest, i.key, i.attributes,
         i.started_at, i.started_by, i.parent_id, i.status, i.task, i.waiting_kind,
         i.waiting_detail, i.provider, i.operation, i.park_reason, i.error_type, i.error_status,
         i.error_title, i.parked_at, i.deadline, i.key_born_at, i.wake_at, i.updated_at,
         i.ended_at, i.completed_tasks, i.attempts )sql";
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
constexpr std::string_view counted = "count(*), min(i.started_at), max(i.started_at)";

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

void append(std::vector<Parameter>& to, const std::vector<Parameter>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

bool goes_by_condition(std::span<const Way> ways) {
  return ways.empty() || (ways.size() == 1 && !ways.front().run_that.empty());
}

// Other ways are read first (SQLite keeps the order of a CROSS JOIN), then each run itself.
void add_source(Query& query, const Dialect& dialect, std::span<const Way> ways,
                const Stretch& stretch) {
  if (goes_by_condition(ways)) {
    query.sql += " FROM instance i ";
    if (ways.empty() || dialect.follows_conditions) return;
    query.sql += "INDEXED BY ";
    query.sql += ways.front().index;
    query.sql += " ";
    return;
  }
  std::string ids;
  for (const Way& way : ways) {
    const Query one = ids_of(way, stretch);
    ids += (ids.empty() ? "" : " UNION ALL ") + one.sql;
    append(query.parameters, one.parameters);
  }
  query.sql += " FROM (" + ids + ") d ";
  query.sql += dialect.join;
  query.sql += " instance i ON i.instance_id = d.instance_id ";
}

void add_stretch(Query& query, std::span<const Way> ways, const Stretch& stretch) {
  if (!goes_by_condition(ways)) return;
  if (!ways.empty()) {
    query.sql += " AND " + ways.front().run_that;
    append(query.parameters, ways.front().parameters);
  }
  if (stretch.before) {
    query.sql += " AND i.instance_id < ?";
    query.parameters.emplace_back(*stretch.before);
  }
  if (stretch.floor) {
    query.sql += " AND i.instance_id >= ?";
    query.parameters.emplace_back(*stretch.floor);
  }
}

}  // namespace

Query runs_that(const RunCondition& condition, std::size_t limit) {
  Query query;
  query.sql = std::string{run_columns} + " FROM instance i " + joined_names(condition.dialect()) +
              "WHERE " + condition.sql() + std::string{newest_first};
  query.parameters = condition.parameters();
  query.parameters.emplace_back(static_cast<std::int64_t>(limit));
  return query;
}

Query run_with_id(const Dialect& dialect, const InstanceId& id) {
  RunCondition condition{dialect, RunFilter{}, std::nullopt};
  condition.require(has_id, {id});
  return runs_that(condition, 1);
}

Query runs_on(const RunCondition& condition, const Way* way, const Stretch& stretch,
              std::size_t limit) {
  Query query{std::string{run_columns}, {}};
  const auto ways = way == nullptr ? std::span<const Way>{} : std::span{way, 1};
  add_source(query, condition.dialect(), ways, stretch);
  query.sql += joined_names(condition.dialect()) + "WHERE " + condition.sql();
  append(query.parameters, condition.parameters());
  add_stretch(query, ways, stretch);
  query.sql += newest_first;
  query.parameters.emplace_back(static_cast<std::int64_t>(limit));
  return query;
}

namespace {

/// "SELECT <dimensions>, <counts> "
Result<Query> begin_counts(const Dialect& dialect, const std::vector<std::string>& by,
                           std::string_view before_column) {
  Query query;
  query.sql = "SELECT ";
  for (const auto& name : by) {
    const auto column = column_of(dialect, name, query.parameters);
    if (!column) return std::unexpected(column.error());
    query.sql += before_column;
    query.sql += *column;
    query.sql += ", ";
  }
  query.sql += counted;
  return query;
}

// Names are joined only when a dimension or the filter has them: without, a count by status reads one
// index.
void add_condition(Query& query, const RunCondition& condition) {
  if (names_workflow(query.sql + condition.sql())) query.sql += joined_names(condition.dialect());
  query.sql += "WHERE " + condition.sql();
  append(query.parameters, condition.parameters());
}

void end_counts(Query& query, std::size_t dimensions, std::size_t limit) {
  std::string numbers;
  for (std::size_t i = 0; i < dimensions; ++i)
    numbers += (i == 0 ? "" : ", ") + std::to_string(i + 1);
  if (dimensions > 0) query.sql += " GROUP BY " + numbers;
  query.sql += " ORDER BY count(*) DESC" + (dimensions == 0 ? "" : ", " + numbers) + " LIMIT ?";
  query.parameters.emplace_back(static_cast<std::int64_t>(limit));
}

}  // namespace

Result<Query> counts_on(const Dialect& dialect, const RunFilter& filter,
                        const std::vector<Way>& ways, const Stretch& stretch,
                        const std::vector<std::string>& by, std::size_t limit) {
  // The plus hides the column from its index: read in its order would be all runs, to group them.
  auto query = begin_counts(dialect, by, dialect.follows_conditions ? "" : "+");
  if (!query) return query;
  const bool every =
      std::ranges::any_of(ways, [](const Way& way) { return way.from == any_way().from; });
  const std::span<const Way> sources = every ? std::span<const Way>{} : std::span{ways};
  add_source(*query, dialect, sources, stretch);
  add_condition(*query, RunCondition{dialect, filter, std::nullopt, Said::to_check});
  add_stretch(*query, sources, stretch);
  end_counts(*query, by.size(), limit);
  return query;
}

Result<Query> counts_of_runs(const Dialect& dialect, const RunFilter& filter,
                             const std::vector<std::string>& by, std::size_t limit) {
  auto query = begin_counts(dialect, by, "");
  if (!query) return query;
  query->sql += " FROM instance i ";
  add_condition(*query, RunCondition{dialect, filter, std::nullopt});
  end_counts(*query, by.size(), limit);
  return query;
}

}  // namespace sequent::persistence::shared
