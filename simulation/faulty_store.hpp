#pragma once
// The store as one life of a node sees it: the memory store behind a disk that fails, loses answers
// and takes its time. Once the node is dead nothing of it reaches the store.
#include <functional>

#include "engine/runtime/store.hpp"
#include "simulation/memory_store.hpp"
#include "simulation/scheduler.hpp"
#include "simulation/weather.hpp"
#include "simulation/witness.hpp"

namespace sequent::simulation {

class FaultyStore;

/// The exchange as one life of a node sees it.
class FaultyExchange final : public runtime::Exchange {
 public:
  FaultyExchange(FaultyStore& store, MemoryExchange& exchange)
      : store_(store), exchange_(exchange) {}
  void tell(std::span<const runtime::Note> notes) override;
  void listen(const std::string& node, std::function<void(std::string)> heard) override;
  void post(std::span<const runtime::Parcel> parcels) override;
  [[nodiscard]] std::vector<runtime::Parcel> collect(const std::string& node,
                                                     std::span<const PartitionId> partitions,
                                                     std::size_t limit) override;

 private:
  FaultyStore& store_;
  MemoryExchange& exchange_;
};

/// What is known of providers, as one life of a node sees it.
class FaultyHealth final : public runtime::ProviderHealth {
 public:
  FaultyHealth(FaultyStore& store, MemoryHealth& health) : store_(store), health_(health) {}
  [[nodiscard]] std::vector<runtime::StoredCircuit> circuits(std::int64_t after) override;
  [[nodiscard]] std::vector<std::int64_t> put_circuits(
      std::span<const runtime::StoredCircuit> circuits) override;
  [[nodiscard]] std::vector<runtime::ParkedPlace> parked(const definition::CircuitId& circuit,
                                                         std::span<const PartitionId> partitions,
                                                         std::optional<runtime::ParkedPlace> after,
                                                         std::size_t limit) override;
  [[nodiscard]] std::vector<runtime::ParkedCount> parked_counts(Timestamp risk_before) override;

 private:
  FaultyStore& store_;
  MemoryHealth& health_;
};

class FaultyStore final : public runtime::Store {
 public:
  struct Parts {
    MemoryStore& store;
    Scheduler& scheduler;
    Dice& dice;
    const Weather& weather;
    Witness& witness;
    Notebook& notebook;
    std::function<void()> crash;  // asks for the end of this life, after the step under way
  };
  explicit FaultyStore(Parts parts)
      : parts_(std::move(parts)),
        exchange_(parts_.store.exchange() == nullptr
                      ? nullptr
                      : std::make_unique<FaultyExchange>(*this, parts_.store.notes())),
        health_(*this, parts_.store.health()) {}

  void node_died() { dead_ = true; }
  /// Nothing reaches the store from now on, or all does again.
  void cut(bool off) { cut_ = off; }
  /// Whether notes reach the node.
  [[nodiscard]] bool reachable() const { return !dead_ && !cut_; }
  /// How the store knows the node; "" = not yet.
  [[nodiscard]] const std::string& node() const { return node_; }
  [[nodiscard]] runtime::ProviderHealth& health() { return health_; }
  void fail_health(const char* what) { maybe_fail(parts_.weather.read_fails, what); }
  void fail_exchange(const char* what) { maybe_fail(parts_.weather.lease_fails, what); }

  [[nodiscard]] std::size_t committers() const override { return parts_.store.committers(); }
  [[nodiscard]] runtime::Exchange* exchange() override { return exchange_.get(); }

  [[nodiscard]] PartitionId partitions() const override { return parts_.store.partitions(); }
  [[nodiscard]] Result<runtime::Membership> acquire(const runtime::Renewal& renewal) override;
  void give_back(const std::string& node, const runtime::Lease& lease) override;
  void release(const std::string& node) override;
  [[nodiscard]] std::vector<runtime::BatchResult> commit(
      std::span<const runtime::Batch> batches) override;
  [[nodiscard]] std::vector<runtime::RoutedEvent> route(
      std::span<const runtime::IncomingEvent> events) override;
  [[nodiscard]] std::vector<std::pair<std::int64_t, Json>> unrouted(std::int64_t after,
                                                                    std::size_t limit) override;
  void settle_event(std::int64_t id) override;
  std::size_t expire_events(Timestamp now, std::size_t limit) override;
  [[nodiscard]] std::optional<runtime::StoredInstance> load(const InstanceId& id) override;
  [[nodiscard]] std::vector<Due> due(PartitionId partition, Timestamp before,
                                     std::optional<Due> after, std::size_t limit) override;
  [[nodiscard]] std::vector<InstanceId> with_messages(PartitionId partition,
                                                      std::optional<InstanceId> after,
                                                      std::size_t limit) override;

 private:
  void maybe_fail(int permille, const char* what);

  Parts parts_;
  std::unique_ptr<FaultyExchange> exchange_;
  FaultyHealth health_;
  std::string node_;
  bool dead_ = false, cut_ = false;
};

}  // namespace sequent::simulation
