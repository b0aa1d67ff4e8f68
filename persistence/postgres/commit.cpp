// One commit: batches of several partitions in one transaction, each fenced by its own epoch.
//
// Usually every fence holds and every start is new. Then the whole transaction, its COMMIT included,
// is one pipeline: one round trip, and two when something must be read in between (held events,
// operations on records, ids of messages). The statements check the assumption themselves and fail
// the transaction when it does not hold; then it is written again step by step.
#include <algorithm>
#include <mutex>
#include <set>

#include "base/assert.hpp"
#include "persistence/postgres/batch_rows.hpp"
#include "persistence/postgres/mail.hpp"
#include "persistence/postgres/parking.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/settling.hpp"
#include "persistence/postgres/writing.hpp"
#include "persistence/shared/claims.hpp"
#include "persistence/shared/commits.hpp"
#include "persistence/shared/moves.hpp"
#include "persistence/shared/operations.hpp"

namespace sequent::persistence::postgres {

using runtime::Batch;
using runtime::BatchResult;
using runtime::InstanceChange;

namespace {

using Known = shared::KnownWorkflows;

constexpr std::string_view last_seq_of = R"sql(
  SELECT last_seq FROM instance WHERE instance_id = ?1
)sql";
// Those that operations will ask for, in one order, so that two batches never wait in a circle.
constexpr std::string_view lock_records = R"sql(
  SELECT 1 FROM unnest(?1::text[], ?2::text[]) AS o (collection, key)
  JOIN record r ON r.collection = o.collection AND r.key = o.key
  ORDER BY r.collection, r.key FOR UPDATE OF r
)sql";

// Runs that had faulted and go on still have their keys, and keep them until the commit.
constexpr std::string_view hold_keys = R"sql(
  SELECT expect(count(*) FILTER (WHERE holder <> run), 0, 'SQ003') FROM (
    SELECT k.instance_id AS holder, i.instance_id AS run FROM instance i
    JOIN business_key k ON k.key = i.key AND k.workflow_id = i.workflow_id
    WHERE i.instance_id = ANY(?1) ORDER BY k.key COLLATE "C", k.workflow_id FOR UPDATE OF k) AS held
)sql";

// Before the rest of it is written: a start in the same batch sees that it goes on.
constexpr std::string_view mark_revived = R"sql(
  UPDATE instance SET status = 'running' WHERE instance_id = ?1
)sql";

shared::WorkflowNumbers numbers_of(const Known& known, const InstanceChange& change) {
  const auto numbers = known.find(*change.start);
  if (!numbers) Connection::begin_anew("a workflow's number was forgotten");
  return *numbers;
}

Fences fences_of(std::span<const Batch> batches) {
  Fences fences;
  for (const Batch& batch : batches) {
    fences.partitions.add(batch.partition);
    fences.epochs.add(batch.epoch);
  }
  return fences;
}

std::vector<BatchResult> empty_results(std::span<const Batch> batches) {
  std::vector<BatchResult> results(batches.size());
  for (std::size_t i = 0; i < batches.size(); ++i)
    results[i].changes.resize(batches[i].changes.size());
  return results;
}

void run_operations(Connection& connection, std::span<const Written> changes) {
  Texts collections, keys;
  for (const auto& [change, result] : changes)
    for (const auto& operation : change->operations) {
      collections.add(text_of(operation.arguments, "collection"));
      keys.add(text_of(operation.arguments, "key"));
    }
  if (keys.empty()) return;
  connection.run(lock_records, collections, keys);
  for (const auto& [change, result] : changes)
    for (const auto& operation : change->operations)
      result->operations.push_back(
          shared::run_operation(connection, change->id, operation, change->at));
}

// Everything but the starts' keys and rows.
void write_changes(Connection& connection, std::span<const Written> changes,
                   std::string_view space) {
  UpdateRows updates;
  JournalRows journals;
  ContentRows content;
  ParkedRows parked;
  for (const auto& [change, result] : changes) {
    SEQUENT_ASSERT((change->first_seq == 0) == (change->last_seq == 0));
    SEQUENT_ASSERT(change->first_seq <= change->last_seq);
    if (!change->start) updates.add(*change);
    journals.add(*change);
    content.add(*change);
    parked.add(*change);
  }
  if (updates.empty())
    journals.append(connection);
  else
    updates.update(connection, journals);
  for (const auto& [change, result] : changes)
    if (change->version) shared::move_run(connection, *change);
  content.write(connection);
  parked.write(connection);
  Subscribing subscribing;
  subscribing.queue(connection, changes, space);
  Sending sending;
  sending.queue(connection, changes);
  if (subscribing.any() || sending.any()) {
    connection.flush();
    sending.read(connection);
    subscribing.take_held(connection);
  }
  run_operations(connection, changes);
  content.forget_results(connection);
  Emitting emitting;
  emitting.queue(connection, changes);
  if (!emitting.any()) return;
  connection.flush();
  emitting.read(connection);
}

std::vector<BatchResult> write_at_once(Connection& connection, std::span<const Batch> batches,
                                       const Known& known, std::string_view space) {
  auto results = empty_results(batches);
  std::vector<Written> changes;
  StartRows starts;
  Ids revived;
  for (std::size_t b = 0; b < batches.size(); ++b)
    for (std::size_t c = 0; c < batches[b].changes.size(); ++c) {
      const InstanceChange& change = batches[b].changes[c];
      changes.push_back({&change, &results[b].changes[c]});
      if (change.start) starts.add(change, numbers_of(known, change));
      if (change.revives) revived.add(change.id);
    }
  if (!revived.empty()) connection.queue(hold_keys, revived);
  starts.claim_keys(connection);
  starts.insert(connection);
  write_changes(connection, changes, space);
  return results;
}

// Fenced batches are left out, refused starts leave nothing; the rest is written as ever.
std::vector<BatchResult> write_step_by_step(Connection& connection, std::span<const Batch> batches,
                                            const Known& known, std::string_view space) {
  auto results = empty_results(batches);
  const Fences fences = fences_of(batches);
  std::set<std::int64_t> owned;
  {
    Rows rows = connection.query(hold_fences, fences.partitions, fences.epochs);
    while (rows.next()) owned.insert(rows.integer(0));
  }
  std::vector<Written> changes;
  for (std::size_t b = 0; b < batches.size(); ++b) {
    if (!owned.contains(batches[b].partition)) {
      results[b].fenced = true;
      results[b].changes.clear();
      continue;
    }
    for (std::size_t c = 0; c < batches[b].changes.size(); ++c) {
      const InstanceChange& change = batches[b].changes[c];
      runtime::ChangeResult& result = results[b].changes[c];
      if (change.start) {
        const auto numbers = numbers_of(known, change);
        result.taken = shared::claim_keys(connection, change, numbers.workflow);
        if (result.taken) continue;
        StartRows start;
        start.add(change, numbers);
        start.insert(connection);
      } else if (change.revives) {
        result.taken = shared::other_holder(connection, change.id);
        if (result.taken) continue;
        connection.run(mark_revived, change.id);
      }
      changes.push_back({&change, &result});
    }
  }
  write_changes(connection, changes, space);
  return results;
}

void check_shape(std::span<const Batch> batches) {
  for (const Batch& batch : batches)
    for (const InstanceChange& change : batch.changes)
      SEQUENT_ASSERT(change.id.partition() == batch.partition);
}

}  // namespace

std::vector<BatchResult> PostgresStore::commit(std::span<const Batch> batches) {
  check_shape(batches);
  learn_workflows(batches);
  const Fences fences = fences_of(batches);
  const auto write = [&](auto how, const Fences* held) {
    Settling settling{settling_};
    const auto body = [&](Connection& connection) {
      auto written = how(connection, batches, known_workflows_, address_.schema);
      settling.queue(connection);
      return written;
    };
    auto results = writing(writers_, body, held);
    settling.done();
    if (shared::has_emitted(results)) emitted_.ring();
    return results;
  };
  try {
    return write(write_at_once, &fences);
  } catch (const SqlError& error) {
    if (error.state == history_differs) fail_history(batches, error);
    if (error.state != fence_broken && error.state != start_taken) throw;
  }
  try {
    return write(write_step_by_step, nullptr);
  } catch (const SqlError& error) {
    if (error.state == history_differs) fail_history(batches, error);
    throw;
  }
}

// Workflows that nobody has numbered yet get their numbers first, in a transaction of its own.
void PostgresStore::learn_workflows(std::span<const Batch> batches) {
  for (const Batch& batch : batches)
    for (const InstanceChange& change : batch.changes) {
      if (!change.start || known_workflows_.find(*change.start)) continue;
      const auto numbers = writing(writers_, [&](Connection& connection) {
        return shared::number_workflow(connection, *change.start);
      });
      known_workflows_.remember(*change.start, numbers);
    }
}

void PostgresStore::fail_history(std::span<const Batch> batches, const SqlError& error) {
  reading(readers_, [&](Connection& connection) {
    for (const Batch& batch : batches)
      for (const InstanceChange& change : batch.changes) {
        if (change.start) continue;
        Rows rows = connection.query(last_seq_of, change.id);
        std::optional<std::int64_t> stored;
        if (rows.next()) stored = rows.integer(0);
        const bool fits = stored && (change.first_seq == 0 ||
                                     *stored + 1 == static_cast<std::int64_t>(change.first_seq));
        if (!fits) throw shared::history_failure(change, stored);
      }
    return true;
  });
  throw SqlError{error};
}

}  // namespace sequent::persistence::postgres
