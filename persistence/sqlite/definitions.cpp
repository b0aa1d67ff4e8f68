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

std::size_t SqliteStore::definitions_revision() {
  const auto connection = pool_.borrow();
  return shared::definitions_revision(*connection);
}

runtime::LiveRuns SqliteStore::live_runs(const definition::WorkflowRef& ref) {
  const auto connection = pool_.borrow();
  return shared::live_runs_of(*connection, ref);
}

Result<runtime::LiveRuns> SqliteStore::remove(const runtime::DefinitionRemoval& removal) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  auto removed = shared::remove_definition(*writer_, removal);
  transaction.commit();
  return removed;
}

std::size_t SqliteStore::delete_definitions(Timestamp now) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  const auto gone = shared::forget_definitions(*writer_, now);
  if (gone > 0) transaction.commit();
  return gone;
}

}  // namespace sequent::persistence
