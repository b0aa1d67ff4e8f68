#pragma once
// A store in memory that keeps the promises of engine/runtime/store.hpp, writes down what it does
// and fails on demand. It outlives the engine that it serves: a new engine on it is a restart.
// threads  one
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/runtime/queries.hpp"
#include "engine/runtime/store.hpp"
#include "simulation/memory_exchange.hpp"
#include "simulation/memory_health.hpp"
#include "simulation/shared_leases.hpp"

namespace sequent::simulation {

enum class CommitFault { none, before, after, full };

class MemoryStore final : public runtime::Store,
                          public runtime::RunQueries,
                          public runtime::DefinitionStore {
 public:
  explicit MemoryStore(std::vector<std::string>& log, PartitionId partitions = 1);

  CommitFault next_commit = CommitFault::none;  // until it is set back
  bool reads_fail = false, leases_fail = false;
  PartitionId partition_count;
  std::size_t committer_count = 1;
  int loads = 0, dues = 0, acquires = 0, unrouted_asked = 0;  // how often these were asked
  std::map<std::string, int> asked;  // the same for each of its methods, by name

  /// From now on several nodes may use it, each partition with a lease of its own.
  void share(const runtime::Clock& clock);
  [[nodiscard]] SharedLeases& shared_leases() { return *shared_; }
  [[nodiscard]] MemoryExchange& notes() { return *exchange_; }
  [[nodiscard]] MemoryHealth& health() { return health_; }
  /// Another node takes all partitions over: commits under the epochs of now are refused.
  void fence();
  /// The process that owned the store is gone for sure: the next one need not wait for its leases.
  void owner_is_gone() { owned_ = false; }
  /// Writes over what is stored of a run: its journal and its snapshot.
  void tamper(const InstanceId& id, const std::string& from, const std::string& to);
  [[nodiscard]] bool has_snapshot(const InstanceId& id) const {
    return rows_.at(id).snapshot.has_value();
  }
  [[nodiscard]] std::string status_of(const InstanceId& id) const;
  [[nodiscard]] std::vector<InstanceId> instances() const;  // in the order of their ids
  [[nodiscard]] const runtime::NewInstance& start_of(const InstanceId& id) const;
  [[nodiscard]] std::size_t waiting_messages(const InstanceId& id) const;
  [[nodiscard]] std::size_t held_events() const;
  /// Envelope and settled, by id.
  [[nodiscard]] std::map<std::int64_t, std::pair<Json, bool>> events() const;

  [[nodiscard]] PartitionId partitions() const override { return partition_count; }
  [[nodiscard]] std::size_t committers() const override { return committer_count; }
  [[nodiscard]] runtime::Exchange* exchange() override { return exchange_.get(); }
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

  [[nodiscard]] std::optional<runtime::RunSummary> find(const InstanceId& id) override;
  [[nodiscard]] std::optional<InstanceId> find_by_key(const std::string& workflow_namespace,
                                                      const std::string& name,
                                                      const std::string& key) override;
  [[nodiscard]] Result<runtime::RunPage> list(const runtime::RunFilter& filter, const std::string&,
                                              std::size_t limit) override;
  [[nodiscard]] Result<std::vector<runtime::Aggregate>> aggregate(const runtime::RunFilter&,
                                                                  const std::vector<std::string>&,
                                                                  std::size_t) override {
    ++asked["aggregate"];
    return std::vector<runtime::Aggregate>{};
  }
  [[nodiscard]] Result<runtime::NewestCounts> aggregate_newest(const runtime::RunFilter&,
                                                               const std::vector<std::string>&,
                                                               std::size_t) override {
    ++asked["aggregate_newest"];
    return runtime::NewestCounts{};
  }
  [[nodiscard]] std::vector<std::string> journal(const InstanceId& id, std::uint64_t after,
                                                 std::size_t limit) override;
  [[nodiscard]] std::vector<InstanceId> children(const InstanceId& id) override;
  [[nodiscard]] std::optional<TakenRequest> request(const std::string& id) override;
  [[nodiscard]] Result<bool> put(const runtime::StoredDefinition& definition) override;
  [[nodiscard]] std::vector<runtime::StoredDefinition> all() override {
    ++asked["all"];
    return definitions_;
  }
  [[nodiscard]] std::size_t definitions_revision() override {
    ++asked["definitions_revision"];
    return definitions_revision_;
  }
  [[nodiscard]] runtime::LiveRuns live_runs(const definition::WorkflowRef& ref) override;
  [[nodiscard]] Result<runtime::LiveRuns> remove(
      const runtime::DefinitionRemoval& removal) override;

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
    std::map<std::string, Json> operations;  // arguments by idempotency key
  };
  struct Event {
    Json body;
    bool routed = false, settled = false, held = false;
    std::vector<runtime::IncomingEvent::Candidate> candidates;
    Timestamp expires_at = 0;
  };
  struct Collected {
    std::uint32_t place = 0;
    std::int64_t event = 0, set = 0;  // set 0: it still waits
  };
  void collect(std::int64_t id, const runtime::IncomingEvent& incoming);
  [[nodiscard]] std::vector<runtime::EventSet> sets_of(std::int64_t id) const;
  struct Key {
    std::string workflow, key;
    auto operator<=>(const Key&) const = default;
  };
  [[nodiscard]] std::optional<runtime::ChangeResult::Taken> claim(
      const InstanceId& id, const runtime::NewInstance& start);
  [[nodiscard]] std::optional<runtime::ChangeResult::Taken> holder_of_key(
      const runtime::NewInstance& start) const;
  [[nodiscard]] runtime::ChangeResult::Taken taken_by(const InstanceId& id, bool by_request) const;
  runtime::ChangeResult apply(const runtime::InstanceChange& change);
  void write_journal(Row& row, const runtime::InstanceChange& change);
  runtime::StoreOperationResult operate(Row& row, const runtime::StoreOperation& operation);
  runtime::StoredMessage send(const InstanceId& to, const Json& body);
  void give_held(const InstanceId& id, Timestamp now, runtime::ChangeResult& result);
  std::int64_t store_event(const Json& body);
  void deliver(std::int64_t id, const runtime::IncomingEvent& incoming,
               runtime::RoutedEvent& routed);
  [[nodiscard]] static bool takes(const runtime::SubscriptionRow& subscription, const Event& event);
  void fail_reads() const {
    if (reads_fail) throw runtime::StoreFailure("the disk is gone", false);
  }

  [[nodiscard]] Epoch epoch_of(PartitionId id) const {
    return shared_ ? shared_->epoch(id) : epoch_;
  }
  [[nodiscard]] runtime::Membership acquire_shared(const runtime::Renewal& renewal);
  [[nodiscard]] std::vector<PartitionId> partitions_with_old_mail(
      std::span<const PartitionId> owned, Timestamp now) const;

  std::vector<std::string>& log_;
  std::unique_ptr<SharedLeases> shared_;  // null: one node
  std::unique_ptr<MemoryExchange> exchange_;
  const runtime::Clock* clock_ = nullptr;
  std::map<std::int64_t, Timestamp> sent_at_;  // messages, when the store is shared
  Epoch epoch_ = 1;
  std::string owner_;
  Timestamp leased_until_ = 0;
  bool owned_ = false;
  std::map<InstanceId, Row> rows_;
  MemoryHealth health_;
  std::map<Key, InstanceId> by_request_, by_key_;
  std::map<InstanceId, std::map<std::int64_t, Json>> messages_;
  std::map<std::int64_t, Event> events_;
  std::map<std::pair<std::string, std::string>, std::int64_t> event_ids_;  // by source and id
  std::map<std::string, TakenRequest> requests_;
  std::vector<runtime::StoredDefinition> definitions_;
  std::size_t definitions_revision_ = 0;
  std::map<std::string, std::vector<Collected>> collected_;  // by collection, oldest first
  std::int64_t last_id_ = 0;
};

}  // namespace sequent::simulation
