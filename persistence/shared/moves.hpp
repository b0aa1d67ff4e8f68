#pragma once
// A run that goes on under another version of its workflow, in every database.
#include <string_view>

#include "base/assert.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::persistence::shared {

// No run has begun under the version yet, perhaps.
inline constexpr std::string_view know_version = R"sql(
  INSERT INTO workflow_version (workflow_id, version, digest)
  SELECT i.workflow_id, ?2, ?3 FROM instance i WHERE i.instance_id = ?1
  ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view move_to_version = R"sql(
  UPDATE instance SET version_id = (
    SELECT v.version_id FROM workflow_version v
    WHERE v.workflow_id = instance.workflow_id AND v.version = ?2 AND v.digest = ?3)
  WHERE instance_id = ?1
)sql";

/// After the update of its row, in the same transaction.
template <class Connection>
void move_run(Connection& connection, const runtime::InstanceChange& change) {
  SEQUENT_ASSERT(change.version.has_value() && !change.start);
  connection.run(know_version, change.id, change.version->version, change.version->digest);
  connection.run(move_to_version, change.id, change.version->version, change.version->digest);
}

}  // namespace sequent::persistence::shared
