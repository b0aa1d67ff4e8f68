// Events on their way in: stored once, handed to whoever waits, held for whoever will.
#include <mutex>
#include <set>

#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/shared/collected_events.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "persistence/sqlite/writes.hpp"

namespace sequent::persistence {

using runtime::IncomingEvent;
using runtime::RoutedEvent;

namespace {

constexpr std::string_view insert_event = R"sql(
  INSERT INTO event (source, source_id, type, origin, state, settled, received_at, expires_at,
                     deliveries, body)
  VALUES (?1, ?2, ?3, ?4, 'unrouted', 0, ?5, ?6, 1, ?7) ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view count_delivery = R"sql(
  UPDATE event SET deliveries = deliveries + 1 WHERE source = ?1 AND source_id = ?2
  RETURNING event_id
)sql";
constexpr std::string_view find_stored = R"sql(
  SELECT state, settled FROM event WHERE event_id = ?1
)sql";
constexpr std::string_view mark_routed = R"sql(
  UPDATE event SET state = ?2, expires_at = ?3 WHERE event_id = ?1
)sql";
// No LIMIT: an event belongs to every run that waits for it, or the last ones would wait for ever.
constexpr std::string_view receivers = R"sql(
  SELECT instance_id FROM subscription WHERE filter_key = ?1 AND correlation_hash IN (?2, '')
  ORDER BY instance_id
)sql";
constexpr std::string_view receivers_of_everything = R"sql(
  SELECT instance_id FROM subscription WHERE filter_key = '*' ORDER BY instance_id
)sql";
constexpr std::string_view hold_candidate = R"sql(
  INSERT INTO held_candidate (filter_key, correlation_hash, event_id) VALUES (?1, ?2, ?3)
  ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view select_unsettled = R"sql(
  SELECT event_id, body FROM event WHERE settled = 0 AND event_id > ?1 ORDER BY event_id LIMIT ?2
)sql";
constexpr std::string_view settle = R"sql(
  UPDATE event SET settled = 1 WHERE event_id = ?1 AND settled = 0
)sql";
constexpr std::string_view select_expired = R"sql(
  SELECT event_id FROM event WHERE state = 'held' AND expires_at <= ?1
  ORDER BY expires_at LIMIT ?2
)sql";
constexpr std::string_view let_go_of_held = R"sql(
  DELETE FROM held_candidate WHERE event_id = ?1
)sql";
constexpr std::string_view mark_expired = R"sql(
  UPDATE event SET state = 'expired' WHERE event_id = ?1
)sql";

constexpr std::string_view in_mailbox = R"sql(
  SELECT 1 FROM message
  WHERE partition_id = ?1 AND instance_id = ?2 AND event_id = ?3 LIMIT 1
)sql";

bool has_copy(Connection& connection, const InstanceId& id, std::int64_t event_id) {
  Rows rows = connection.query(in_mailbox, id.partition(), id, event_id);
  return rows.next();
}

void add_receivers(Rows rows, std::set<InstanceId>& found) {
  while (rows.next()) found.insert(rows.id(0));
}

// Hands the event to everyone who waits for it, each run once. Who listens to everything takes a
// copy and never robs the run that the event is meant for and that has not come so far yet.
std::vector<runtime::StoredMessage> deliver(Connection& connection, std::int64_t event_id,
                                            const IncomingEvent& incoming) {
  std::set<InstanceId> found;
  for (const IncomingEvent::Candidate& candidate : incoming.candidates)
    add_receivers(connection.query(receivers, candidate.filter_key, candidate.correlation_hash),
                  found);
  const bool wanted = !found.empty();
  add_receivers(connection.query(receivers_of_everything), found);

  std::vector<runtime::StoredMessage> messages;
  messages.reserve(found.size());
  for (const InstanceId& to : found) {
    if (incoming.again && has_copy(connection, to, event_id)) continue;
    messages.push_back(send_event(connection, to, event_id, incoming.event));
  }

  if (incoming.again) connection.execute(let_go_of_held, event_id);
  const bool hold = !wanted && !incoming.candidates.empty();
  if (hold) {
    for (const IncomingEvent::Candidate& candidate : incoming.candidates)
      connection.execute(hold_candidate, candidate.filter_key, candidate.correlation_hash,
                         event_id);
  }
  const std::string_view state = hold ? "held" : found.empty() ? "ignored" : "delivered";
  connection.execute(mark_routed, event_id, state, incoming.expires_at);
  return messages;
}

RoutedEvent route_new(Connection& connection, const IncomingEvent& incoming) {
  const std::string source = text_of(incoming.event, "source");
  const std::string source_id = text_of(incoming.event, "id");
  SEQUENT_ASSERT(!source.empty() && !source_id.empty());  // validated where the event came in
  const std::string body = dump_json(incoming.event);
  RoutedEvent routed;
  if (connection.execute(insert_event, source, source_id, text_of(incoming.event, "type"),
                         incoming.origin, incoming.received_at, incoming.expires_at, body) == 0) {
    Rows rows = connection.query(count_delivery, source, source_id);
    const bool found = rows.next();
    SEQUENT_ASSERT(found);
    routed.id = rows.integer(0);
    routed.duplicate = true;
    return routed;
  }
  routed.id = connection.last_id();
  routed.messages = deliver(connection, routed.id, incoming);
  if (incoming.collecting.empty()) return routed;
  shared::collect_event(connection, routed.id, incoming);
  routed.sets = shared::sets_of(connection, routed.id);
  return routed;
}

// An event of the outbox, one that an operator sends again, or one that a crash left between its
// routing and its settling: then its messages are in the mailboxes already, and the caller goes on
// with the starts.
RoutedEvent route_stored(Connection& connection, const IncomingEvent& incoming) {
  RoutedEvent routed;
  routed.id = incoming.stored_id;
  bool open = incoming.again, unrouted = false;
  {
    Rows rows = connection.query(find_stored, incoming.stored_id);
    if (!rows.next() || (rows.integer(1) == 1 && !incoming.again)) {
      routed.duplicate = true;
      return routed;
    }
    unrouted = rows.view(0) == "unrouted";
  }
  open = open || unrouted;
  if (open) routed.messages = deliver(connection, routed.id, incoming);
  // One that is sent again has had its part in a set already.
  if (unrouted) shared::collect_event(connection, routed.id, incoming);
  routed.sets = shared::sets_of(connection, routed.id);
  return routed;
}

}  // namespace

std::vector<RoutedEvent> SqliteStore::route(std::span<const IncomingEvent> events) {
  const std::lock_guard turn{turn_};
  std::vector<RoutedEvent> results;
  results.reserve(events.size());
  Transaction transaction{*writer_, forget_cached()};
  write_settled();  // first: one of them may be asked for again
  for (const IncomingEvent& event : events)
    results.push_back(event.stored_id == 0 ? route_new(*writer_, event)
                                           : route_stored(*writer_, event));
  transaction.commit();
  settled_.clear();
  checkpointer_.after_commit();
  return results;
}

std::vector<std::pair<std::int64_t, Json>> SqliteStore::unrouted(std::int64_t after,
                                                                 std::size_t limit) {
  flush_settled();
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_unsettled, after, limit);
  std::vector<std::pair<std::int64_t, Json>> events;
  while (rows.next()) {
    auto event = parse_json(rows.view(1));
    SEQUENT_ASSERT(event.has_value());  // we wrote it
    events.emplace_back(rows.integer(0), std::move(*event));
  }
  return events;
}

// Rides with the next transaction. If the process ends before, the event is found unsettled and
// settled again, which changes nothing because starts are idempotent.
void SqliteStore::settle_event(std::int64_t id) {
  const std::lock_guard turn{turn_};
  settled_.push_back(id);
}

// Inside a transaction; the caller forgets the list when that is committed.
void SqliteStore::write_settled() {
  for (const std::int64_t id : settled_) {
    writer_->execute(settle, id);
    shared::forget_sets(*writer_, id);
  }
}

void SqliteStore::flush_settled() {
  const std::lock_guard turn{turn_};
  if (settled_.empty()) return;
  Transaction transaction{*writer_, forget_cached()};
  write_settled();
  transaction.commit();
  settled_.clear();
}

std::size_t SqliteStore::expire_events(Timestamp now, std::size_t limit) {
  std::vector<std::int64_t> expired;
  const std::lock_guard turn{turn_};
  {
    Rows rows = writer_->query(select_expired, now, limit);
    while (rows.next()) expired.push_back(rows.integer(0));
  }
  (void)shared::expire_collected(*writer_, now);
  if (expired.empty()) return 0;  // the usual case: an idle node writes nothing
  Transaction transaction{*writer_, forget_cached()};
  for (const std::int64_t id : expired) {
    writer_->execute(let_go_of_held, id);
    writer_->execute(mark_expired, id);
  }
  transaction.commit();
  checkpointer_.after_commit();
  return expired.size();
}

}  // namespace sequent::persistence
