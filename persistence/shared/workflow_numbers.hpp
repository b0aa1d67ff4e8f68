#pragma once
// Numbers of workflows and versions, as instance rows name them. Kept in memory: every start asks.
// threads  any
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/assert.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view insert_workflow = R"sql(
  INSERT INTO workflow (namespace, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view select_workflow = R"sql(
  SELECT workflow_id FROM workflow WHERE namespace = ?1 AND name = ?2
)sql";
inline constexpr std::string_view insert_version = R"sql(
  INSERT INTO workflow_version (workflow_id, version, digest) VALUES (?1, ?2, ?3)
  ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view select_workflow_version = R"sql(
  SELECT version_id FROM workflow_version WHERE workflow_id = ?1 AND version = ?2 AND digest = ?3
)sql";

struct WorkflowNumbers {
  std::int64_t workflow = 0, version = 0;
};

class KnownWorkflows {
 public:
  [[nodiscard]] std::optional<WorkflowNumbers> find(const runtime::NewInstance& start) const;
  void remember(const runtime::NewInstance& start, const WorkflowNumbers& numbers);
  /// The transaction that may have inserted some was rolled back.
  void forget();

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, WorkflowNumbers> known_;
};

/// Reads the numbers, and inserts what is new, inside the caller's transaction.
template <class Connection>
WorkflowNumbers number_workflow(Connection& connection, const runtime::NewInstance& start) {
  const auto only_number = [](auto rows) {
    const bool found = rows.next();
    SEQUENT_ASSERT(found);  // it has just been inserted, or was there
    return rows.integer(0);
  };
  WorkflowNumbers numbers;
  connection.run(insert_workflow, start.workflow_namespace, start.name);
  numbers.workflow =
      only_number(connection.query(select_workflow, start.workflow_namespace, start.name));
  connection.run(insert_version, numbers.workflow, start.version, start.digest);
  numbers.version = only_number(
      connection.query(select_workflow_version, numbers.workflow, start.version, start.digest));
  return numbers;
}

}  // namespace sequent::persistence::shared
