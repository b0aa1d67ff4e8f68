#include "persistence/shared/repair.hpp"

#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/writing.hpp"

namespace sequent::persistence::postgres {

template <class Body>
auto PostgresStore::read_with(const Body& body) {
  return reading(readers_, body);
}

template <class Body>
auto PostgresStore::write_with(const Body& body) {
  return writing(writers_, body);
}

void PostgresStore::when_batches_open(std::function<void()> wake) {
  batches_open_.hang(std::move(wake));
}

std::unique_ptr<runtime::RepairStore> PostgresStore::make_repairs() {
  return std::make_unique<shared::Repairs<PostgresStore>>(*this);
}

}  // namespace sequent::persistence::postgres
