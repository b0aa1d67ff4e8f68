// Runs and events that nobody needs any more, deleted between two commits.
#include "persistence/shared/retention.hpp"

#include <mutex>

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {
namespace {

constexpr std::string_view delete_attribute = R"sql(
  DELETE FROM instance_attribute WHERE name = ?1 AND value = ?2 AND instance_id = ?3
)sql";
constexpr std::string_view delete_business_key = R"sql(
  DELETE FROM business_key WHERE key = ?1 AND workflow_id = ?2 AND instance_id = ?3
)sql";
constexpr std::string_view delete_former_key = R"sql(
  DELETE FROM business_key_former WHERE key = ?1 AND workflow_id = ?2 AND instance_id = ?3
)sql";
constexpr std::string_view delete_key_of_run = R"sql(
  DELETE FROM idempotency_key WHERE key = ?1 AND workflow_id = ?2 AND instance_id = ?3
)sql";
constexpr std::string_view delete_mail = R"sql(
  DELETE FROM message WHERE partition_id = ?1 AND instance_id = ?2
)sql";
constexpr std::string_view delete_of_instance[] = {
    "DELETE FROM journal WHERE instance_id = ?1",
    "DELETE FROM snapshot WHERE instance_id = ?1",
    "DELETE FROM subscription WHERE instance_id = ?1",
    "DELETE FROM operation_result WHERE instance_id = ?1",
    "DELETE FROM request WHERE instance_id = ?1",
    "DELETE FROM instance WHERE instance_id = ?1",
};
constexpr std::string_view delete_old_events = R"sql(
  DELETE FROM event WHERE event_id IN (
    SELECT e.event_id FROM event e
    WHERE e.settled = 1 AND e.state IN ('delivered', 'started', 'ignored', 'expired')
      AND e.received_at < ?1
      AND NOT EXISTS (SELECT 1 FROM message m WHERE m.event_id = e.event_id)
      AND NOT EXISTS (SELECT 1 FROM collected_event c WHERE c.event_id = e.event_id)
      AND (e.origin <> 'emit'
           OR NOT EXISTS (SELECT 1 FROM outbox_sink s WHERE s.cursor < e.event_id))
    ORDER BY e.event_id LIMIT ?2)
)sql";

void delete_run(Connection& connection, const shared::DoomedRun& run) {
  for (const auto& [name, value] : run.attributes)
    connection.run(delete_attribute, name, value, run.id);
  if (!run.key.empty()) {
    connection.run(delete_business_key, run.key, run.workflow, run.id);
    connection.run(delete_former_key, run.key, run.workflow, run.id);
  }
  if (!run.idempotency_key.empty())
    connection.run(delete_key_of_run, run.idempotency_key, run.workflow, run.id);
  connection.run(delete_mail, run.id.partition(), run.id);
  for (const std::string_view statement : delete_of_instance) connection.run(statement, run.id);
}

}  // namespace

runtime::Deleted SqliteStore::delete_ended(const runtime::Outdated& outdated, std::size_t limit) {
  const std::lock_guard turn{turn_};
  const auto runs = shared::doomed_runs(
      writer_->query(shared::select_outdated, outdated.workflow_namespace, outdated.name,
                     outdated.after.value_or(InstanceId{}), shared::first_id_at(outdated.before),
                     outdated.before, limit));
  if (runs.empty()) return {};  // the usual case: nothing is written
  Transaction transaction{*writer_, forget_cached()};
  for (const auto& run : runs) delete_run(*writer_, run);
  transaction.commit();
  checkpointer_.after_commit();
  return shared::step_done(runs, limit);
}

std::size_t SqliteStore::delete_events(Timestamp before, std::size_t limit) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  const auto deleted = writer_->execute(delete_old_events, before, limit);
  if (deleted > 0) transaction.commit();
  checkpointer_.after_commit();
  return static_cast<std::size_t>(deleted);
}

}  // namespace sequent::persistence
