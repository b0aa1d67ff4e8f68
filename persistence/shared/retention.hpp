#pragma once
// Which runs may be deleted, in every database.
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/json.hpp"
#include "engine/runtime/retention.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

// A run ends after it began, and its id begins with that time: none later than `before` need be
// looked at. What ended says so in ended_at alone; a run that goes on again has none.
inline constexpr std::string_view select_outdated = R"sql(
  SELECT i.instance_id, i.key, i.idempotency_key, i.attributes, i.workflow_id
  FROM instance i
  WHERE i.workflow_id = (SELECT workflow_id FROM workflow WHERE namespace = ?1 AND name = ?2)
    AND i.instance_id > ?3 AND i.instance_id < ?4 AND i.ended_at < ?5
    AND NOT EXISTS (SELECT 1 FROM instance p WHERE p.instance_id = i.parent_id
                                               AND p.ended_at IS NULL)
  ORDER BY i.instance_id LIMIT ?6
)sql";

/// A run that is deleted, and the keys of what is its own.
struct DoomedRun {
  InstanceId id;
  std::string key, idempotency_key;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::int64_t workflow = 0;
};

/// The first id of a run that begins at `at`.
[[nodiscard]] inline InstanceId first_id_at(Timestamp at) {
  return InstanceId::make(at, 0, 0);
}

template <class Rows>
std::vector<DoomedRun> doomed_runs(Rows rows) {
  std::vector<DoomedRun> runs;
  while (rows.next()) {
    DoomedRun run{rows.id(0), rows.text(1), rows.text(2), {}, rows.integer(4)};
    const Json attributes = stored_json(rows.view(3));
    if (attributes.is_object())
      for (const auto& [name, value] : attributes.items())
        run.attributes.emplace_back(name, dump_json(value));
    runs.push_back(std::move(run));
  }
  return runs;
}

/// What one step did, when it found `runs`.
[[nodiscard]] inline runtime::Deleted step_done(const std::vector<DoomedRun>& runs,
                                                std::size_t limit) {
  runtime::Deleted deleted;
  deleted.runs = runs.size();
  if (runs.size() == limit) deleted.next = runs.back().id;
  return deleted;
}

}  // namespace sequent::persistence::shared
