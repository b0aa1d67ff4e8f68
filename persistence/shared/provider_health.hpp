#pragma once
// Circuits of providers and queues of parked calls, in every database.
#include <span>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "engine/runtime/provider_health.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view select_circuits = R"sql(
  SELECT provider, account, operation_class, revision, state FROM provider_circuit
  WHERE revision > ?1 ORDER BY revision LIMIT 10000
)sql";
inline constexpr std::string_view newest_revision = R"sql(
  SELECT coalesce(max(revision), 0) FROM provider_circuit
)sql";
inline constexpr std::string_view insert_circuit = R"sql(
  INSERT INTO provider_circuit (provider, account, operation_class, revision, state)
  VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view update_circuit = R"sql(
  UPDATE provider_circuit SET revision = ?4, state = ?5
  WHERE provider = ?1 AND account = ?2 AND operation_class = ?3 AND revision = ?6
)sql";
inline constexpr std::string_view count_parked = R"sql(
  SELECT circuit, count(*), min(parked_at), min(deadline), count(*) FILTER (WHERE deadline < ?1)
  FROM parked_call GROUP BY circuit ORDER BY circuit LIMIT 10000
)sql";

/// Without a deadline a call comes after all that have one.
[[nodiscard]] inline std::int64_t stored_deadline(const runtime::ParkedCall& call) {
  return call.deadline == 0 ? INT64_MAX : call.deadline;
}

template <class Connection>
std::vector<runtime::StoredCircuit> circuits_after(Connection& connection, std::int64_t after) {
  auto rows = connection.query(select_circuits, after);
  std::vector<runtime::StoredCircuit> found;
  while (rows.next())
    found.push_back({.id = {rows.text(0), rows.text(1), rows.text(2)},
                     .revision = rows.integer(3),
                     .state = rows.text(4)});
  return found;
}

/// Whoever calls this is the only writer of the table until the transaction ends.
template <class Connection>
std::vector<std::int64_t> put_circuits(Connection& connection,
                                       std::span<const runtime::StoredCircuit> circuits) {
  std::int64_t revision = 0;
  {
    auto rows = connection.query(newest_revision);
    const bool found = rows.next();
    SEQUENT_ASSERT(found);
    revision = rows.integer(0);
  }
  std::vector<std::int64_t> revisions;
  for (const auto& circuit : circuits) {
    const auto& [provider, account, operation_class] = circuit.id;
    const std::int64_t changed =
        circuit.revision == 0
            ? connection.execute(insert_circuit, provider, account, operation_class, revision + 1,
                                 circuit.state)
            : connection.execute(update_circuit, provider, account, operation_class, revision + 1,
                                 circuit.state, circuit.revision);
    revisions.push_back(changed == 1 ? ++revision : 0);
  }
  return revisions;
}

template <class Rows>
std::vector<runtime::ParkedPlace> places_in(Rows rows) {
  std::vector<runtime::ParkedPlace> places;
  while (rows.next())
    places.push_back({.deadline = rows.integer(0),
                      .id = rows.id(1),
                      .frame = static_cast<std::uint32_t>(rows.integer(2))});
  return places;
}

template <class Connection>
std::vector<runtime::ParkedCount> parked_counts(Connection& connection, Timestamp risk_before) {
  auto rows = connection.query(count_parked, risk_before);
  std::vector<runtime::ParkedCount> counts;
  while (rows.next()) {
    runtime::ParkedCount count{.circuit = definition::circuit_from(rows.view(0)),
                               .calls = rows.integer(1),
                               .oldest = rows.integer(2),
                               .earliest_deadline = rows.integer(3),
                               .at_risk = rows.integer(4)};
    if (count.earliest_deadline == INT64_MAX) count.earliest_deadline = 0;
    counts.push_back(std::move(count));
  }
  return counts;
}

}  // namespace sequent::persistence::shared
