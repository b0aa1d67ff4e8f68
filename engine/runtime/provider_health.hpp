#pragma once
// What the store knows of providers: the state of each circuit, one for all nodes, and the calls that
// are parked (InstanceChange::parked), in the order in which they are to be let go.
// threads  blocking, called on the read threads
// errors   StoreFailure
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "engine/definition/circuit_id.hpp"

namespace sequent::runtime {

struct StoredCircuit {
  definition::CircuitId id;
  std::int64_t revision = 0;  // rises over all circuits with each write
  std::string state;          // outages::encode()
};

/// A parked call's place in the queue of its circuit: earlier deadlines first (none comes last), then
/// older runs, as ids rise with time.
struct ParkedPlace {
  Timestamp deadline = INT64_MAX;
  InstanceId id;
  std::uint32_t frame = 0;
  auto operator<=>(const ParkedPlace&) const = default;
};

struct ParkedCount {
  definition::CircuitId circuit;
  std::int64_t calls = 0;
  Timestamp oldest = 0;             // parked_at
  Timestamp earliest_deadline = 0;  // 0 = none has one
  std::int64_t at_risk = 0;         // whose deadline is before the time asked about
};

class ProviderHealth {
 public:
  virtual ~ProviderHealth() = default;

  /// Those written since revision `after`, in the order of their revisions.
  [[nodiscard]] virtual std::vector<StoredCircuit> circuits(std::int64_t after) = 0;
  /// Writes each circuit whose stored revision is still the one given (0 = there is none); returns
  /// the new revisions, 0 = it was written by somebody else meanwhile. One transaction.
  [[nodiscard]] virtual std::vector<std::int64_t> put_circuits(
      std::span<const StoredCircuit> circuits) = 0;
  /// The queue of a circuit after `after`, of these partitions alone, at most `limit`.
  [[nodiscard]] virtual std::vector<ParkedPlace> parked(const definition::CircuitId& circuit,
                                                        std::span<const PartitionId> partitions,
                                                        std::optional<ParkedPlace> after,
                                                        std::size_t limit) = 0;
  /// By circuit; `risk_before` says which deadlines count as at risk.
  [[nodiscard]] virtual std::vector<ParkedCount> parked_counts(Timestamp risk_before) = 0;
};

}  // namespace sequent::runtime
