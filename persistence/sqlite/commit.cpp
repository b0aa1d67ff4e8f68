// One commit: batches of several partitions in one transaction, each fenced by its own epoch.
#include <algorithm>
#include <mutex>

#include "base/assert.hpp"
#include "persistence/shared/claims.hpp"
#include "persistence/shared/commits.hpp"
#include "persistence/shared/moves.hpp"
#include "persistence/shared/operations.hpp"
#include "persistence/shared/requests.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "persistence/sqlite/writes.hpp"

namespace sequent::persistence {

using runtime::Batch;
using runtime::BatchResult;
using runtime::ChangeResult;
using runtime::InstanceChange;
using runtime::InstanceRow;

namespace {

// No row: another owner has the partition. BEGIN IMMEDIATE keeps the row still until our commit.
constexpr std::string_view fence_partition = R"sql(
  SELECT 1 FROM partition WHERE partition_id = ?1 AND epoch = ?2
)sql";

// status and wake_at are what the indexes hold; most checkpoints of a run under way change neither.
// Naming them in WHERE and not in SET leaves the indexes alone, which is a third of the work.
constexpr std::string_view update_instance_row = R"sql(
  UPDATE instance SET last_seq = max(last_seq, ?2), updated_at = ?3, ended_at = ?4, task = ?5,
         waiting_kind = ?6, waiting_detail = ?7, provider = ?8, operation = ?9, park_reason = ?10,
         error_type = ?11, error_status = ?12, error_title = ?13, parked_at = ?14, deadline = ?15,
         key_born_at = ?16, completed_tasks = ?17, attempts = ?18
  WHERE instance_id = ?1 AND (last_seq = ?19 OR ?2 = 0) AND status = ?20 AND wake_at IS ?21
)sql";
constexpr std::string_view update_instance_row_and_indexes = R"sql(
  UPDATE instance SET last_seq = max(last_seq, ?2), updated_at = ?3, ended_at = ?4, task = ?5,
         waiting_kind = ?6, waiting_detail = ?7, provider = ?8, operation = ?9, park_reason = ?10,
         error_type = ?11, error_status = ?12, error_title = ?13, parked_at = ?14, deadline = ?15,
         key_born_at = ?16, completed_tasks = ?17, attempts = ?18, status = ?20, wake_at = ?21
  WHERE instance_id = ?1 AND (last_seq = ?19 OR ?2 = 0)
)sql";
// The primary key (instance_id, last_seq) refuses a second history.
constexpr std::string_view append_journal = R"sql(
  INSERT INTO journal (instance_id, last_seq, at_ms, records) VALUES (?1, ?2, ?3, ?4)
)sql";
constexpr std::string_view replace_snapshot = R"sql(
  INSERT INTO snapshot (instance_id, last_seq, state) VALUES (?1, ?2, ?3)
  ON CONFLICT (instance_id) DO UPDATE SET last_seq = excluded.last_seq, state = excluded.state
)sql";
constexpr std::string_view delete_results = R"sql(
  DELETE FROM operation_result WHERE instance_id = ?1
)sql";
constexpr std::string_view last_seq_of = R"sql(
  SELECT last_seq FROM instance WHERE instance_id = ?1
)sql";

std::int64_t update_with(Connection& connection, std::string_view sql, const InstanceChange& c) {
  const InstanceRow& row = c.row;
  const auto wake_at = null_if_never(row.wake_at);
  const std::uint64_t stored_seq = c.first_seq == 0 ? 0 : c.first_seq - 1;
  return connection.execute(sql, c.id, c.last_seq, row.updated_at, null_if_zero(row.ended_at),
                            row.task, row.waiting_kind, row.waiting_detail, row.provider,
                            row.operation, row.park_reason, row.error_type, row.error_status,
                            row.error_title, null_if_zero(row.parked_at),
                            null_if_zero(row.deadline), null_if_zero(row.key_born_at),
                            row.completed_tasks, row.attempts, stored_seq, row.status, wake_at);
}

// The whole transaction goes: half of a batch would be worse than none.
[[noreturn]] void fail_history(Connection& connection, const InstanceChange& change) {
  std::optional<std::int64_t> stored;
  Rows rows = connection.query(last_seq_of, change.id);
  if (rows.next()) stored = rows.integer(0);
  throw shared::history_failure(change, stored);
}

void update_instance(Connection& connection, const InstanceChange& change) {
  if (!change.ended && update_with(connection, update_instance_row, change) == 1) return;
  if (update_with(connection, update_instance_row_and_indexes, change) != 1)
    fail_history(connection, change);
}

void write_journal(Connection& connection, const InstanceChange& change) {
  if (change.last_seq > 0)
    connection.execute(append_journal, change.id, change.last_seq, change.at, change.records);
  if (change.snapshot) {
    SEQUENT_ASSERT(change.last_seq > 0);  // a snapshot is the fold up to the last record
    connection.execute(replace_snapshot, change.id, change.last_seq, *change.snapshot);
  }
}

void write_mail(Connection& connection, const InstanceChange& change, ChangeResult& result) {
  if (change.subscriptions)
    result.messages =
        replace_subscriptions(connection, change.id, *change.subscriptions, change.at);
  for (const std::int64_t message_id : change.consumed_messages)
    consume_message(connection, change.id, message_id);
  for (const runtime::Message& message : change.messages)
    if (auto sent = send_message(connection, message)) result.sent.push_back(std::move(*sent));
  for (const Json& event : change.emitted)
    result.emitted.push_back(store_emitted(connection, event, change.at));
  for (const runtime::RequestRow& request : change.requests)
    shared::store_request(connection, change.id, request, change.at);
}

ChangeResult write_change(Connection& connection, shared::KnownWorkflows& known,
                          const InstanceChange& change) {
  SEQUENT_ASSERT((change.first_seq == 0) == (change.last_seq == 0));
  SEQUENT_ASSERT(change.first_seq <= change.last_seq);
  ChangeResult result;
  if (change.start) {
    result.taken = start_instance(connection, known, change);
    if (result.taken) return result;
  } else {
    if (change.revives) result.taken = shared::other_holder(connection, change.id);
    if (result.taken) return result;
    update_instance(connection, change);
  }
  if (change.version) shared::move_run(connection, change);
  write_journal(connection, change);
  if (change.parked) replace_parked(connection, change.id, *change.parked);
  for (const runtime::StoreOperation& operation : change.operations)
    result.operations.push_back(shared::run_operation(connection, change.id, operation, change.at));
  write_mail(connection, change, result);
  if (change.ended) connection.execute(delete_results, change.id);
  return result;
}

bool owns(Connection& connection, const Batch& batch) {
  Rows rows = connection.query(fence_partition, batch.partition, batch.epoch);
  return rows.next();
}

}  // namespace

std::vector<BatchResult> SqliteStore::commit(std::span<const Batch> batches) {
  const std::lock_guard turn{turn_};
  std::vector<BatchResult> results;
  results.reserve(batches.size());
  Transaction transaction{*writer_, forget_cached()};
  for (const Batch& batch : batches) results.push_back(commit_batch(batch));
  write_settled();
  transaction.commit();
  settled_.clear();
  checkpointer_.after_commit();
  if (shared::has_emitted(results)) emitted_.ring();
  return results;
}

BatchResult SqliteStore::commit_batch(const Batch& batch) {
  BatchResult result;
  if (!owns(*writer_, batch)) {
    result.fenced = true;
    return result;
  }
  std::vector<InstanceId> refused;
  result.changes.reserve(batch.changes.size());
  for (const InstanceChange& change : batch.changes) {
    SEQUENT_ASSERT(change.id.partition() == batch.partition);
    // A caller hears that it was refused before it goes on with the run.
    SEQUENT_ASSERT(std::find(refused.begin(), refused.end(), change.id) == refused.end());
    result.changes.push_back(write_change(*writer_, known_workflows_, change));
    if (result.changes.back().taken) refused.push_back(change.id);
  }
  SEQUENT_ASSERT(result.changes.size() == batch.changes.size());
  return result;
}

std::function<void()> SqliteStore::forget_cached() {
  return [this] { known_workflows_.forget(); };
}

}  // namespace sequent::persistence
