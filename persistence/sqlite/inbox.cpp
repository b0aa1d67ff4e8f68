#include "persistence/shared/inbox.hpp"

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

std::vector<runtime::InboxEntry> SqliteStore::list(const std::string& type,
                                                   const std::string& state, std::int64_t before_id,
                                                   std::size_t limit) {
  const auto connection = pool_.borrow();
  return shared::list_inbox(*connection, type, state, before_id, limit);
}

std::optional<runtime::InboxEntry> SqliteStore::get(std::int64_t id) {
  const auto connection = pool_.borrow();
  return shared::inbox_entry(*connection, id);
}

}  // namespace sequent::persistence
