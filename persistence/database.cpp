#include "persistence/database.hpp"

#include "persistence/postgres/postgres_store.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {
namespace {

template <class Store, class Options>
Result<std::unique_ptr<Database>> opened(const Options& options) {
  auto store = Store::open(options);
  if (!store) return std::unexpected(std::move(store.error()));
  return std::unique_ptr<Database>{std::move(*store)};
}

}  // namespace

Result<std::unique_ptr<Database>> open_database(const DatabaseOptions& options) {
  if (options.url.empty()) {
    SqliteOptions sqlite;
    sqlite.directory = options.directory;
    sqlite.node = options.node;
    sqlite.partitions = options.partitions;
    sqlite.search = options.search;
    return opened<SqliteStore>(sqlite);
  }
  PostgresOptions postgres;
  postgres.url = options.url;
  postgres.node = options.node;
  postgres.partitions = options.partitions;
  postgres.search = options.search;
  return opened<PostgresStore>(postgres);
}

}  // namespace sequent::persistence
