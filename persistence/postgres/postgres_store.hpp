#pragma once
// Everything durable in one schema of a PostgreSQL database, for any number of nodes.
// threads  blocking; any, several at once: writes and reads take connections from pools of their own
// errors   StoreFailure from every call, `full` when the database has no room; a failed transaction
//          is rolled back, one whose answer was lost is looked up, and the store stays usable
#include <functional>
#include <memory>
#include <string>

#include "base/bell.hpp"
#include "persistence/database.hpp"
#include "persistence/postgres/exchange.hpp"
#include "persistence/postgres/migrate.hpp"
#include "persistence/postgres/pool.hpp"
#include "persistence/postgres/settling.hpp"
#include "persistence/shared/workflow_numbers.hpp"

namespace sequent::persistence::shared {
struct Dialect;
}

namespace sequent::persistence::postgres {

struct PostgresOptions {
  std::string url;              // postgresql://…, see postgres/address.hpp
  std::string node = "node-1";  // shown by the server as part of the application's name
  PartitionId partitions = 64;  // of a new store; an old one keeps its number
  int write_connections = 4;
  int read_connections = 4;
  DurationMs timeout_ms = 15'000;  // of one round trip
  runtime::SearchBounds search;
};

class PostgresStore final : public Database {
 public:
  /// Connects, and makes or migrates the schema.
  /// errors  invalid_request: the address; unavailable: no connection, or the server refuses us;
  ///         conflict: a newer release has migrated the schema
  [[nodiscard]] static Result<std::unique_ptr<PostgresStore>> open(const PostgresOptions& options);
  ~PostgresStore() override;

  // Database
  [[nodiscard]] std::uint64_t statements() const override {
    return writers_.statements() + readers_.statements() + lessor_.statements();
  }
  [[nodiscard]] std::int64_t bytes() override;
  [[nodiscard]] std::vector<TableSize> sizes() override;
  [[nodiscard]] std::string place() const override;

  // Store
  [[nodiscard]] PartitionId partitions() const override { return partitions_; }
  [[nodiscard]] std::size_t committers() const override { return committers_; }
  [[nodiscard]] runtime::Exchange* exchange() override { return &exchange_; }
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
  [[nodiscard]] std::vector<runtime::ParkedPlace> parked(const definition::CircuitId& circuit,
                                                         std::span<const PartitionId> partitions,
                                                         std::optional<runtime::ParkedPlace> after,
                                                         std::size_t limit) override;
  [[nodiscard]] std::vector<runtime::ParkedCount> parked_counts(Timestamp risk_before) override;

  // Retention
  [[nodiscard]] runtime::Deleted delete_ended(const runtime::Outdated& outdated,
                                              std::size_t limit) override;
  [[nodiscard]] std::size_t delete_events(Timestamp before, std::size_t limit) override;
  std::size_t delete_definitions(Timestamp now) override;

  [[nodiscard]] runtime::RepairStore& repairs() override { return *repairs_; }
  void when_batches_open(std::function<void()> wake) override;

 private:
  template <class>
  friend class shared::Repairs;
  template <class Body>
  auto read_with(const Body& body);
  template <class Body>
  auto write_with(const Body& body);
  [[nodiscard]] std::unique_ptr<runtime::RepairStore> make_repairs();

  PostgresStore(Address address, const PostgresOptions& options);
  [[nodiscard]] static const shared::Dialect& dialect();
  [[nodiscard]] std::optional<Error> prepare(PartitionId partitions);
  void learn_workflows(std::span<const runtime::Batch> batches);
  [[noreturn]] void fail_history(std::span<const runtime::Batch> batches, const SqlError& error);
  void flush_settled();

  const Address address_;
  const Address lease_address_;  // the same with less patience: leases run out
  const runtime::SearchBounds search_;
  PartitionId partitions_ = 0;
  SchemaVersion version_;
  std::size_t committers_ = 1;
  shared::KnownWorkflows known_workflows_;
  Unsettled settling_;
  Bell emitted_;                     // wakes who publishes emitted events
  std::int64_t known_emitted_ = -1;  // the last one that a renewal heard of
  Bell batches_open_;
  Pool writers_, readers_;
  Pool lessor_;  // one place, so that leases never wait behind a long commit
  Pool talker_;
  PostgresExchange exchange_;
  std::unique_ptr<runtime::RepairStore> repairs_ = make_repairs();
};

}  // namespace sequent::persistence::postgres

namespace sequent::persistence {

using postgres::PostgresOptions;
using postgres::PostgresStore;

}  // namespace sequent::persistence
