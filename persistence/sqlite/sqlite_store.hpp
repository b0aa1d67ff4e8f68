#pragma once
// Everything durable in one SQLite file. One process per file, one writer in it.
// threads  blocking. Writes take turns on one connection; reads run beside them on their own
// errors   StoreFailure from every call, `full` when the disk has no room; the failed transaction is
//          rolled back and the store stays usable
#include <memory>
#include <string>

#include "base/bell.hpp"
#include "persistence/database.hpp"
#include "persistence/shared/workflow_numbers.hpp"
#include "persistence/sqlite/checkpointer.hpp"
#include "persistence/sqlite/fair_mutex.hpp"
#include "persistence/sqlite/file_lock.hpp"
#include "persistence/sqlite/pool.hpp"

namespace sequent::persistence::shared {
struct Dialect;
}

namespace sequent::persistence {

struct SqliteOptions {
  std::string directory;        // created when absent; holds sequent.db and sequent.lock
  std::string node = "node-1";  // named to whoever tries to open the store a second time
  PartitionId partitions = 64;  // of a new store; an old one keeps its number
  int read_connections = 4;
  std::int64_t max_bytes = 0;  // of the file; 0 = as much as the disk has
  CheckpointLimits checkpoint;
  runtime::SearchBounds search;
};

class SqliteStore final : public Database {
 public:
  /// errors  lease_held: another process has it open; conflict: the file is no store of ours, or a
  ///         newer release made it; unavailable: it cannot be created, read or migrated
  [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open(const SqliteOptions& options);
  ~SqliteStore() override;

  // Database
  [[nodiscard]] std::uint64_t statements() const override {
    return writer_->statements() + pool_.statements();
  }
  [[nodiscard]] std::int64_t bytes() override;
  [[nodiscard]] std::vector<TableSize> sizes() override;
  [[nodiscard]] std::string place() const override { return directory_; }

  // Store
  [[nodiscard]] PartitionId partitions() const override { return partitions_; }
  /// The lock file has proved that nobody else writes, so no owner ever waits for a lease of another
  /// process to run out.
  [[nodiscard]] DurationMs usual_lease_ms() const override { return 600'000; }
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

  // RunQueries
  [[nodiscard]] std::optional<runtime::RunSummary> find(const InstanceId& id) override;
  [[nodiscard]] std::optional<InstanceId> find_by_key(const std::string& workflow_namespace,
                                                      const std::string& name,
                                                      const std::string& key) override;
  [[nodiscard]] Result<runtime::RunPage> list(const runtime::RunFilter& filter,
                                              const std::string& cursor,
                                              std::size_t limit) override;
  [[nodiscard]] Result<std::vector<runtime::Aggregate>> aggregate(
      const runtime::RunFilter& filter, const std::vector<std::string>& by,
      std::size_t limit) override;
  [[nodiscard]] Result<runtime::NewestCounts> aggregate_newest(const runtime::RunFilter& filter,
                                                               const std::vector<std::string>& by,
                                                               std::size_t limit) override;
  [[nodiscard]] std::vector<std::string> journal(const InstanceId& id, std::uint64_t after,
                                                 std::size_t limit) override;
  [[nodiscard]] std::vector<InstanceId> children(const InstanceId& id) override;
  [[nodiscard]] std::optional<TakenRequest> request(const std::string& id) override;

  // DefinitionStore
  [[nodiscard]] Result<bool> put(const runtime::StoredDefinition& definition) override;
  [[nodiscard]] std::vector<runtime::StoredDefinition> all() override;
  [[nodiscard]] std::size_t definitions_revision() override;
  [[nodiscard]] runtime::LiveRuns live_runs(const definition::WorkflowRef& ref) override;
  [[nodiscard]] Result<runtime::LiveRuns> remove(
      const runtime::DefinitionRemoval& removal) override;

  // Inbox
  [[nodiscard]] std::vector<runtime::InboxEntry> list(const std::string& type,
                                                      const std::string& state,
                                                      std::int64_t before_id,
                                                      std::size_t limit) override;
  [[nodiscard]] std::optional<runtime::InboxEntry> get(std::int64_t id) override;

  // RecordReads
  [[nodiscard]] std::optional<Json> get(const std::string& collection,
                                        const std::string& key) override;
  [[nodiscard]] std::vector<std::pair<std::string, Json>> list(const std::string& collection,
                                                               const std::string& after,
                                                               std::size_t limit) override;

  // AuditLog
  void append(const runtime::AuditEntry& entry) override;
  [[nodiscard]] std::vector<runtime::AuditEntry> list(const runtime::AuditFilter& filter,
                                                      std::int64_t before_id,
                                                      std::size_t limit) override;

  // Outbox
  [[nodiscard]] std::int64_t open_sink(const std::string& sink, bool from_now,
                                       Timestamp now) override;
  [[nodiscard]] std::vector<runtime::EmittedEvent> emitted(std::int64_t after, std::size_t limit,
                                                           std::size_t max_bytes) override;
  void advance(const std::string& sink, std::int64_t id, Timestamp now) override;
  [[nodiscard]] std::size_t count_emitted(std::int64_t after, std::size_t most) override;
  void when_emitted(std::function<void()> wake) override;

  // ProviderHealth
  [[nodiscard]] std::vector<runtime::StoredCircuit> circuits(std::int64_t after) override;
  [[nodiscard]] std::vector<std::int64_t> put_circuits(
      std::span<const runtime::StoredCircuit> circuits) override;
  [[nodiscard]] std::vector<runtime::ParkedPlace> parked(
      const definition::CircuitId& circuit, std::span<const PartitionId> partitions,
      std::optional<runtime::ParkedPlace> after, std::size_t limit) override;
  [[nodiscard]] std::vector<runtime::ParkedCount> parked_counts(Timestamp risk_before) override;

  // Retention
  [[nodiscard]] runtime::Deleted delete_ended(const runtime::Outdated& outdated,
                                              std::size_t limit) override;
  [[nodiscard]] std::size_t delete_events(Timestamp before, std::size_t limit) override;
  std::size_t delete_definitions(Timestamp now) override;

  [[nodiscard]] runtime::RepairStore& repairs() override { return *repairs_; }

 private:
  template <class>
  friend class shared::Repairs;
  template <class Body>
  auto read_with(const Body& body);
  template <class Body>
  auto write_with(const Body& body);
  [[nodiscard]] std::unique_ptr<runtime::RepairStore> make_repairs();

  SqliteStore(std::unique_ptr<FileLock> lock, std::unique_ptr<Connection> writer,
              const std::string& path, const SqliteOptions& options);
  [[nodiscard]] static const shared::Dialect& dialect();
  [[nodiscard]] runtime::BatchResult commit_batch(const runtime::Batch& batch);
  [[nodiscard]] std::function<void()> forget_cached();
  void write_settled();
  void flush_settled();

  const std::string directory_;
  const runtime::SearchBounds search_;
  Bell emitted_;                    // wakes who publishes emitted events
  std::unique_ptr<FileLock> lock_;  // given back last
  PartitionId partitions_ = 0;
  FairMutex turn_;  // guards everything down to the pool
  std::unique_ptr<Connection> writer_;
  shared::KnownWorkflows known_workflows_;
  std::vector<std::int64_t> settled_;  // events whose settling the next transaction carries
  bool owned_ = false;                 // some node of this process has acquired the partitions
  ReadPool pool_;
  std::unique_ptr<runtime::RepairStore> repairs_ = make_repairs();
  Checkpointer checkpointer_;  // its thread ends before the connections close
};

}  // namespace sequent::persistence
