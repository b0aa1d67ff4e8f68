#include "simulation/memory_exchange.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::simulation {

using namespace runtime;

void MemoryExchange::deliver(const std::string& node, const std::string& text) {
  // Whoever listens no more when it arrives hears nothing.
  auto arrive = [this, node, text] {
    const auto listener = listeners_.find(node);
    if (listener == listeners_.end()) return;
    const auto heard = listener->second;  // it may stop listening meanwhile
    heard(text);
  };
  if (carry_) return carry_(node, std::move(arrive));
  arrive();
}

void MemoryExchange::tell(std::span<const Note> notes) {
  for (const auto& note : notes) {
    SEQUENT_ASSERT(!note.text.empty() && note.text.size() <= most_note_bytes);
    ++told_;
    if (!note.to.empty()) {
      deliver(note.to, note.text);
      continue;
    }
    std::vector<std::string> all;
    for (const auto& [node, heard] : listeners_) all.push_back(node);
    for (const auto& node : all) deliver(node, note.text);
  }
}

void MemoryExchange::listen(const std::string& node, std::function<void(std::string)> heard) {
  if (heard)
    listeners_[node] = std::move(heard);
  else
    listeners_.erase(node);
}

void MemoryExchange::post(std::span<const Parcel> parcels) {
  for (const auto& parcel : parcels) {
    parcels_.try_emplace(parcel.id, Kept{parcel, clock_.now() + parcel.ttl});
    if (!parcel.to.empty()) deliver(parcel.to, parcel_note);
  }
}

bool MemoryExchange::is_for(const Kept& kept, const std::string& node,
                            std::span<const PartitionId> partitions) const {
  if (kept.until <= clock_.now()) return false;
  if (kept.parcel.to == node) return true;
  return kept.parcel.partition &&
         std::ranges::find(partitions, *kept.parcel.partition) != partitions.end();
}

bool MemoryExchange::holds_for(const std::string& node,
                               std::span<const PartitionId> partitions) const {
  return std::ranges::any_of(
      parcels_, [&](const auto& entry) { return is_for(entry.second, node, partitions); });
}

std::vector<Parcel> MemoryExchange::collect(const std::string& node,
                                            std::span<const PartitionId> partitions,
                                            std::size_t limit) {
  std::vector<Parcel> taken;
  std::erase_if(parcels_, [&](const auto& entry) {
    if (entry.second.until <= clock_.now()) return true;
    if (taken.size() == limit || !is_for(entry.second, node, partitions)) return false;
    taken.push_back(entry.second.parcel);
    return true;
  });
  return taken;
}

}  // namespace sequent::simulation
