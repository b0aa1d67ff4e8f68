#pragma once
// What a store in memory knows of providers: their circuits, and the calls that are parked.
// threads  one
#include <map>

#include "engine/runtime/provider_health.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::simulation {

class MemoryHealth final : public runtime::ProviderHealth {
 public:
  /// With the checkpoint of the instance: all of its parked calls.
  void keep(const InstanceId& id, const std::vector<runtime::ParkedCall>& calls);
  [[nodiscard]] std::vector<runtime::ParkedCall> parked_of(const InstanceId& id) const;

  [[nodiscard]] std::vector<runtime::StoredCircuit> circuits(std::int64_t after) override;
  [[nodiscard]] std::vector<std::int64_t> put_circuits(
      std::span<const runtime::StoredCircuit> circuits) override;
  [[nodiscard]] std::vector<runtime::ParkedPlace> parked(const definition::CircuitId& circuit,
                                                         std::span<const PartitionId> partitions,
                                                         std::optional<runtime::ParkedPlace> after,
                                                         std::size_t limit) override;
  [[nodiscard]] std::vector<runtime::ParkedCount> parked_counts(Timestamp risk_before) override;

 private:
  std::map<definition::CircuitId, runtime::StoredCircuit> circuits_;
  std::map<InstanceId, std::vector<runtime::ParkedCall>> parked_;
  std::int64_t revision_ = 0;
};

}  // namespace sequent::simulation
