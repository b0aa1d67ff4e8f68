#include "persistence/sqlite/workflow_numbers.hpp"

#include "base/assert.hpp"

namespace sequent::persistence {
namespace {

// Bounds memory where digests come and go (development servers); then the rows are read again.
constexpr std::size_t max_known = 10'000;

constexpr std::string_view insert_workflow = R"sql(
  INSERT INTO workflow (namespace, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view select_workflow = R"sql(
  SELECT workflow_id FROM workflow WHERE namespace = ?1 AND name = ?2
)sql";
constexpr std::string_view insert_version = R"sql(
  INSERT INTO workflow_version (workflow_id, version, digest) VALUES (?1, ?2, ?3)
  ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view select_workflow_version = R"sql(
  SELECT version_id FROM workflow_version WHERE workflow_id = ?1 AND version = ?2 AND digest = ?3
)sql";

std::int64_t only_number(Rows rows) {
  const bool found = rows.next();
  SEQUENT_ASSERT(found);  // it has just been inserted, or was there
  return rows.integer(0);
}

}  // namespace

WorkflowNumbers::Numbers WorkflowNumbers::of(Connection& connection,
                                             const runtime::NewInstance& start) {
  std::string name = start.workflow_namespace;
  name += '\0';
  name += start.name;
  name += '\0';
  name += start.version;
  name += '\0';
  name += start.digest;
  const auto found = known_.find(name);
  if (found != known_.end()) return found->second;

  connection.execute(insert_workflow, start.workflow_namespace, start.name);
  Numbers numbers;
  numbers.workflow =
      only_number(connection.query(select_workflow, start.workflow_namespace, start.name));
  connection.execute(insert_version, numbers.workflow, start.version, start.digest);
  numbers.version =
      only_number(connection.query(select_workflow_version, numbers.workflow, start.version, start.digest));
  if (known_.size() >= max_known) known_.clear();
  known_.emplace(std::move(name), numbers);
  return numbers;
}

}  // namespace sequent::persistence
