#include "persistence/shared/requests.hpp"

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

std::optional<runtime::RunQueries::TakenRequest> SqliteStore::request(const std::string& id) {
  const auto connection = pool_.borrow();
  return shared::taken_request(*connection, id);
}

}  // namespace sequent::persistence
