#pragma once
// Leases of a store that several nodes share, each partition with its own owner and epoch, as
// engine/runtime/store.hpp promises them.
// threads  one
#include <map>
#include <string>
#include <vector>

#include "engine/runtime/store.hpp"

namespace sequent::simulation {

class SharedLeases {
 public:
  explicit SharedLeases(PartitionId partitions) : rows_(partitions) {}

  [[nodiscard]] runtime::Membership acquire(const runtime::Renewal& renewal);
  void give_back(const std::string& node, const runtime::Lease& lease);
  void release(const std::string& node);

  [[nodiscard]] Epoch epoch(PartitionId id) const { return rows_.at(id).epoch; }
  [[nodiscard]] const std::string& owner(PartitionId id) const { return rows_.at(id).owner; }

 private:
  struct Row {
    std::string owner;
    Epoch epoch = 1;
    Timestamp until = 0;
  };
  struct Presence {
    Timestamp until = 0;
    bool leaves = false;
  };
  void take_free(const runtime::Renewal& renewal, std::size_t share);

  std::vector<Row> rows_;
  std::map<std::string, Presence> nodes_;
};

}  // namespace sequent::simulation
