// A start: its keys, its row, its attributes. A key that is taken refuses this start alone and never
// the batch around it.
#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/shared/claims.hpp"
#include "persistence/sqlite/writes.hpp"

namespace sequent::persistence {

using runtime::ChangeResult;
using runtime::InstanceChange;
using runtime::InstanceRow;
using runtime::NewInstance;

namespace {

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

shared::WorkflowNumbers numbers_of(Connection& connection, shared::KnownWorkflows& known,
                                   const NewInstance& start) {
  if (const auto numbers = known.find(start)) return *numbers;
  const auto numbers = shared::number_workflow(connection, start);
  known.remember(start, numbers);
  return numbers;
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
  const shared::WorkflowNumbers workflow = numbers_of(connection, known, *change.start);
  if (auto taken = shared::claim_keys(connection, change, workflow.workflow)) return taken;
  insert_row(connection, change, workflow);
  return std::nullopt;
}

}  // namespace sequent::persistence
