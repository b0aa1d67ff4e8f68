// A start: its keys, its row, its attributes. A key that is taken refuses this start alone and never
// the batch around it.
#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/sqlite/writes.hpp"

namespace sequent::persistence {

using runtime::ChangeResult;
using runtime::InstanceChange;
using runtime::InstanceRow;
using runtime::NewInstance;

namespace {

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
constexpr std::string_view holder_of_business_key = R"sql(
  SELECT i.instance_id, i.payload_hash, i.status FROM business_key k
  JOIN instance i ON i.instance_id = k.instance_id WHERE k.key = ?1 AND k.workflow_id = ?2
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
constexpr std::string_view insert_instance = R"sql(
  INSERT INTO instance (instance_id, partition_id, last_seq, status, wake_at, updated_at, ended_at,
         task, waiting_kind, waiting_detail, provider, operation, park_reason, error_type,
         error_status, error_title, parked_at, deadline, key_born_at, completed_tasks, attempts,
         workflow_id, version_id, started_at, parent_id, key, idempotency_key, payload_hash,
         started_by, attributes)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
          ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)
)sql";
constexpr std::string_view insert_attribute = R"sql(
  INSERT INTO instance_attribute (name, value, instance_id) VALUES (?1, ?2, ?3)
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

shared::WorkflowNumbers numbers_of(Connection& connection, shared::KnownWorkflows& known,
                                   const NewInstance& start) {
  if (const auto numbers = known.find(start)) return *numbers;
  const auto numbers = shared::number_workflow(connection, start);
  known.remember(start, numbers);
  return numbers;
}

bool ended_unsuccessfully(const std::string& status) {
  return status == "faulted" || status == "cancelled";
}

// Who has the business key, or nobody: then it is this start's.
std::optional<ChangeResult::Taken> claim_business_key(Connection& connection, std::int64_t workflow,
                                                      const InstanceChange& change) {
  const NewInstance& start = *change.start;
  if (connection.execute(insert_business_key, start.key, workflow, change.id) == 1)
    return std::nullopt;
  auto taken = taken_by(connection.query(holder_of_business_key, start.key, workflow), false);
  SEQUENT_ASSERT(taken.has_value());
  if (!start.restart_if_faulted || !ended_unsuccessfully(taken->status)) return taken;
  connection.execute(remember_former_key, start.key, workflow, taken->id);
  connection.execute(hand_over_business_key, start.key, workflow, change.id);
  return std::nullopt;
}

void insert_row(Connection& connection, const InstanceChange& change,
                const shared::WorkflowNumbers& numbers) {
  const NewInstance& start = *change.start;
  const InstanceRow& row = change.row;
  const auto wake_at = null_if_never(row.wake_at);
  const std::string attributes = dump_json(start.attributes);
  connection.execute(insert_instance, change.id, change.id.partition(), change.last_seq, row.status,
                     wake_at, row.updated_at, null_if_zero(row.ended_at), row.task,
                     row.waiting_kind, row.waiting_detail, row.provider, row.operation,
                     row.park_reason, row.error_type, row.error_status, row.error_title,
                     null_if_zero(row.parked_at), null_if_zero(row.deadline),
                     null_if_zero(row.key_born_at), row.completed_tasks, row.attempts,
                     numbers.workflow, numbers.version, start.started_at, start.parent, start.key,
                     start.idempotency_key, start.payload_hash, start.started_by, attributes);
  if (!start.attributes.is_object()) return;
  for (const auto& [name, value] : start.attributes.items()) {
    const std::string text = dump_json(value);
    connection.execute(insert_attribute, name, text, change.id);
  }
}

}  // namespace

std::optional<ChangeResult::Taken> start_instance(Connection& connection,
                                                  shared::KnownWorkflows& known,
                                                  const InstanceChange& change) {
  SEQUENT_ASSERT(change.start.has_value() && change.first_seq <= 1);
  const NewInstance& start = *change.start;
  // A child's id is the same whenever it is computed; a start that was repeated meets itself. Fresh
  // ids never do, and only they come in masses, so only children pay for the question.
  if (start.parent) {
    if (auto taken = taken_by(connection.query(holder_of_id, change.id), false)) return taken;
  }
  const shared::WorkflowNumbers workflow = numbers_of(connection, known, start);
  if (!start.idempotency_key.empty() &&
      connection.execute(insert_idempotency_key, start.idempotency_key, workflow.workflow,
                         change.id, start.started_at) == 0) {
    auto taken = taken_by(
        connection.query(holder_of_idempotency_key, start.idempotency_key, workflow.workflow),
        true);
    SEQUENT_ASSERT(taken.has_value());
    return taken;
  }
  if (!start.key.empty()) {
    if (auto taken = claim_business_key(connection, workflow.workflow, change)) {
      if (!start.idempotency_key.empty())
        connection.execute(delete_idempotency_key, start.idempotency_key, workflow.workflow);
      return taken;
    }
  }
  insert_row(connection, change, workflow);
  return std::nullopt;
}

}  // namespace sequent::persistence
