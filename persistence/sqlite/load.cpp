// What a partition reads: runs to wake, runs with mail, and a run itself.
#include "base/assert.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "persistence/sqlite/writes.hpp"

namespace sequent::persistence {

using runtime::StoredInstance;
using runtime::StoredMessage;

namespace {

constexpr std::string_view begin_reading = "BEGIN";
constexpr std::string_view end_reading = "COMMIT";
constexpr std::string_view instance_exists = R"sql(
  SELECT 1 FROM instance WHERE instance_id = ?1
)sql";
constexpr std::string_view select_snapshot = R"sql(
  SELECT last_seq, state FROM snapshot WHERE instance_id = ?1
)sql";
// No LIMIT: the machine bounds a journal, and snapshots bound what lies after the last one.
constexpr std::string_view select_tail = R"sql(
  SELECT records FROM journal WHERE instance_id = ?1 AND last_seq > ?2 ORDER BY last_seq
)sql";
constexpr std::string_view select_messages = R"sql(
  SELECT m.message_id, m.body, e.body FROM message m LEFT JOIN event e ON e.event_id = m.event_id
  WHERE m.partition_id = ?1 AND m.instance_id = ?2 ORDER BY m.message_id
)sql";
// Each reads an index of its own: instance_open, instance_due.
constexpr std::string_view select_open = R"sql(
  SELECT 0, instance_id FROM instance
  WHERE partition_id = ?1 AND wake_at = 0 AND instance_id > ?2
  ORDER BY instance_id LIMIT ?3
)sql";
constexpr std::string_view select_due = R"sql(
  SELECT wake_at, instance_id FROM instance
  WHERE partition_id = ?1 AND wake_at > 0 AND wake_at < ?2
    AND (wake_at, instance_id) > (?3, ?4)
  ORDER BY wake_at, instance_id LIMIT ?5
)sql";
constexpr std::string_view select_with_messages = R"sql(
  SELECT DISTINCT instance_id FROM message WHERE partition_id = ?1 AND instance_id > ?2
  ORDER BY instance_id LIMIT ?3
)sql";

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

std::vector<StoredMessage> messages_of(Connection& connection, const InstanceId& id) {
  std::vector<StoredMessage> messages;
  Rows rows = connection.query(select_messages, id.partition(), id);
  while (rows.next()) {
    Json body =
        rows.is_null(1) ? event_message(stored_json(rows.view(2))) : stored_json(rows.view(1));
    messages.push_back(StoredMessage{rows.integer(0), id, std::move(body)});
  }
  return messages;
}

}  // namespace

std::optional<StoredInstance> SqliteStore::load(const InstanceId& id) {
  const auto connection = pool_.borrow();
  const Moment moment{*connection};
  {
    Rows rows = connection->query(instance_exists, id);
    if (!rows.next()) return std::nullopt;
  }
  StoredInstance stored;
  std::int64_t snapshot_seq = 0;
  {
    Rows rows = connection->query(select_snapshot, id);
    if (rows.next()) {
      snapshot_seq = rows.integer(0);
      stored.snapshot = rows.text(1);
    }
  }
  {
    Rows rows = connection->query(select_tail, id, snapshot_seq);
    while (rows.next()) stored.records.push_back(rows.text(0));
  }
  stored.messages = messages_of(*connection, id);
  return stored;
}

std::vector<SqliteStore::Due> SqliteStore::due(PartitionId partition, Timestamp before,
                                               std::optional<Due> after, std::size_t limit) {
  const Due from = after.value_or(Due{INT64_MIN, InstanceId{}});
  const auto connection = pool_.borrow();
  std::vector<Due> found;
  const auto take = [&found](Rows rows) {
    while (rows.next()) found.push_back(Due{rows.integer(0), rows.id(1)});
  };
  if (before > 0 && from.wake_at <= 0) {
    const InstanceId last = from.wake_at == 0 ? from.id : InstanceId{};
    take(connection->query(select_open, partition, last, limit));
  }
  if (before > 1 && found.size() < limit)
    take(connection->query(select_due, partition, before, from.wake_at, from.id,
                           limit - found.size()));
  return found;
}

std::vector<InstanceId> SqliteStore::with_messages(PartitionId partition,
                                                   std::optional<InstanceId> after,
                                                   std::size_t limit) {
  const auto connection = pool_.borrow();
  Rows rows =
      connection->query(select_with_messages, partition, after.value_or(InstanceId{}), limit);
  std::vector<InstanceId> found;
  while (rows.next()) found.push_back(rows.id(0));
  return found;
}

}  // namespace sequent::persistence
