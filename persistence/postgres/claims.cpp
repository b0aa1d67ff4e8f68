#include "persistence/postgres/claims.hpp"

#include "base/assert.hpp"

namespace sequent::persistence::postgres {

using runtime::ChangeResult;
using runtime::InstanceChange;
using runtime::NewInstance;

namespace {

// Waits for a transaction that is inserting the same key; then it is taken, or free again.
constexpr std::string_view insert_idempotency_key = R"sql(
  INSERT INTO idempotency_key (key, workflow_id, instance_id, started_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view delete_idempotency_key = R"sql(
  DELETE FROM idempotency_key WHERE key = ?1 AND workflow_id = ?2
)sql";
constexpr std::string_view holder_of_idempotency_key = R"sql(
  SELECT i.instance_id, i.payload_hash, i.status FROM idempotency_key k
  JOIN instance i ON i.instance_id = k.instance_id WHERE k.key = ?1 AND k.workflow_id = ?2
)sql";
constexpr std::string_view insert_business_key = R"sql(
  INSERT INTO business_key (key, workflow_id, instance_id) VALUES (?1, ?2, ?3)
  ON CONFLICT DO NOTHING
)sql";
// Locked: of two that would restart a faulted run one does.
constexpr std::string_view holder_of_business_key = R"sql(
  SELECT i.instance_id, i.payload_hash, i.status FROM business_key k
  JOIN instance i ON i.instance_id = k.instance_id WHERE k.key = ?1 AND k.workflow_id = ?2
  FOR UPDATE OF k
)sql";
constexpr std::string_view hand_over_business_key = R"sql(
  UPDATE business_key SET instance_id = ?3 WHERE key = ?1 AND workflow_id = ?2
)sql";
constexpr std::string_view remember_former_key = R"sql(
  INSERT INTO business_key_former (key, workflow_id, instance_id) VALUES (?1, ?2, ?3)
  ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view holder_of_id = R"sql(
  SELECT instance_id, payload_hash, status FROM instance WHERE instance_id = ?1
)sql";

std::optional<ChangeResult::Taken> taken_by(Rows rows, bool by_idempotency_key) {
  if (!rows.next()) return std::nullopt;
  ChangeResult::Taken taken;
  taken.id = rows.id(0);
  taken.payload_hash = rows.text(1);
  taken.status = rows.text(2);
  taken.by_idempotency_key = by_idempotency_key;
  return taken;
}

// Who has the business key, or nobody: then it is this start's.
std::optional<ChangeResult::Taken> claim_business_key(Connection& connection,
                                                      const InstanceChange& change,
                                                      std::int64_t workflow) {
  const NewInstance& start = *change.start;
  if (connection.execute(insert_business_key, start.key, workflow, change.id) == 1)
    return std::nullopt;
  auto taken = taken_by(connection.query(holder_of_business_key, start.key, workflow), false);
  if (!taken) throw SqlError{"a business key was given up at this moment", "40001", false};
  const bool failed = taken->status == "faulted" || taken->status == "cancelled";
  if (!start.restart_if_faulted || !failed) return taken;
  connection.run(remember_former_key, start.key, workflow, taken->id);
  connection.run(hand_over_business_key, start.key, workflow, change.id);
  return std::nullopt;
}

}  // namespace

std::optional<ChangeResult::Taken> claim_keys(Connection& connection, const InstanceChange& change,
                                              std::int64_t workflow) {
  const NewInstance& start = *change.start;
  // A child's id is the same whenever it is computed; a start that was repeated meets itself.
  if (start.parent) {
    if (auto taken = taken_by(connection.query(holder_of_id, change.id), false)) return taken;
  }
  if (!start.idempotency_key.empty() &&
      connection.execute(insert_idempotency_key, start.idempotency_key, workflow, change.id,
                         start.started_at) == 0) {
    auto taken = taken_by(
        connection.query(holder_of_idempotency_key, start.idempotency_key, workflow), true);
    if (!taken) throw SqlError{"an idempotency key was given up at this moment", "40001", false};
    return taken;
  }
  if (!start.key.empty()) {
    if (auto taken = claim_business_key(connection, change, workflow)) {
      if (!start.idempotency_key.empty())
        connection.run(delete_idempotency_key, start.idempotency_key, workflow);
      return taken;
    }
  }
  return std::nullopt;
}

}  // namespace sequent::persistence::postgres
