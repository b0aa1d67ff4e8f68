#pragma once
// What all partitions of a node share: configuration, ports, definitions, counters, health, and the
// table of the partitions that it owns. Built by Engine; nothing in it is global.
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/bell.hpp"
#include "engine/runtime/call_limit.hpp"
#include "engine/runtime/committer.hpp"
#include "engine/runtime/definitions.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/leftovers.hpp"
#include "engine/runtime/outages.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/stats.hpp"
#include "engine/runtime/tenure.hpp"
#include "engine/runtime/watch.hpp"

namespace sequent::runtime {

class Cluster;
class Partition;
class Schedules;

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
  std::string self;  // how the store knows this process
  machine::Surroundings surroundings;
  Definitions definitions;
  Stats stats;
  HealthBoard health;
  std::shared_ptr<CallLimit> calls;
  std::shared_ptr<WatchHub> watches;
  std::shared_ptr<Cluster> cluster;  // null: the store has one node
  std::shared_ptr<Tenure> tenure;
  std::shared_ptr<Committer> committer;  // the first one
  std::vector<std::shared_ptr<Committer>> committers;
  std::shared_ptr<Leftovers> leftovers;
  std::shared_ptr<Schedules> schedules;
  std::shared_ptr<Outages> outages;  // null: the store keeps no health of providers
  Bell begins_to_lead;               // after each change of leadership() that is to a new one
  /// Compiles what other nodes have deployed since; one small query when that is nothing. Blocking,
  /// on the read threads. Set by Engine. Throws StoreFailure.
  std::function<void()> learn_definitions;
  std::atomic<std::size_t> definitions_known = 0;  // up to which revision it has read them
  std::atomic<bool> ready = false;
  std::atomic<bool> stopping = false;  // no new starts, no new calls
  std::atomic<bool> closed = false;    // the ports may be gone: touch nothing

  /// The owned partition, or null: another node has it.
  [[nodiscard]] std::shared_ptr<Partition> partition(PartitionId id) const;
  [[nodiscard]] std::vector<std::shared_ptr<Partition>> partitions() const;
  /// An owned partition for a new instance, each in turn; null when there is none.
  [[nodiscard]] std::shared_ptr<Partition> next_partition();
  [[nodiscard]] std::size_t owned() const;
  /// Whether this node does what is done once in the cluster: it owns partition 0.
  [[nodiscard]] bool leads() const { return partition(0) != nullptr; }
  /// The epoch of partition 0 while it leads and its leases hold. In a store of one node always the same.
  [[nodiscard]] std::optional<Epoch> leadership() const;
  /// Who writes the batches of a partition: always the same one.
  [[nodiscard]] Committer& committer_of(PartitionId id) const {
    return *committers[id % committers.size()];
  }
  /// Makes the table fit the leases: new ones are recovered, lost ones dropped.
  void adopt(const std::vector<Lease>& leases);
  /// The node stops: lost ones are dropped, new ones are not begun.
  void retain(const std::vector<Lease>& leases);
  void forget(PartitionId id);
  /// Takes a partition out of the table that is about to leave, and keeps it until it has.
  void let_go(const std::shared_ptr<Partition>& partition);
  void has_left();
  [[nodiscard]] std::shared_ptr<Partition> leaving() const;
  /// Those of the table and the one that is about to leave.
  [[nodiscard]] std::vector<std::shared_ptr<Partition>> all_partitions() const;
  void forget_all();
  /// Hands messages that a routing has stored to the partitions of the instances they are for.
  void deliver(std::vector<StoredMessage> messages);
  /// Builds `outages`, where the store keeps the health of providers. Once, before partitions come.
  void watch_providers();
  /// What a caller hears of a run whose partition this node does not have.
  [[nodiscard]] Error elsewhere(const InstanceId& id) const;
  /// Waits for a run wherever it lives.
  void wait(const InstanceId& id, Until until, Timestamp deadline, Reply<Result<WaitResult>> reply);

 private:
  mutable std::shared_mutex mutex_;
  std::vector<std::shared_ptr<Partition>> table_;  // by id; null = not ours
  std::vector<std::shared_ptr<Partition>> owned_;
  std::shared_ptr<Partition> leaving_;
  std::atomic<std::size_t> turn_ = 0;
};

}  // namespace sequent::runtime
