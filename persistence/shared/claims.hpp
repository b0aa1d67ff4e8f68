#pragma once
// The keys of one start, claimed in every database: who has them, and whether a business key is handed
// over; and whether a run that is retried still has its own. Where a database `locks_rows` several write at once: a key that another transaction is inserting
// is waited for, and one that was given up between two statements begins the transaction anew.
#include <optional>
#include <string_view>

#include "base/assert.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view insert_idempotency_key = R"sql(
  INSERT INTO idempotency_key (key, workflow_id, instance_id, started_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view delete_idempotency_key = R"sql(
  DELETE FROM idempotency_key WHERE key = ?1 AND workflow_id = ?2
)sql";
inline constexpr std::string_view holder_of_idempotency_key = R"sql(
  SELECT i.instance_id, i.payload_hash, i.status FROM idempotency_key k
  JOIN instance i ON i.instance_id = k.instance_id WHERE k.key = ?1 AND k.workflow_id = ?2
)sql";
inline constexpr std::string_view insert_business_key = R"sql(
  INSERT INTO business_key (key, workflow_id, instance_id) VALUES (?1, ?2, ?3)
  ON CONFLICT DO NOTHING
)sql";
// Of two that would restart a faulted run one does, and none whose retry is being committed. Locked
// by a statement of its own, so that the next one sees the holder as it is after the wait.
inline constexpr std::string_view lock_business_key = R"sql(
  SELECT 1 FROM business_key WHERE key = ?1 AND workflow_id = ?2 FOR UPDATE
)sql";
inline constexpr std::string_view holder_of_business_key = R"sql(
  SELECT i.instance_id, i.payload_hash, i.status FROM business_key k
  JOIN instance i ON i.instance_id = k.instance_id WHERE k.key = ?1 AND k.workflow_id = ?2
)sql";
inline constexpr std::string_view lock_key_of_instance = R"sql(
  SELECT 1 FROM instance i JOIN business_key k ON k.key = i.key AND k.workflow_id = i.workflow_id
  WHERE i.instance_id = ?1 FOR UPDATE OF k
)sql";
inline constexpr std::string_view other_holder_of_key = R"sql(
  SELECT h.instance_id, h.payload_hash, h.status FROM instance i
  JOIN business_key k ON k.key = i.key AND k.workflow_id = i.workflow_id
  JOIN instance h ON h.instance_id = k.instance_id
  WHERE i.instance_id = ?1 AND k.instance_id <> i.instance_id
)sql";
inline constexpr std::string_view hand_over_business_key = R"sql(
  UPDATE business_key SET instance_id = ?3 WHERE key = ?1 AND workflow_id = ?2
)sql";
inline constexpr std::string_view remember_former_key = R"sql(
  INSERT INTO business_key_former (key, workflow_id, instance_id) VALUES (?1, ?2, ?3)
  ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view holder_of_id = R"sql(
  SELECT instance_id, payload_hash, status FROM instance WHERE instance_id = ?1
)sql";

template <class Rows>
std::optional<runtime::ChangeResult::Taken> taken_by(Rows rows, bool by_idempotency_key) {
  if (!rows.next()) return std::nullopt;
  runtime::ChangeResult::Taken taken;
  taken.id = rows.id(0);
  taken.payload_hash = rows.text(1);
  taken.status = rows.text(2);
  taken.by_idempotency_key = by_idempotency_key;
  return taken;
}

// A key that could not be inserted has a holder, unless another transaction gave it up in between.
template <class Connection>
void expect_holder(const std::optional<runtime::ChangeResult::Taken>& taken) {
  if constexpr (Connection::locks_rows)
    if (!taken) Connection::begin_anew("a key of a start was given up at this moment");
  SEQUENT_ASSERT(taken.has_value());
}

/// Who has the business key, or nobody: then it is this start's.
template <class Connection>
std::optional<runtime::ChangeResult::Taken> claim_business_key(
    Connection& connection, const runtime::InstanceChange& change, std::int64_t workflow) {
  const runtime::NewInstance& start = *change.start;
  if (connection.execute(insert_business_key, start.key, workflow, change.id) == 1)
    return std::nullopt;
  if constexpr (Connection::locks_rows) connection.run(lock_business_key, start.key, workflow);
  auto taken = taken_by(connection.query(holder_of_business_key, start.key, workflow), false);
  expect_holder<Connection>(taken);
  const bool unsuccessful = taken->status == "faulted" || taken->status == "cancelled";
  if (!start.restart_if_faulted || !unsuccessful) return taken;
  connection.run(remember_former_key, start.key, workflow, taken->id);
  connection.run(hand_over_business_key, start.key, workflow, change.id);
  return std::nullopt;
}

/// Claims the keys of a start, or says whose they are and leaves nothing behind.
template <class Connection>
[[nodiscard]] std::optional<runtime::ChangeResult::Taken> claim_keys(
    Connection& connection, const runtime::InstanceChange& change, std::int64_t workflow) {
  SEQUENT_ASSERT(change.start.has_value());
  const runtime::NewInstance& start = *change.start;
  // A child's id is the same whenever it is computed; a start that was repeated meets itself. Fresh
  // ids never do, and only they come in masses, so only children pay for the question.
  if (start.parent) {
    if (auto taken = taken_by(connection.query(holder_of_id, change.id), false)) return taken;
  }
  if (!start.idempotency_key.empty() &&
      connection.execute(insert_idempotency_key, start.idempotency_key, workflow, change.id,
                         start.started_at) == 0) {
    auto taken = taken_by(
        connection.query(holder_of_idempotency_key, start.idempotency_key, workflow), true);
    expect_holder<Connection>(taken);
    return taken;
  }
  if (start.key.empty()) return std::nullopt;
  auto taken = claim_business_key(connection, change, workflow);
  if (taken && !start.idempotency_key.empty())
    connection.run(delete_idempotency_key, start.idempotency_key, workflow);
  return taken;
}

/// Who has the business key of a run that had faulted and is to go on, unless it is that run itself.
/// Until the commit nobody takes the key away from it.
template <class Connection>
[[nodiscard]] std::optional<runtime::ChangeResult::Taken> other_holder(Connection& connection,
                                                                       const InstanceId& id) {
  if constexpr (Connection::locks_rows) connection.run(lock_key_of_instance, id);
  return taken_by(connection.query(other_holder_of_key, id), false);
}

}  // namespace sequent::persistence::shared
