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
  explicit FaultyStore(Parts parts) : parts_(std::move(parts)) {}

  void node_died() { dead_ = true; }

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
  bool dead_ = false;
};

}  // namespace sequent::simulation
