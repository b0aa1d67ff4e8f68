// Circuits of providers, and the queues of parked calls.
#include "persistence/shared/provider_health.hpp"

#include "persistence/postgres/parking.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/writing.hpp"

namespace sequent::persistence::postgres {

namespace {

// Revisions rise in the order of commits, so that a reader that asks for those after the last one it
// knows passes over none. Circuits change rarely: writers may well wait for each other.
constexpr std::string_view hold_circuits = R"sql(
  LOCK TABLE provider_circuit IN SHARE ROW EXCLUSIVE MODE
)sql";
constexpr std::string_view forget_parked = R"sql(
  DELETE FROM parked_call WHERE instance_id = ANY(?1)
)sql";
constexpr std::string_view insert_parked = R"sql(
  INSERT INTO parked_call (instance_id, frame, partition_id, circuit, deadline, parked_at)
  SELECT * FROM unnest(?1::uuid[], ?2::bigint[], ?3::bigint[], ?4::text[], ?5::bigint[],
                       ?6::bigint[])
)sql";
constexpr std::string_view select_parked = R"sql(
  SELECT deadline, instance_id, frame FROM parked_call
  WHERE circuit = ?1 AND (deadline, instance_id, frame) > (?2, ?3, ?4) AND partition_id = ANY(?5)
  ORDER BY deadline, instance_id, frame LIMIT ?6
)sql";

}  // namespace

void ParkedRows::add(const runtime::InstanceChange& change) {
  if (!change.parked) return;
  if (!change.start) changed_.add(change.id);
  for (const auto& call : *change.parked) {
    id_.add(change.id);
    frame_.add(std::int64_t{call.frame});
    partition_.add(std::int64_t{change.id.partition()});
    circuit_.add(call.circuit);
    deadline_.add(shared::stored_deadline(call));
    parked_at_.add(call.parked_at);
  }
}

void ParkedRows::write(Connection& connection) const {
  if (!changed_.empty()) connection.run(forget_parked, changed_);
  if (!id_.empty())
    connection.run(insert_parked, id_, frame_, partition_, circuit_, deadline_, parked_at_);
}

std::vector<runtime::StoredCircuit> PostgresStore::circuits(std::int64_t after) {
  return reading(readers_, [&](Connection& c) { return shared::circuits_after(c, after); });
}

std::vector<std::int64_t> PostgresStore::put_circuits(
    std::span<const runtime::StoredCircuit> circuits) {
  return writing(writers_, [&](Connection& c) {
    c.run(hold_circuits);
    return shared::put_circuits(c, circuits);
  });
}

std::vector<runtime::ParkedPlace> PostgresStore::parked(const definition::CircuitId& circuit,
                                                        std::span<const PartitionId> partitions,
                                                        std::optional<runtime::ParkedPlace> after,
                                                        std::size_t limit) {
  const auto from = after.value_or(runtime::ParkedPlace{.deadline = INT64_MIN});
  Integers wanted;
  for (const PartitionId partition : partitions) wanted.add(std::int64_t{partition});
  return reading(readers_, [&](Connection& c) {
    return shared::places_in(
        c.query(select_parked, circuit.text(), from.deadline, from.id, from.frame, wanted, limit));
  });
}

std::vector<runtime::ParkedCount> PostgresStore::parked_counts(Timestamp risk_before) {
  return reading(readers_, [&](Connection& c) { return shared::parked_counts(c, risk_before); });
}

}  // namespace sequent::persistence::postgres
