#pragma once
// What the contract suite runs against: any store, by its interfaces alone. Another database joins
// by a program of its own: these suites, and its factory in `stores_under_test()`.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/outbox.hpp"
#include "engine/runtime/provider_health.hpp"
#include "engine/runtime/queries.hpp"
#include "engine/runtime/repair_store.hpp"
#include "engine/runtime/retention.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::test {

/// One empty store behind its interfaces; its files or tables go when it goes.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual runtime::Store& store() = 0;
  virtual runtime::RunQueries& runs() = 0;
  virtual runtime::DefinitionStore& definitions() = 0;
  virtual runtime::Inbox& inbox() = 0;
  virtual runtime::RecordReads& records() = 0;
  virtual runtime::AuditLog& audit() = 0;
  virtual runtime::RepairStore& repairs() = 0;
  virtual runtime::Outbox& outbox() = 0;
  virtual runtime::ProviderHealth& health() = 0;
  virtual runtime::Retention& retention() = 0;
  /// It refuses a second live node, instead of sharing with it.
  [[nodiscard]] virtual bool for_one_node() const = 0;
  /// What to pass as the time of leases, and how to let time pass for them: stores with a clock of
  /// their own must be told.
  [[nodiscard]] virtual Timestamp now() const = 0;
  virtual void pass(DurationMs time) = 0;
  /// Closes and opens it again, as a restart does.
  virtual void reopen() = 0;
  /// Runs a statement as somebody with a client of the database would. The database's words when it
  /// refuses, else "".
  [[nodiscard]] virtual std::string by_hand(const std::string& sql) = 0;
  /// Opens it again with other bounds of searches.
  virtual void search_within(const runtime::SearchBounds& bounds) = 0;
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;
};
[[nodiscard]] std::vector<StoreKind> stores_under_test();
/// Each of them in turn: the test case that calls it runs once for every kind.
[[nodiscard]] std::unique_ptr<StoreUnderTest> any_store();

/// A folder of its own that goes with it.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr Timestamp noon = 1'800'000'000'000;

[[nodiscard]] InstanceId new_id(PartitionId partition = 1, Timestamp at = noon);

/// A partition's owner that commits one change at a time.
class Owner {
 public:
  explicit Owner(StoreUnderTest& under_test, const std::string& node = "node-1");
  runtime::ChangeResult write(runtime::InstanceChange change);
  [[nodiscard]] runtime::BatchResult write_all(std::vector<runtime::InstanceChange> changes);
  [[nodiscard]] Epoch epoch(PartitionId partition) const;

 private:
  StoreUnderTest& under_test_;
  std::vector<runtime::Lease> leases_;
};

/// A first change: one record, running, due at once.
[[nodiscard]] runtime::InstanceChange start_of(const InstanceId& id, const std::string& key = "");
/// The change after `last_seq`: one more record.
[[nodiscard]] runtime::InstanceChange change_of(const InstanceId& id, std::uint64_t last_seq);
[[nodiscard]] runtime::IncomingEvent event_of(const std::string& id, const std::string& filter_key,
                                              const std::string& hash);

}  // namespace sequent::test
