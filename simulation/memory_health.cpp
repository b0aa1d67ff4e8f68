#include "simulation/memory_health.hpp"

#include <algorithm>

namespace sequent::simulation {

using namespace runtime;

void MemoryHealth::keep(const InstanceId& id, const std::vector<ParkedCall>& calls) {
  if (calls.empty())
    parked_.erase(id);
  else
    parked_[id] = calls;
}

std::vector<ParkedCall> MemoryHealth::parked_of(const InstanceId& id) const {
  const auto found = parked_.find(id);
  return found == parked_.end() ? std::vector<ParkedCall>{} : found->second;
}

std::vector<StoredCircuit> MemoryHealth::circuits(std::int64_t after) {
  std::vector<StoredCircuit> found;
  for (const auto& [id, circuit] : circuits_)
    if (circuit.revision > after) found.push_back(circuit);
  std::ranges::sort(found, {}, &StoredCircuit::revision);
  return found;
}

std::vector<std::int64_t> MemoryHealth::put_circuits(std::span<const StoredCircuit> circuits) {
  std::vector<std::int64_t> revisions;
  for (const auto& circuit : circuits) {
    auto& known = circuits_[circuit.id];
    const bool fits = known.revision == circuit.revision;
    if (fits) {
      known = circuit;
      known.revision = ++revision_;
    }
    revisions.push_back(fits ? revision_ : 0);
  }
  return revisions;
}

std::vector<ParkedPlace> MemoryHealth::parked(const definition::CircuitId& circuit,
                                              std::span<const PartitionId> partitions,
                                              std::optional<ParkedPlace> after, std::size_t limit) {
  std::vector<ParkedPlace> places;
  for (const auto& [id, calls] : parked_) {
    if (std::ranges::find(partitions, id.partition()) == partitions.end()) continue;
    for (const auto& call : calls) {
      const ParkedPlace place{.deadline = call.deadline == 0 ? INT64_MAX : call.deadline,
                              .id = id,
                              .frame = call.frame};
      if (call.circuit == circuit.text() && (!after || place > *after)) places.push_back(place);
    }
  }
  std::ranges::sort(places);
  if (places.size() > limit) places.resize(limit);
  return places;
}

std::vector<ParkedCount> MemoryHealth::parked_counts(Timestamp risk_before) {
  std::map<std::string, ParkedCount> counts;
  for (const auto& [id, calls] : parked_)
    for (const auto& call : calls) {
      auto& count = counts[call.circuit];
      count.circuit = definition::circuit_from(call.circuit);
      ++count.calls;
      if (count.oldest == 0 || call.parked_at < count.oldest) count.oldest = call.parked_at;
      if (call.deadline == 0) continue;
      if (count.earliest_deadline == 0 || call.deadline < count.earliest_deadline)
        count.earliest_deadline = call.deadline;
      count.at_risk += call.deadline < risk_before ? 1 : 0;
    }
  std::vector<ParkedCount> list;
  for (const auto& [circuit, count] : counts) list.push_back(count);
  return list;
}

}  // namespace sequent::simulation
