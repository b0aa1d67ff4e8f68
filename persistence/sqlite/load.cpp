// What a partition reads.
#include "persistence/shared/load.hpp"

#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {
namespace {

constexpr std::string_view begin_reading = "BEGIN";
constexpr std::string_view end_reading = "COMMIT";

// Several reads of one moment.
class Moment {
 public:
  explicit Moment(Connection& connection) : connection_(connection) {
    connection_.execute(begin_reading);
  }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;
  ~Moment() { sqlite3_exec(connection_.handle(), end_reading.data(), nullptr, nullptr, nullptr); }

 private:
  Connection& connection_;
};

}  // namespace

std::optional<runtime::StoredInstance> SqliteStore::load(const InstanceId& id) {
  const auto connection = pool_.borrow();
  const Moment moment{*connection};
  return shared::load_instance(*connection, id);
}

std::vector<SqliteStore::Due> SqliteStore::due(PartitionId partition, Timestamp before,
                                               std::optional<Due> after, std::size_t limit) {
  const auto connection = pool_.borrow();
  return shared::due_instances(*connection, partition, before, after, limit);
}

std::vector<InstanceId> SqliteStore::with_messages(PartitionId partition,
                                                   std::optional<InstanceId> after,
                                                   std::size_t limit) {
  const auto connection = pool_.borrow();
  return shared::instances_with_messages(*connection, partition, after, limit);
}

}  // namespace sequent::persistence
