#pragma once
// The real store, numbered: every transaction that the engine writes is a checkpoint, and at a
// chosen one the engine is cut off, just before or just after it is durable.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/runtime/store.hpp"

namespace sequent::crashtest {

enum class CrashSide : std::uint8_t { before, after };

/// What one trial sees of the store, over the restarts of its engine.
struct Checkpoints {
  std::vector<std::string> seen;      // what each transaction held, in order
  std::set<std::string> collections;  // of records, as far as activities named them
  std::size_t crash_at = 0;           // number of a checkpoint, from 1; 0 = none
  CrashSide side = CrashSide::before;
  bool crashed = false;  // the crash has happened: once in a trial
};

/// The view of one engine on the store.
class CrashingStore final : public runtime::Store {
 public:
  CrashingStore(runtime::Store& store, Checkpoints& checkpoints)
      : store_(store), checkpoints_(checkpoints) {}

  /// True once this engine is cut off: nothing that it does counts any more.
  [[nodiscard]] bool cut_off() const { return cut_off_; }

  [[nodiscard]] PartitionId partitions() const override { return store_.partitions(); }
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
  template <class Write>
  auto checkpoint(std::string what, const Write& write);
  void refuse_when_cut_off() const;
  [[noreturn]] void cut_off_here();

  runtime::Store& store_;
  Checkpoints& checkpoints_;
  bool cut_off_ = false;
};

}  // namespace sequent::crashtest
