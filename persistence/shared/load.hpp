#pragma once
// What a partition reads, the same in every database: runs to wake, runs with mail, and a run itself.
#include <optional>
#include <string_view>
#include <vector>

#include "engine/runtime/store.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view instance_exists = R"sql(
  SELECT 1 FROM instance WHERE instance_id = ?1
)sql";
inline constexpr std::string_view select_snapshot = R"sql(
  SELECT last_seq, state FROM snapshot WHERE instance_id = ?1
)sql";
// No LIMIT: the machine bounds a journal, and snapshots bound what lies after the last one.
inline constexpr std::string_view select_tail = R"sql(
  SELECT records FROM journal WHERE instance_id = ?1 AND last_seq > ?2 ORDER BY last_seq
)sql";
inline constexpr std::string_view select_messages = R"sql(
  SELECT m.message_id, m.body, e.body FROM message m LEFT JOIN event e ON e.event_id = m.event_id
  WHERE m.partition_id = ?1 AND m.instance_id = ?2 ORDER BY m.message_id
)sql";
// Each reads an index of its own: instance_open, instance_due.
inline constexpr std::string_view select_open = R"sql(
  SELECT 0, instance_id FROM instance
  WHERE partition_id = ?1 AND wake_at = 0 AND instance_id > ?2
  ORDER BY instance_id LIMIT ?3
)sql";
inline constexpr std::string_view select_due = R"sql(
  SELECT wake_at, instance_id FROM instance
  WHERE partition_id = ?1 AND wake_at > 0 AND wake_at < ?2
    AND (wake_at, instance_id) > (?3, ?4)
  ORDER BY wake_at, instance_id LIMIT ?5
)sql";
inline constexpr std::string_view select_with_messages = R"sql(
  SELECT DISTINCT instance_id FROM message WHERE partition_id = ?1 AND instance_id > ?2
  ORDER BY instance_id LIMIT ?3
)sql";

template <class Rows>
std::vector<runtime::StoredMessage> messages_in(Rows rows, const InstanceId& id) {
  std::vector<runtime::StoredMessage> messages;
  while (rows.next()) {
    Json body =
        rows.is_null(1) ? event_message(stored_json(rows.view(2))) : stored_json(rows.view(1));
    messages.push_back({rows.integer(0), id, std::move(body)});
  }
  return messages;
}

/// Several reads: the caller sees to it that they are of one moment.
template <class Connection>
std::optional<runtime::StoredInstance> load_instance(Connection& connection, const InstanceId& id) {
  {
    auto rows = connection.query(instance_exists, id);
    if (!rows.next()) return std::nullopt;
  }
  runtime::StoredInstance stored;
  std::int64_t snapshot_seq = 0;
  {
    auto rows = connection.query(select_snapshot, id);
    if (rows.next()) {
      snapshot_seq = rows.integer(0);
      stored.snapshot = rows.text(1);
    }
  }
  {
    auto rows = connection.query(select_tail, id, snapshot_seq);
    while (rows.next()) stored.records.push_back(rows.text(0));
  }
  stored.messages = messages_in(connection.query(select_messages, id.partition(), id), id);
  return stored;
}

template <class Connection>
std::vector<runtime::Store::Due> due_instances(Connection& connection, PartitionId partition,
                                               Timestamp before,
                                               const std::optional<runtime::Store::Due>& after,
                                               std::size_t limit) {
  using Due = runtime::Store::Due;
  const Due from = after.value_or(Due{INT64_MIN, InstanceId{}});
  std::vector<Due> found;
  const auto take = [&found](auto rows) {
    while (rows.next()) found.push_back(Due{rows.integer(0), rows.id(1)});
  };
  if (before > 0 && from.wake_at <= 0) {
    const InstanceId last = from.wake_at == 0 ? from.id : InstanceId{};
    take(connection.query(select_open, partition, last, limit));
  }
  if (before > 1 && found.size() < limit)
    take(connection.query(select_due, partition, before, from.wake_at, from.id,
                          limit - found.size()));
  return found;
}

template <class Connection>
std::vector<InstanceId> instances_with_messages(Connection& connection, PartitionId partition,
                                                const std::optional<InstanceId>& after,
                                                std::size_t limit) {
  auto rows =
      connection.query(select_with_messages, partition, after.value_or(InstanceId{}), limit);
  std::vector<InstanceId> found;
  while (rows.next()) found.push_back(rows.id(0));
  return found;
}

}  // namespace sequent::persistence::shared
