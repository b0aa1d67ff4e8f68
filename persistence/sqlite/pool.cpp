#include "persistence/sqlite/pool.hpp"

#include "base/assert.hpp"

namespace sequent::persistence {
namespace {

constexpr std::string_view reader_settings = R"sql(
  PRAGMA query_only = 1;
  PRAGMA cache_size = -8192;
  PRAGMA mmap_size = 1073741824;
  PRAGMA temp_store = MEMORY;
)sql";

}  // namespace

ReadPool::ReadPool(const std::string& path, int connections) {
  SEQUENT_ASSERT(connections >= 1);
  for (int i = 0; i < connections; ++i) {
    auto connection = Connection::open(path, Connection::Mode::read_only);
    connection->script(reader_settings);
    free_.push_back(connection.get());
    connections_.push_back(std::move(connection));
  }
}

ReadPool::Lent ReadPool::borrow() {
  std::unique_lock guard{mutex_};
  returned_.wait(guard, [&] { return !free_.empty(); });
  Connection* connection = free_.back();
  free_.pop_back();
  return Lent{*this, connection};
}

std::uint64_t ReadPool::statements() const {
  std::uint64_t sum = 0;
  for (const auto& connection : connections_) sum += connection->statements();
  return sum;
}

void ReadPool::give_back(Connection* connection) {
  {
    const std::lock_guard guard{mutex_};
    free_.push_back(connection);
  }
  returned_.notify_one();
}

}  // namespace sequent::persistence
