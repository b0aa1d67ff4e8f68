#pragma once
// Connections of one kind, lent out one thread at a time. A lost one is replaced when it is asked for
// again.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "persistence/postgres/connection.hpp"

namespace sequent::persistence::postgres {

class Pool {
 public:
  Pool(const Address& address, Role role, int connections);

  /// One place of the pool. For writers it has a row of its own in the database, `slot`, which counts
  /// its commits (commit_mark).
  struct Place {
    std::unique_ptr<Connection> connection;  // none: not yet made, or lost
    InstanceId slot;
    std::int64_t commits = 0;
    bool marked = false;  // the row is there
  };

  class Lent {
   public:
    Lent(Pool& pool, Place& place) : pool_(pool), place_(place) {}
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
    ~Lent() { pool_.give_back(place_); }
    /// Connects where there is no connection, or it was lost. errors  SqlError
    [[nodiscard]] Connection& connection();
    [[nodiscard]] Place& place() { return place_; }

   private:
    Pool& pool_;
    Place& place_;
  };
  /// Waits for a free place.
  [[nodiscard]] Lent borrow();
  [[nodiscard]] std::uint64_t statements() const { return statements_; }

 private:
  void give_back(Place& place);

  const Address& address_;
  const Role role_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Place>> places_;
  std::vector<Place*> free_;
  std::atomic<std::uint64_t> statements_ = 0;
};

/// Runs `work(Connection&)`, which only reads, and once more on a new connection when the first one
/// turns out to be gone: after a restart of the database all of them are.
template <class Work>
auto reading(Pool& pool, const Work& work) {
  auto lent = pool.borrow();
  try {
    return work(lent.connection());
  } catch (const SqlError& error) {
    if (lent.place().connection) lent.place().connection->roll_back();
    if (!error.lost && !error.again()) throw;
  }
  try {
    return work(lent.connection());
  } catch (const SqlError&) {
    if (lent.place().connection) lent.place().connection->roll_back();
    throw;
  }
}

}  // namespace sequent::persistence::postgres
