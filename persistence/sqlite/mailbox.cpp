// Subscriptions, messages and the events that wait for somebody to want them.
#include <set>

#include "base/assert.hpp"
#include "base/json.hpp"
#include "engine/runtime/store.hpp"
#include "persistence/sqlite/writes.hpp"

namespace sequent::persistence {

using runtime::StoredMessage;
using runtime::SubscriptionRow;

namespace {

// Held events that one new subscription takes at once; the rest stay held for the next one. A run
// must not be drowned by its first listen.
constexpr int max_taken_per_subscription = 1'000;

constexpr std::string_view delete_subscriptions = R"sql(
  DELETE FROM subscription WHERE instance_id = ?1
)sql";
constexpr std::string_view insert_subscription = R"sql(
  INSERT INTO subscription (filter_key, correlation_hash, instance_id, frame, type)
  VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING
)sql";
// A subscription without a hash takes events of any.
constexpr std::string_view held_for_subscription = R"sql(
  SELECT h.event_id FROM held_candidate h JOIN event e ON e.event_id = h.event_id
  WHERE h.filter_key = ?1 AND h.correlation_hash = ?2 AND e.expires_at > ?3
  ORDER BY h.event_id LIMIT ?4
)sql";
constexpr std::string_view held_for_any_hash = R"sql(
  SELECT DISTINCT h.event_id FROM held_candidate h JOIN event e ON e.event_id = h.event_id
  WHERE h.filter_key = ?1 AND e.expires_at > ?2
  ORDER BY h.event_id LIMIT ?3
)sql";
constexpr std::string_view release_held = R"sql(
  DELETE FROM held_candidate WHERE event_id = ?1
)sql";
constexpr std::string_view mark_delivered = R"sql(
  UPDATE event SET state = 'delivered' WHERE event_id = ?1
)sql";
constexpr std::string_view body_of_event = R"sql(
  SELECT body FROM event WHERE event_id = ?1
)sql";
constexpr std::string_view insert_message = R"sql(
  INSERT INTO message (partition_id, instance_id, body) VALUES (?1, ?2, ?3)
)sql";
constexpr std::string_view insert_message_if_there = R"sql(
  INSERT INTO message (partition_id, instance_id, body)
  SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM instance WHERE instance_id = ?2)
)sql";
constexpr std::string_view insert_event_message = R"sql(
  INSERT INTO message (partition_id, instance_id, event_id) VALUES (?1, ?2, ?3)
)sql";
constexpr std::string_view delete_message = R"sql(
  DELETE FROM message WHERE message_id = ?1 AND instance_id = ?2
)sql";
constexpr std::string_view insert_emitted = R"sql(
  INSERT INTO event (source, source_id, type, origin, state, settled, received_at, expires_at,
                     deliveries, body)
  VALUES (?1, ?2, ?3, 'emit', 'unrouted', 0, ?4, 0, 1, ?5) ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view event_by_identity = R"sql(
  SELECT event_id FROM event WHERE source = ?1 AND source_id = ?2
)sql";

std::set<std::int64_t> held_events_for(Connection& connection,
                                       std::span<const SubscriptionRow> subscriptions,
                                       Timestamp now) {
  std::set<std::int64_t> events;  // in order of arrival, each once
  for (const SubscriptionRow& subscription : subscriptions) {
    Rows rows =
        subscription.correlation_hash.empty()
            ? connection.query(held_for_any_hash, subscription.filter_key, now,
                               max_taken_per_subscription)
            : connection.query(held_for_subscription, subscription.filter_key,
                               subscription.correlation_hash, now, max_taken_per_subscription);
    while (rows.next()) events.insert(rows.integer(0));
  }
  return events;
}

Json stored_event(Connection& connection, std::int64_t event_id) {
  Rows rows = connection.query(body_of_event, event_id);
  const bool found = rows.next();
  SEQUENT_ASSERT(found);  // held_candidate and message rows never outlive their event
  auto event = parse_json(rows.view(0));
  SEQUENT_ASSERT(event.has_value());  // we wrote it
  return std::move(*event);
}

}  // namespace

std::vector<StoredMessage> replace_subscriptions(Connection& connection, const InstanceId& instance,
                                                 std::span<const SubscriptionRow> subscriptions,
                                                 Timestamp now) {
  connection.execute(delete_subscriptions, instance);
  for (const SubscriptionRow& subscription : subscriptions)
    connection.execute(insert_subscription, subscription.filter_key, subscription.correlation_hash,
                       instance, subscription.frame, subscription.type);
  std::vector<StoredMessage> messages;
  for (const std::int64_t event_id : held_events_for(connection, subscriptions, now)) {
    const Json event = stored_event(connection, event_id);
    connection.execute(release_held, event_id);
    connection.execute(mark_delivered, event_id);
    messages.push_back(send_event(connection, instance, event_id, event));
  }
  return messages;
}

std::optional<StoredMessage> send_message(Connection& connection, const runtime::Message& message) {
  const std::string body = dump_json(message.body);
  const auto insert = message.if_there ? insert_message_if_there : insert_message;
  if (connection.execute(insert, message.to.partition(), message.to, body) == 0)
    return std::nullopt;
  return StoredMessage{connection.last_id(), message.to, message.body};
}

StoredMessage send_event(Connection& connection, const InstanceId& to, std::int64_t event_id,
                         const Json& event) {
  connection.execute(insert_event_message, to.partition(), to, event_id);
  return StoredMessage{connection.last_id(), to, event_message(event)};
}

void consume_message(Connection& connection, const InstanceId& instance, std::int64_t message_id) {
  connection.execute(delete_message, message_id, instance);
}

std::int64_t store_emitted(Connection& connection, const Json& event, Timestamp now) {
  const std::string source = text_of(event, "source");
  const std::string source_id = text_of(event, "id");
  SEQUENT_ASSERT(!source_id.empty());  // the machine gives every emitted event an id
  const std::string body = dump_json(event);
  if (connection.execute(insert_emitted, source, source_id, text_of(event, "type"), now, body) == 1)
    return connection.last_id();
  Rows rows = connection.query(event_by_identity, source, source_id);
  const bool found = rows.next();
  SEQUENT_ASSERT(found);
  return rows.integer(0);
}

}  // namespace sequent::persistence
