#include "persistence/shared/repair.hpp"

#include <mutex>

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

template <class Body>
auto SqliteStore::read_with(const Body& body) {
  const auto connection = pool_.borrow();
  return body(*connection);
}

template <class Body>
auto SqliteStore::write_with(const Body& body) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  auto result = body(*writer_);
  transaction.commit();
  checkpointer_.after_commit();
  return result;
}

std::unique_ptr<runtime::RepairStore> SqliteStore::make_repairs() {
  return std::make_unique<shared::Repairs<SqliteStore>>(*this);
}

}  // namespace sequent::persistence
