// Runs and events that nobody needs any more, deleted a few at a time.
#include "persistence/shared/retention.hpp"
#include "persistence/shared/definitions.hpp"

#include <algorithm>

#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/writing.hpp"

namespace sequent::persistence::postgres {
namespace {

// Locked, and asked once more whether it has ended: an operator may be repairing it. What another
// node is deleting is left to it.
constexpr std::string_view lock_outdated = R"sql(
  SELECT instance_id FROM instance WHERE instance_id = ANY(?1) AND ended_at < ?2
  ORDER BY instance_id FOR UPDATE SKIP LOCKED
)sql";
constexpr std::string_view delete_attributes = R"sql(
  DELETE FROM instance_attribute a
  USING unnest(?1::text[], ?2::text[], ?3::uuid[]) AS d (name, value, instance_id)
  WHERE a.name = d.name AND a.value = d.value AND a.instance_id = d.instance_id
)sql";
constexpr std::string_view delete_business_keys = R"sql(
  DELETE FROM business_key k
  USING unnest(?1::text[], ?2::bigint[], ?3::uuid[]) AS d (key, workflow_id, instance_id)
  WHERE k.key = d.key AND k.workflow_id = d.workflow_id AND k.instance_id = d.instance_id
)sql";
constexpr std::string_view delete_former_keys = R"sql(
  DELETE FROM business_key_former k
  USING unnest(?1::text[], ?2::bigint[], ?3::uuid[]) AS d (key, workflow_id, instance_id)
  WHERE k.key = d.key AND k.workflow_id = d.workflow_id AND k.instance_id = d.instance_id
)sql";
constexpr std::string_view forget_idempotency_keys = R"sql(
  DELETE FROM idempotency_key k
  USING unnest(?1::text[], ?2::bigint[], ?3::uuid[]) AS d (key, workflow_id, instance_id)
  WHERE k.key = d.key AND k.workflow_id = d.workflow_id AND k.instance_id = d.instance_id
)sql";
constexpr std::string_view delete_mail = R"sql(
  DELETE FROM message m USING unnest(?1::bigint[], ?2::uuid[]) AS d (partition_id, instance_id)
  WHERE m.partition_id = d.partition_id AND m.instance_id = d.instance_id
)sql";
constexpr std::string_view delete_of_instances[] = {
    "DELETE FROM journal WHERE instance_id = ANY(?1)",
    "DELETE FROM snapshot WHERE instance_id = ANY(?1)",
    "DELETE FROM subscription WHERE instance_id = ANY(?1)",
    "DELETE FROM operation_result WHERE instance_id = ANY(?1)",
    "DELETE FROM request WHERE instance_id = ANY(?1)",
    "DELETE FROM instance WHERE instance_id = ANY(?1)",
};
constexpr std::string_view delete_old_events = R"sql(
  DELETE FROM event WHERE event_id IN (
    SELECT e.event_id FROM event e
    WHERE e.settled = 1 AND e.state IN ('delivered', 'started', 'ignored', 'expired')
      AND e.received_at < ?1
      AND NOT EXISTS (SELECT 1 FROM message m WHERE m.event_id = e.event_id)
      AND NOT EXISTS (SELECT 1 FROM collected_event c WHERE c.event_id = e.event_id)
      AND (e.emitted IS NULL
           OR NOT EXISTS (SELECT 1 FROM outbox_sink s WHERE s.cursor < e.emitted))
    ORDER BY e.event_id LIMIT ?2 FOR UPDATE OF e SKIP LOCKED)
)sql";

void delete_runs(Connection& connection, const std::vector<shared::DoomedRun>& runs,
                 Timestamp before) {
  Ids candidates;
  for (const auto& run : runs) candidates.add(run.id);
  std::vector<InstanceId> locked;
  for (Rows rows = connection.query(lock_outdated, candidates, before); rows.next();)
    locked.push_back(rows.id(0));
  Ids ids, attributed, keyed, started;
  Texts names, values, keys, idempotency_keys;
  Integers partitions, keyed_workflows, started_workflows;
  for (const auto& run : runs) {
    if (std::ranges::find(locked, run.id) == locked.end()) continue;
    ids.add(run.id);
    partitions.add(run.id.partition());
    for (const auto& [name, value] : run.attributes) {
      names.add(name);
      values.add(value);
      attributed.add(run.id);
    }
    if (!run.key.empty()) {
      keys.add(run.key);
      keyed_workflows.add(run.workflow);
      keyed.add(run.id);
    }
    if (!run.idempotency_key.empty()) {
      idempotency_keys.add(run.idempotency_key);
      started_workflows.add(run.workflow);
      started.add(run.id);
    }
  }
  connection.run(delete_attributes, names, values, attributed);
  connection.run(delete_business_keys, keys, keyed_workflows, keyed);
  connection.run(delete_former_keys, keys, keyed_workflows, keyed);
  connection.run(forget_idempotency_keys, idempotency_keys, started_workflows, started);
  connection.run(delete_mail, partitions, ids);
  for (const std::string_view statement : delete_of_instances) connection.run(statement, ids);
}

}  // namespace

runtime::Deleted PostgresStore::delete_ended(const runtime::Outdated& outdated, std::size_t limit) {
  const auto runs = reading(readers_, [&](Connection& connection) {
    return shared::doomed_runs(
        connection.query(shared::select_outdated, outdated.workflow_namespace, outdated.name,
                         outdated.after.value_or(InstanceId{}),
                         shared::first_id_at(outdated.before), outdated.before, limit));
  });
  if (runs.empty()) return {};
  writing(writers_, [&](Connection& connection) {
    delete_runs(connection, runs, outdated.before);
    return true;
  });
  return shared::step_done(runs, limit);
}

std::size_t PostgresStore::delete_events(Timestamp before, std::size_t limit) {
  return writing(writers_, [&](Connection& connection) {
    return static_cast<std::size_t>(connection.execute(delete_old_events, before, limit));
  });
}

std::size_t PostgresStore::delete_definitions(Timestamp now) {
  return writing(writers_, [&](Connection& connection) {
    return shared::forget_definitions(connection, now);
  });
}

}  // namespace sequent::persistence::postgres
