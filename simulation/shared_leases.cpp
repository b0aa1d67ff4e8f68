#include "simulation/shared_leases.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::simulation {

using namespace runtime;

Membership SharedLeases::acquire(const Renewal& renewal) {
  SEQUENT_ASSERT(!renewal.node.empty() && renewal.ttl > 0);
  const Timestamp until = renewal.now + renewal.ttl;
  nodes_[renewal.node] = {.until = until, .leaves = renewal.leaves};
  std::erase_if(nodes_, [&](const auto& node) { return node.second.until <= renewal.now; });
  for (auto& row : rows_)
    if (row.owner == renewal.node) row.until = until;
  Membership membership;
  membership.nodes = static_cast<std::size_t>(
      std::ranges::count_if(nodes_, [](const auto& node) { return !node.second.leaves; }));
  const std::size_t sharers = std::max<std::size_t>(1, membership.nodes);
  membership.share = (rows_.size() + sharers - 1) / sharers;
  if (!renewal.leaves) take_free(renewal, membership.share);
  for (std::size_t id = 0; id < rows_.size(); ++id) {
    const auto& row = rows_[id];
    const bool owned = !row.owner.empty() && row.until > renewal.now;
    membership.owners.push_back({.node = owned ? row.owner : "", .epoch = row.epoch});
    if (row.owner == renewal.node)
      membership.leases.push_back({.partition = static_cast<PartitionId>(id), .epoch = row.epoch});
  }
  for (const auto& [name, presence] : nodes_) {
    if (name == renewal.node) continue;
    const DurationMs left = presence.until - renewal.now;
    membership.next_death = std::min(membership.next_death.value_or(left), left);
  }
  return membership;
}

void SharedLeases::take_free(const Renewal& renewal, std::size_t share) {
  auto held = static_cast<std::size_t>(
      std::ranges::count(rows_, renewal.node, [](const Row& row) { return row.owner; }));
  for (auto& row : rows_) {
    if (held >= share) return;
    if (!row.owner.empty() && row.until > renewal.now) continue;
    row = {.owner = renewal.node, .epoch = row.epoch + 1, .until = renewal.now + renewal.ttl};
    ++held;
  }
}

void SharedLeases::give_back(const std::string& node, const Lease& lease) {
  auto& row = rows_.at(lease.partition);
  if (row.owner == node && row.epoch == lease.epoch)
    row = {.owner = "", .epoch = row.epoch + 1, .until = 0};
}

void SharedLeases::release(const std::string& node) {
  nodes_.erase(node);
  for (auto& row : rows_)
    if (row.owner == node) row = {.owner = "", .epoch = row.epoch + 1, .until = 0};
}

}  // namespace sequent::simulation
