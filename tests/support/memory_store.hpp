#pragma once
// A store in memory that keeps the promises of engine/runtime/store.hpp, writes down what it does
// and fails on demand. It outlives the engine that it serves: a new engine on it is a restart.
// threads  one
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/runtime/queries.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::testing {

enum class CommitFault { none, before, after, full };

class MemoryStore final : public runtime::Store,
                          public runtime::RunQueries,
                          public runtime::DefinitionStore {
 public:
  explicit MemoryStore(std::vector<std::string>& log) : log_(log) {}

  CommitFault next_commit = CommitFault::none;  // until it is set back
  bool reads_fail = false;
  int dues = 0;  // how often due() was asked

  void fence() { ++epoch_; }
  [[nodiscard]] std::string status_of(const InstanceId& id) const;

  [[nodiscard]] PartitionId partitions() const override { return 1; }
  [[nodiscard]] Result<std::vector<runtime::Lease>> acquire(const std::string&, Timestamp,
                                                            DurationMs) override {
    return std::vector<runtime::Lease>{{.partition = 0, .epoch = epoch_}};
  }
  void release(const std::string&) override { log_.push_back("release"); }
  [[nodiscard]] std::vector<runtime::BatchResult> commit(
      std::span<const runtime::Batch> batches) override;
  [[nodiscard]] std::vector<runtime::RoutedEvent> route(
      std::span<const runtime::IncomingEvent> events) override;
  [[nodiscard]] std::vector<std::pair<std::int64_t, Json>> unrouted(std::size_t limit) override;
  void settle_event(std::int64_t id) override { events_[id].settled = true; }
  void expire_events(Timestamp, std::size_t) override {}
  [[nodiscard]] std::optional<runtime::StoredInstance> load(const InstanceId& id) override;
  [[nodiscard]] std::vector<Due> due(PartitionId, Timestamp before, std::optional<Due> after,
                                     std::size_t limit) override;
  [[nodiscard]] std::vector<InstanceId> with_messages(PartitionId, std::optional<InstanceId> after,
                                                      std::size_t limit) override;

  [[nodiscard]] std::optional<runtime::RunSummary> find(const InstanceId& id) override;
  [[nodiscard]] std::optional<InstanceId> find_by_key(const std::string&, const std::string&,
                                                      const std::string& key) override;
  [[nodiscard]] Result<runtime::RunPage> list(const runtime::RunFilter& filter, const std::string&,
                                              std::size_t limit) override;
  [[nodiscard]] Result<std::vector<runtime::Aggregate>> aggregate(const runtime::RunFilter&,
                                                                  const std::vector<std::string>&,
                                                                  std::size_t) override {
    return std::vector<runtime::Aggregate>{};
  }
  [[nodiscard]] std::vector<std::string> journal(const InstanceId& id, std::uint64_t after,
                                                 std::size_t limit) override;
  [[nodiscard]] std::vector<InstanceId> children(const InstanceId& id) override;
  [[nodiscard]] Result<bool> put(const runtime::StoredDefinition& definition) override;
  [[nodiscard]] std::vector<runtime::StoredDefinition> all() override { return definitions_; }

 private:
  struct Row {
    runtime::NewInstance start;
    runtime::InstanceRow row;
    struct Segment {
      std::uint64_t last = 0;
      std::string text;
    };
    std::vector<Segment> journal;
    std::uint64_t seq = 0;
    std::optional<std::string> snapshot;
    std::uint64_t snapshot_seq = 0;
    std::vector<runtime::SubscriptionRow> subscriptions;
    std::map<std::int64_t, Json> messages;
  };
  struct Event {
    Json body;
    bool settled = false;
    std::vector<runtime::IncomingEvent::Candidate> candidates;
    bool taken = false;
  };
  [[nodiscard]] std::optional<runtime::ChangeResult::Taken> taken(
      const runtime::NewInstance& start) const;
  runtime::ChangeResult apply(const runtime::InstanceChange& change);
  runtime::StoredMessage send(const InstanceId& to, const Json& body);
  void give_held(const InstanceId& id, runtime::ChangeResult& result);
  [[nodiscard]] static bool takes(const runtime::SubscriptionRow& subscription, const Event& event);
  void fail_reads() const {
    if (reads_fail) throw runtime::StoreFailure("the disk is gone", false);
  }

  std::vector<std::string>& log_;
  Epoch epoch_ = 1;
  std::map<InstanceId, Row> rows_;
  std::map<InstanceId, std::map<std::int64_t, Json>> early_;  // messages to nobody yet
  std::map<std::int64_t, Event> events_;
  std::vector<runtime::StoredDefinition> definitions_;
  std::int64_t last_id_ = 0;
};

}  // namespace sequent::testing
