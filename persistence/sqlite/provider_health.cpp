// Circuits of providers, and the queues of parked calls.
#include <mutex>

#include "base/json.hpp"
#include "persistence/shared/provider_health.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "persistence/sqlite/writes.hpp"

namespace sequent::persistence {

namespace {

constexpr std::string_view forget_parked = R"sql(
  DELETE FROM parked_call WHERE instance_id = ?1
)sql";
constexpr std::string_view insert_parked = R"sql(
  INSERT INTO parked_call (instance_id, frame, partition_id, circuit, deadline, parked_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)
)sql";
// One node owns all partitions of this store, but whoever asks may ask for some of them.
constexpr std::string_view select_parked = R"sql(
  SELECT deadline, instance_id, frame FROM parked_call
  WHERE circuit = ?1 AND (deadline, instance_id, frame) > (?2, ?3, ?4)
    AND partition_id IN (SELECT value FROM json_each(?5))
  ORDER BY deadline, instance_id, frame LIMIT ?6
)sql";

}  // namespace

void replace_parked(Connection& connection, const InstanceId& instance,
                    std::span<const runtime::ParkedCall> calls) {
  connection.execute(forget_parked, instance);
  for (const auto& call : calls)
    connection.execute(insert_parked, instance, call.frame, instance.partition(), call.circuit,
                       shared::stored_deadline(call), call.parked_at);
}

std::vector<runtime::StoredCircuit> SqliteStore::circuits(std::int64_t after) {
  const auto connection = pool_.borrow();
  return shared::circuits_after(*connection, after);
}

std::vector<std::int64_t> SqliteStore::put_circuits(
    std::span<const runtime::StoredCircuit> circuits) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_};
  auto revisions = shared::put_circuits(*writer_, circuits);
  transaction.commit();
  checkpointer_.after_commit();
  return revisions;
}

std::vector<runtime::ParkedPlace> SqliteStore::parked(const definition::CircuitId& circuit,
                                                      std::span<const PartitionId> partitions,
                                                      std::optional<runtime::ParkedPlace> after,
                                                      std::size_t limit) {
  const auto from = after.value_or(runtime::ParkedPlace{.deadline = INT64_MIN});
  const Json wanted(std::vector<PartitionId>(partitions.begin(), partitions.end()));
  const auto connection = pool_.borrow();
  return shared::places_in(connection->query(select_parked, circuit.text(), from.deadline, from.id,
                                             from.frame, wanted.dump(), limit));
}

std::vector<runtime::ParkedCount> SqliteStore::parked_counts(Timestamp risk_before) {
  const auto connection = pool_.borrow();
  return shared::parked_counts(*connection, risk_before);
}

}  // namespace sequent::persistence
