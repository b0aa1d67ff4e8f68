#include "persistence/postgres/mail.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/postgres/gates.hpp"

namespace sequent::persistence::postgres {

using runtime::ChangeResult;
using runtime::Message;
using runtime::StoredMessage;

namespace {

// Held events that one new subscription takes at once; the rest stay held for the next one. A run
// must not be drowned by its first listen.
constexpr int max_taken_per_subscription = 1'000;

constexpr std::string_view delete_subscriptions = R"sql(
  DELETE FROM subscription WHERE instance_id = ANY(?1)
)sql";
constexpr std::string_view insert_subscriptions = R"sql(
  INSERT INTO subscription (filter_key, correlation_hash, instance_id, frame, type)
  SELECT * FROM unnest(?1::text[], ?2::text[], ?3::uuid[], ?4::bigint[], ?5::text[])
  ON CONFLICT DO NOTHING
)sql";
// A subscription without a hash takes events of any. No row is the usual answer.
constexpr std::string_view held_for_subscriptions = R"sql(
  SELECT s.change, held.event_id
  FROM unnest(?1::text[], ?2::text[], ?3::bigint[], ?4::bigint[])
         AS s (filter_key, correlation_hash, now, change)
  CROSS JOIN LATERAL (
    SELECT DISTINCT h.event_id FROM held_candidate h JOIN event e ON e.event_id = h.event_id
    WHERE h.filter_key = s.filter_key AND e.expires_at > s.now
      AND (h.correlation_hash = s.correlation_hash OR s.correlation_hash = '')
    ORDER BY h.event_id LIMIT ?5) AS held
  ORDER BY s.change, held.event_id
)sql";
// Another run may have taken one of them a moment ago: then it is held no more.
constexpr std::string_view claim_held = R"sql(
  SELECT event_id, body FROM event WHERE event_id = ANY(?1) AND state = 'held'
  ORDER BY event_id FOR UPDATE
)sql";
constexpr std::string_view release_held = R"sql(
  DELETE FROM held_candidate WHERE event_id = ANY(?1)
)sql";
constexpr std::string_view mark_delivered = R"sql(
  UPDATE event SET state = 'delivered' WHERE event_id = ANY(?1)
)sql";
constexpr std::string_view insert_messages = R"sql(
  WITH numbered AS MATERIALIZED (
    SELECT nextval('message_number') AS message_id, m.*
    FROM unnest(?1::bigint[], ?2::uuid[], ?3::text[], ?4::bigint[]) WITH ORDINALITY
           AS m (partition_id, instance_id, body, if_there, place)
    WHERE m.if_there = 0
       OR EXISTS (SELECT 1 FROM instance i WHERE i.instance_id = m.instance_id)),
  written AS (
    INSERT INTO message (message_id, partition_id, instance_id, body)
    SELECT message_id, partition_id, instance_id, body FROM numbered)
  SELECT place - 1, message_id FROM numbered ORDER BY place
)sql";
constexpr std::string_view insert_event_messages = R"sql(
  WITH numbered AS MATERIALIZED (
    SELECT nextval('message_number') AS message_id, m.*
    FROM unnest(?1::bigint[], ?2::uuid[], ?3::bigint[]) WITH ORDINALITY
           AS m (partition_id, instance_id, event_id, place)),
  written AS (
    INSERT INTO message (message_id, partition_id, instance_id, event_id)
    SELECT message_id, partition_id, instance_id, event_id FROM numbered)
  SELECT message_id FROM numbered ORDER BY place
)sql";
// The row of outbox_number stays ours until the commit, so numbers rise in the order of commits.
constexpr std::string_view insert_emitted = R"sql(
  WITH number AS (
    UPDATE outbox_number SET last = last + cardinality(?1)
    RETURNING last - cardinality(?1) AS before)
  INSERT INTO event (source, source_id, type, origin, state, settled, received_at, expires_at,
                     deliveries, body, emitted)
  SELECT e.source, e.source_id, e.type, 'emit', 'unrouted', 0, e.received_at, 0, 1, e.body,
         number.before + e.place
  FROM unnest(?1::text[], ?2::text[], ?3::text[], ?4::bigint[], ?5::text[]) WITH ORDINALITY
         AS e (source, source_id, type, received_at, body, place), number
  ORDER BY e.place ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view ids_of_emitted = R"sql(
  SELECT (SELECT event_id FROM event WHERE source = e.source AND source_id = e.source_id)
  FROM unnest(?1::text[], ?2::text[]) WITH ORDINALITY AS e (source, source_id, place)
  ORDER BY e.place
)sql";

}  // namespace

void EventMail::add(const InstanceId& receiver, std::int64_t event_id) {
  partition.add(receiver.partition());
  to.add(receiver);
  event.add(event_id);
}

std::vector<std::int64_t> EventMail::send(Connection& connection) const {
  std::vector<std::int64_t> ids;
  if (to.empty()) return ids;
  Rows rows = connection.query(insert_event_messages, partition, to, event);
  while (rows.next()) ids.push_back(rows.integer(0));
  SEQUENT_ASSERT(ids.size() == to.size());
  return ids;
}

void Sending::queue(Connection& connection, std::span<const Written> changes) {
  Integers partitions, if_there;
  Ids to;
  Texts bodies;
  for (const auto& [change, result] : changes)
    for (const Message& message : change->messages) {
      sent_.push_back({&message, result});
      partitions.add(message.to.partition());
      to.add(message.to);
      bodies.add(dump_json(message.body));
      if_there.add(message.if_there ? 1 : 0);
    }
  if (!sent_.empty()) ticket_ = connection.queue(insert_messages, partitions, to, bodies, if_there);
}

void Sending::read(Connection& connection) {
  if (sent_.empty()) return;
  Rows rows = connection.answer(ticket_);
  while (rows.next()) {
    const Sent& sent = sent_.at(static_cast<std::size_t>(rows.integer(0)));
    sent.result->sent.push_back({rows.integer(1), sent.message->to, sent.message->body});
  }
}

void Subscribing::queue(Connection& connection, std::span<const Written> changes,
                        std::string_view space) {
  Ids replaced, instances;
  Texts filters, hashes, types;
  Integers frames, nows, places;
  Gates gates;
  bool listens = false;
  for (const Written& written : changes) {
    if (!written.change->subscriptions) continue;
    replaced.add(written.change->id);
    const auto place = static_cast<std::int64_t>(changes_.size());
    if (!written.change->subscriptions->empty()) changes_.push_back(written);
    for (const auto& subscription : *written.change->subscriptions) {
      listens = true;
      gates.subscribe(subscription.filter_key, subscription.correlation_hash);
      filters.add(subscription.filter_key);
      hashes.add(subscription.correlation_hash);
      instances.add(written.change->id);
      frames.add(subscription.frame);
      types.add(subscription.type);
      nows.add(written.change->at);
      places.add(place);
    }
  }
  if (replaced.empty()) return;
  gates.pass(connection, space);
  connection.queue(delete_subscriptions, replaced);
  if (!listens) return;
  connection.queue(insert_subscriptions, filters, hashes, instances, frames, types);
  held_ = connection.queue(held_for_subscriptions, filters, hashes, nows, places,
                           max_taken_per_subscription);
}

// Each held event goes to the first change that wants it, in order of arrival.
void Subscribing::take_held(Connection& connection) {
  if (changes_.empty()) return;
  std::vector<std::pair<std::size_t, std::int64_t>> wanted;
  Integers all;
  {
    std::unordered_set<std::int64_t> seen;
    Rows rows = connection.answer(held_);
    while (rows.next())
      if (seen.insert(rows.integer(1)).second) {
        wanted.emplace_back(static_cast<std::size_t>(rows.integer(0)), rows.integer(1));
        all.add(rows.integer(1));
      }
  }
  if (wanted.empty()) return;
  std::unordered_map<std::int64_t, Json> claimed;
  {
    Rows rows = connection.query(claim_held, all);
    while (rows.next()) claimed.emplace(rows.integer(0), stored_json(rows.view(1)));
  }
  Integers taken;
  EventMail mail;
  std::erase_if(wanted, [&](const auto& one) { return !claimed.contains(one.second); });
  for (const auto& [place, event_id] : wanted) {
    taken.add(event_id);
    mail.add(changes_[place].change->id, event_id);
  }
  connection.run(release_held, taken);
  connection.run(mark_delivered, taken);
  const auto ids = mail.send(connection);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& [change, result] = changes_[wanted[i].first];
    result->messages.push_back(
        {ids[i], change->id, event_message(std::move(claimed.at(wanted[i].second)))});
  }
}

void Emitting::queue(Connection& connection, std::span<const Written> changes) {
  Texts sources, source_ids, types, bodies;
  Integers received_at;
  for (const auto& [change, result] : changes)
    for (const Json& event : change->emitted) {
      const std::string source_id = text_of(event, "id");
      SEQUENT_ASSERT(!source_id.empty());  // the machine gives every emitted event an id
      results_.push_back(result);
      sources.add(text_of(event, "source"));
      source_ids.add(source_id);
      types.add(text_of(event, "type"));
      received_at.add(change->at);
      bodies.add(dump_json(event));
    }
  if (results_.empty()) return;
  connection.queue(insert_emitted, sources, source_ids, types, received_at, bodies);
  ticket_ = connection.queue(ids_of_emitted, sources, source_ids);
}

void Emitting::read(Connection& connection) {
  if (results_.empty()) return;
  Rows rows = connection.answer(ticket_);
  SEQUENT_ASSERT(rows.size() == results_.size());
  for (ChangeResult* result : results_) {
    if (!rows.next() || rows.is_null(0))
      Connection::begin_anew("a known event was deleted at this moment");
    result->emitted.push_back(rows.integer(0));
  }
}

}  // namespace sequent::persistence::postgres
