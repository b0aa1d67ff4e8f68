#pragma once
// All that one database keeps for the engine: every port of the store in one object, whichever
// database it is.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/runtime/outbox.hpp"
#include "engine/runtime/provider_health.hpp"
#include "engine/runtime/queries.hpp"
#include "engine/runtime/repair_store.hpp"
#include "engine/runtime/retention.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::persistence {

namespace shared {
template <class Store>
class Repairs;
}  // namespace shared

class Database : public runtime::Store,
                 public runtime::RunQueries,
                 public runtime::DefinitionStore,
                 public runtime::Inbox,
                 public runtime::RecordReads,
                 public runtime::AuditLog,
                 public runtime::Outbox,
                 public runtime::Retention,
                 public runtime::ProviderHealth {
 public:
  /// What it has been asked so far, so that "an idle node asks next to nothing" can be measured.
  [[nodiscard]] virtual std::uint64_t statements() const = 0;
  /// On disk: tables, indexes and what belongs to this store alone of a log.
  [[nodiscard]] virtual std::int64_t bytes() = 0;
  struct TableSize {
    std::string table;
    std::int64_t bytes = 0, index_bytes = 0;
  };
  /// The largest tables first; a database that cannot tell them apart says one for all.
  [[nodiscard]] virtual std::vector<TableSize> sizes() = 0;
  [[nodiscard]] virtual runtime::RepairStore& repairs() = 0;
  /// Called at each acquire() that finds batches which have not ended and are not paused: another node
  /// may have taken them, or led before. On the thread that acquires, so it must only wake somebody; an
  /// empty one takes it away. A store of one process never calls.
  virtual void when_batches_open(std::function<void()> /*wake*/) {}
  /// Where it is, for people; never a password.
  [[nodiscard]] virtual std::string place() const = 0;
};

struct DatabaseOptions {
  std::string url;        // postgresql://…; "" = SQLite in `directory`
  std::string directory;  // of SQLite's files, created when absent
  std::string node = "node-1";
  PartitionId partitions = 64;  // of a new store; an old one keeps its number
  runtime::SearchBounds search;
};

/// errors  as SqliteStore::open and PostgresStore::open say
[[nodiscard]] Result<std::unique_ptr<Database>> open_database(const DatabaseOptions& options);

}  // namespace sequent::persistence
