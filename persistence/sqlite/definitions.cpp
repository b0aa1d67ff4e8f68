#include "persistence/shared/definitions.hpp"

#include <mutex>

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

using runtime::StoredDefinition;

Result<bool> SqliteStore::put(const StoredDefinition& definition) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  auto put = shared::put_definition(*writer_, definition);
  transaction.commit();
  return put;
}

std::vector<StoredDefinition> SqliteStore::all() {
  const auto connection = pool_.borrow();
  return shared::all_definitions(*connection);
}

std::size_t SqliteStore::count_definitions() {
  const auto connection = pool_.borrow();
  return shared::count_definitions(*connection);
}

}  // namespace sequent::persistence
