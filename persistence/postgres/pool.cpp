#include "persistence/postgres/pool.hpp"

#include "base/assert.hpp"

namespace sequent::persistence::postgres {

Pool::Pool(const Address& address, Role role, int connections) : address_(address), role_(role) {
  SEQUENT_ASSERT(connections >= 1);
  for (int i = 0; i < connections; ++i) {
    places_.push_back(std::make_unique<Place>());
    free_.push_back(places_.back().get());
  }
}

Connection& Pool::Lent::connection() {
  auto& connection = place_.connection;
  if (connection && connection->lost()) connection.reset();
  if (!connection) connection = Connection::open(pool_.address_, pool_.role_);
  return *connection;
}

// The last one that came back first: a node with little to do keeps to few sessions.
Pool::Lent Pool::borrow() {
  std::unique_lock guard{mutex_};
  returned_.wait(guard, [&] { return !free_.empty(); });
  Place* place = free_.back();
  free_.pop_back();
  return Lent{*this, *place};
}

void Pool::give_back(Place& place) {
  if (place.connection) statements_ += place.connection->take_statements();
  {
    const std::lock_guard guard{mutex_};
    free_.push_back(&place);
  }
  returned_.notify_one();
}

}  // namespace sequent::persistence::postgres
