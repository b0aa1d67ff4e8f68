#pragma once
// What all partitions of a node share: configuration, ports, definitions, counters, health, and the
// table of the partitions that it owns. Built by Engine; nothing in it is global.
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "engine/runtime/call_limit.hpp"
#include "engine/runtime/committer.hpp"
#include "engine/runtime/definitions.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/leftovers.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/stats.hpp"
#include "engine/runtime/watch.hpp"

namespace sequent::runtime {

class Partition;

/// Who is degraded and why: partitions that recover, and the store until it takes writes again.
/// threads  any
class HealthBoard {
 public:
  void store_failed(std::string why);
  void store_works();
  void degrade(PartitionId partition, std::string why);
  void recover(PartitionId partition);
  [[nodiscard]] bool degraded() const;
  [[nodiscard]] std::string detail() const;

 private:
  mutable std::mutex mutex_;
  std::map<PartitionId, std::string> broken_;
  std::string store_broken_;  // why; empty = it works
};

struct Node : std::enable_shared_from_this<Node> {
  Node(EngineConfig config, Ports ports, boost::asio::any_io_executor executor, EngineParts parts);

  EngineConfig config;
  Ports ports;
  boost::asio::any_io_executor executor;
  EngineParts parts;
  machine::Surroundings surroundings;
  Definitions definitions;
  Stats stats;
  HealthBoard health;
  std::shared_ptr<CallLimit> calls;
  std::shared_ptr<WatchHub> watches;
  std::shared_ptr<Committer> committer;
  std::shared_ptr<Leftovers> leftovers;
  std::atomic<bool> ready = false;
  std::atomic<bool> stopping = false;  // no new starts, no new calls
  std::atomic<bool> closed = false;    // the ports may be gone: touch nothing

  /// The owned partition, or null: another node has it.
  [[nodiscard]] std::shared_ptr<Partition> partition(PartitionId id) const;
  [[nodiscard]] std::vector<std::shared_ptr<Partition>> partitions() const;
  /// An owned partition for a new instance, each in turn; null when there is none.
  [[nodiscard]] std::shared_ptr<Partition> next_partition();
  [[nodiscard]] std::size_t owned() const;
  /// Makes the table fit the leases: new ones are recovered, lost ones dropped.
  void adopt(const std::vector<Lease>& leases);
  void forget(PartitionId id);
  void forget_all();
  /// Hands messages to the partitions of the instances they are for.
  void deliver(std::vector<StoredMessage> messages);

 private:
  mutable std::shared_mutex mutex_;
  std::vector<std::shared_ptr<Partition>> table_;  // by id; null = not ours
  std::vector<std::shared_ptr<Partition>> owned_;
  std::atomic<std::size_t> turn_ = 0;
};

}  // namespace sequent::runtime
