#include "persistence/shared/record_reads.hpp"

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

std::optional<Json> SqliteStore::get(const std::string& collection, const std::string& key) {
  const auto connection = pool_.borrow();
  return shared::record_value(*connection, collection, key);
}

std::vector<std::pair<std::string, Json>> SqliteStore::list(const std::string& collection,
                                                            const std::string& after,
                                                            std::size_t limit) {
  const auto connection = pool_.borrow();
  return shared::record_values(*connection, collection, after, limit);
}

}  // namespace sequent::persistence
