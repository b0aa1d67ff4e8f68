#include "persistence/shared/run_pages.hpp"

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

using runtime::RunFilter;
using runtime::RunPage;
using runtime::RunSummary;

namespace {

// Our patterns know `*` alone; GLOB would also read ? and [.
std::string glob_pattern(const std::string& pattern) {
  std::string glob;
  for (const char c : pattern)
    if (c == '?' || c == '[')
      glob += std::string{"["} + c + "]";
    else
      glob += c;
  return glob;
}

const shared::Dialect sqlite_dialect{
    .join = "CROSS JOIN",  // keeps the runs outside, in the order of their ids
    .has_task = "(i.task = ? OR substr(i.task, -length(?)) = ?)",
    .key_contains =
        "i.instance_id IN (SELECT instance_id FROM business_key WHERE instr(key, ?) > 0 "
        "UNION ALL SELECT instance_id FROM business_key_former WHERE instr(key, ?) > 0)",
    .own_key_contains = "instr(i.key, ?) > 0",
    .like = "GLOB",
    .not_like = "NOT GLOB",
    .one_of = " IN (",
    .one_of_end = ")",
    .pattern = glob_pattern,
    .own_attribute = "i.attributes -> ?",
    .unquoted = "trim(value, '\"')",
    .attribute = "coalesce(json_extract(i.attributes, ?), '')",
    .attribute_path = [](const std::string& name) { return "$.\"" + name + "\""; },
    // Text and the words true, false and null begin with another character than numbers do.
    .attribute_number = "CASE WHEN value < ':' AND value >= '-' THEN CAST(value AS REAL) END",
    // A sum has no type of its own: then the index of numbers, which has none either, serves.
    .number = "(CAST(? AS REAL) + 0)",
    // By name: it would rather take the primary key, whose order is that of texts.
    .numbered_attributes =
        "instance_attribute INDEXED BY instance_attribute_number "
        "WHERE value < ':' AND value >= '-' AND name = ? "
        "AND CASE WHEN value < ':' AND value >= '-' THEN CAST(value AS REAL) END",
    .is_owned =
        "EXISTS (SELECT 1 FROM partition o WHERE o.partition_id = i.partition_id "
        "AND o.owner <> '' AND o.lease_until > ?)",
    .follows_conditions = false};

}  // namespace

const shared::Dialect& SqliteStore::dialect() {
  return sqlite_dialect;
}

std::optional<RunSummary> SqliteStore::find(const InstanceId& id) {
  const auto connection = pool_.borrow();
  return shared::find_run(*connection, dialect(), id);
}

std::optional<InstanceId> SqliteStore::find_by_key(const std::string& workflow_namespace,
                                                   const std::string& name,
                                                   const std::string& key) {
  const auto connection = pool_.borrow();
  return shared::find_by_key(*connection, workflow_namespace, name, key);
}

Result<RunPage> SqliteStore::list(const RunFilter& filter, const std::string& cursor,
                                  std::size_t limit) {
  const auto connection = pool_.borrow();
  const auto reader = shared::reader_of(*connection);
  return shared::RunSearch{dialect(), search_, filter, reader}.page(cursor, limit);
}

Result<runtime::NewestCounts> SqliteStore::aggregate_newest(const RunFilter& filter,
                                                            const std::vector<std::string>& by,
                                                            std::size_t limit) {
  const auto connection = pool_.borrow();
  const auto reader = shared::reader_of(*connection);
  return shared::RunSearch{dialect(), search_, filter, reader}.counts(by, limit);
}

Result<std::vector<runtime::Aggregate>> SqliteStore::aggregate(const RunFilter& filter,
                                                               const std::vector<std::string>& by,
                                                               std::size_t limit) {
  const auto query = shared::counts_of_runs(dialect(), filter, by, limit);
  if (!query) return std::unexpected(query.error());
  const auto connection = pool_.borrow();
  return shared::read_counts(*connection, *query, by.size());
}

std::vector<std::string> SqliteStore::journal(const InstanceId& id, std::uint64_t after,
                                              std::size_t limit) {
  const auto connection = pool_.borrow();
  return shared::journal_of(*connection, id, after, limit);
}

std::vector<InstanceId> SqliteStore::children(const InstanceId& id) {
  const auto connection = pool_.borrow();
  return shared::children_of(*connection, id);
}

}  // namespace sequent::persistence
