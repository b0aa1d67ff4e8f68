// Events on their way in: stored once, handed to whoever waits, held for whoever will. All events of
// a call go together: three round trips, however many they are.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/postgres/gates.hpp"
#include "persistence/postgres/mail.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/writing.hpp"
#include "persistence/shared/collected_events.hpp"
#include "persistence/shared/definitions.hpp"

namespace sequent::persistence::postgres {

using runtime::IncomingEvent;
using runtime::RoutedEvent;

namespace {

// One order for all who insert events: of two that deliver the same ones neither waits in a circle.
constexpr std::string_view insert_events = R"sql(
  INSERT INTO event (source, source_id, type, origin, state, settled, received_at, expires_at,
                     deliveries, body)
  SELECT e.source, e.source_id, e.type, e.origin, 'unrouted', 0, e.received_at, e.expires_at, 1,
         e.body
  FROM unnest(?1::text[], ?2::text[], ?3::text[], ?4::text[], ?5::bigint[], ?6::bigint[],
              ?7::text[]) AS e (source, source_id, type, origin, received_at, expires_at, body)
  ORDER BY e.source COLLATE "C", e.source_id COLLATE "C"
  ON CONFLICT DO NOTHING RETURNING event_id, source, source_id
)sql";
constexpr std::string_view count_delivery = R"sql(
  UPDATE event SET deliveries = deliveries + 1 WHERE source = ?1 AND source_id = ?2
  RETURNING event_id
)sql";
constexpr std::string_view find_stored = R"sql(
  SELECT event_id, state, settled FROM event WHERE event_id = ANY(?1) ORDER BY event_id FOR UPDATE
)sql";
// No LIMIT: an event belongs to every run that waits for it, or the last ones would wait for ever.
constexpr std::string_view receivers = R"sql(
  SELECT c.place - 1, s.instance_id
  FROM unnest(?1::text[], ?2::text[]) WITH ORDINALITY AS c (filter_key, correlation_hash, place)
  JOIN subscription s ON s.filter_key = c.filter_key
                     AND s.correlation_hash IN (c.correlation_hash, '')
)sql";
constexpr std::string_view receivers_of_everything = R"sql(
  SELECT instance_id FROM subscription WHERE filter_key = '*' ORDER BY instance_id
)sql";
constexpr std::string_view in_mailbox = R"sql(
  SELECT 1 FROM message
  WHERE partition_id = ?1 AND instance_id = ?2 AND event_id = ?3 LIMIT 1
)sql";
constexpr std::string_view let_go_of_held = R"sql(
  DELETE FROM held_candidate WHERE event_id = ANY(?1)
)sql";
constexpr std::string_view hold_candidates = R"sql(
  INSERT INTO held_candidate (filter_key, correlation_hash, event_id)
  SELECT * FROM unnest(?1::text[], ?2::text[], ?3::bigint[]) ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view mark_routed = R"sql(
  UPDATE event SET state = r.state, expires_at = r.expires_at
  FROM unnest(?1::bigint[], ?2::text[], ?3::bigint[]) AS r (event_id, state, expires_at)
  WHERE event.event_id = r.event_id
)sql";
constexpr std::string_view select_unsettled = R"sql(
  SELECT event_id, body FROM event WHERE settled = 0 AND event_id > ?1 ORDER BY event_id LIMIT ?2
)sql";
constexpr std::string_view has_expired = R"sql(
  SELECT EXISTS (SELECT 1 FROM event WHERE state = 'held' AND expires_at <= ?1)
      OR EXISTS (SELECT 1 FROM collected_event WHERE set_id IS NULL AND expires_at <= ?1)
)sql";
// Those that somebody is taking at this moment are taken.
constexpr std::string_view mark_expired = R"sql(
  WITH expired AS (
    SELECT event_id FROM event WHERE state = 'held' AND expires_at <= ?1
    ORDER BY expires_at LIMIT ?2 FOR UPDATE SKIP LOCKED),
  let_go AS (
    DELETE FROM held_candidate h USING expired WHERE h.event_id = expired.event_id)
  UPDATE event SET state = 'expired' FROM expired WHERE event.event_id = expired.event_id
)sql";

using Identity = std::pair<std::string, std::string>;

Identity identity_of(const IncomingEvent& incoming) {
  Identity identity{text_of(incoming.event, "source"), text_of(incoming.event, "id")};
  SEQUENT_ASSERT(!identity.first.empty() && !identity.second.empty());  // validated on the way in
  return identity;
}

/// The routing of the events of one call, step by step.
class Routing {
 public:
  Routing(Connection& connection, std::span<const IncomingEvent> events)
      : connection_(connection), events_(events), results_(events.size()), ways_(events.size()) {}

  std::vector<RoutedEvent> run(std::string_view space) {
    pass_gates(space);
    definitions_ = connection_.queue(shared::select_definitions_revision);
    queue_events();
    queue_receivers();
    connection_.flush();
    const std::size_t definitions = read_definitions();
    read_events();
    leave_out_stale(definitions);
    read_receivers();
    deliver();
    collect();
    return std::move(results_);
  }

 private:
  struct Way {
    std::set<InstanceId> receivers;  // by filter
    bool deliver = false, collect = false;
  };

  void pass_gates(std::string_view space) {
    Gates gates;
    gates.route_any();
    for (const IncomingEvent& incoming : events_) {
      for (const auto& candidate : incoming.candidates)
        gates.route(candidate.filter_key, candidate.correlation_hash);
      for (const auto& set : incoming.collecting)
        for (const auto& place : set.places) gates.collect(place.collection);
    }
    gates.pass(connection_, space);
  }

  void queue_events() {
    Texts sources, ids, types, origins, bodies;
    Integers received, expires, stored;
    for (const IncomingEvent& incoming : events_) {
      if (incoming.stored_id != 0) {
        stored.add(incoming.stored_id);
        continue;
      }
      const Identity identity = identity_of(incoming);
      sources.add(identity.first);
      ids.add(identity.second);
      types.add(text_of(incoming.event, "type"));
      origins.add(incoming.origin);
      received.add(incoming.received_at);
      expires.add(incoming.expires_at);
      bodies.add(dump_json(incoming.event));
    }
    if (!ids.empty())
      inserted_ =
          connection_.queue(insert_events, sources, ids, types, origins, received, expires, bodies);
    if (!stored.empty()) stored_ = connection_.queue(find_stored, stored);
  }

  std::size_t read_definitions() {
    Rows rows = connection_.answer(definitions_);
    return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
  }

  // They stay as `unrouted` as they came.
  void leave_out_stale(std::size_t definitions) {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (results_[i].duplicate ||
          events_[i].definitions_known.value_or(definitions) == definitions)
        continue;
      results_[i].stale = true;
      ways_[i] = {};
    }
  }

  void queue_receivers() {
    Texts filters, hashes;
    for (std::size_t i = 0; i < events_.size(); ++i)
      for (const auto& candidate : events_[i].candidates) {
        filters.add(candidate.filter_key);
        hashes.add(candidate.correlation_hash);
        candidate_of_.push_back(i);
      }
    if (!candidate_of_.empty()) receivers_ = connection_.queue(receivers, filters, hashes);
    everything_ = connection_.queue(receivers_of_everything);
  }

  void read_events() {
    std::map<Identity, std::int64_t> fresh;
    std::unordered_map<std::int64_t, std::pair<bool, bool>> known;  // unrouted, settled
    if (inserted_) {
      Rows rows = connection_.answer(*inserted_);
      while (rows.next()) fresh.emplace(Identity{rows.text(1), rows.text(2)}, rows.integer(0));
    }
    if (stored_) {
      Rows rows = connection_.answer(*stored_);
      while (rows.next())
        known.emplace(rows.integer(0), std::pair{rows.view(1) == "unrouted", rows.integer(2) == 1});
    }
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].stored_id == 0)
        read_new(i, fresh);
      else
        read_stored(i, known);
    }
  }

  void read_new(std::size_t i, std::map<Identity, std::int64_t>& fresh) {
    Identity identity = identity_of(events_[i]);
    identity = {storable(identity.first), storable(identity.second)};
    const auto found = fresh.find(identity);
    if (found != fresh.end()) {
      results_[i].id = found->second;
      ways_[i].deliver = true;
      ways_[i].collect = !events_[i].collecting.empty();
      fresh.erase(found);  // the same event once more in this call is a second delivery
      return;
    }
    Rows rows = connection_.query(count_delivery, identity.first, identity.second);
    if (!rows.next()) Connection::begin_anew("a known event was deleted at this moment");
    results_[i].id = rows.integer(0);
    results_[i].duplicate = true;
  }

  // An event of the outbox, one that an operator sends again, or one that a crash left between its
  // routing and its settling: then its messages are in the mailboxes already, and the caller goes
  // on with the starts.
  void read_stored(std::size_t i,
                   const std::unordered_map<std::int64_t, std::pair<bool, bool>>& known) {
    const IncomingEvent& incoming = events_[i];
    results_[i].id = incoming.stored_id;
    const auto found = known.find(incoming.stored_id);
    if (found == known.end() || (found->second.second && !incoming.again)) {
      results_[i].duplicate = true;
      return;
    }
    const bool unrouted = found->second.first;
    ways_[i].deliver = unrouted || incoming.again;
    // One that is sent again has had its part in a set already.
    ways_[i].collect = unrouted;
    tell_sets_.push_back(i);
  }

  void read_receivers() {
    if (receivers_) {
      Rows rows = connection_.answer(*receivers_);
      while (rows.next())
        ways_[candidate_of_[static_cast<std::size_t>(rows.integer(0))]].receivers.insert(
            rows.id(1));
    }
    Rows rows = connection_.answer(everything_);
    while (rows.next()) listen_to_all_.push_back(rows.id(0));
  }

  // Hands each event to everyone who waits for it, each run once. Who listens to everything takes a
  // copy and never robs the run that the event is meant for and that has not come so far yet.
  void deliver() {
    EventMail mail;
    std::vector<std::pair<std::size_t, InstanceId>> sent;
    Texts filters, hashes, states;
    Integers held, routed, expires, let_go;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (!ways_[i].deliver) continue;
      const IncomingEvent& incoming = events_[i];
      std::set<InstanceId> found = ways_[i].receivers;
      const bool hold = found.empty() && !incoming.candidates.empty();
      found.insert(listen_to_all_.begin(), listen_to_all_.end());
      for (const InstanceId& to : found) {
        if (incoming.again && has_copy(to, results_[i].id)) continue;
        mail.add(to, results_[i].id);
        sent.emplace_back(i, to);
      }
      if (incoming.again) let_go.add(results_[i].id);
      if (hold) {
        for (const auto& candidate : incoming.candidates) {
          filters.add(candidate.filter_key);
          hashes.add(candidate.correlation_hash);
          held.add(results_[i].id);
        }
      }
      routed.add(results_[i].id);
      states.add(hold ? "held" : found.empty() ? "ignored" : "delivered");
      expires.add(incoming.expires_at);
    }
    if (!let_go.empty()) connection_.run(let_go_of_held, let_go);
    if (!held.empty()) connection_.run(hold_candidates, filters, hashes, held);
    if (!routed.empty()) connection_.run(mark_routed, routed, states, expires);
    const auto ids = mail.send(connection_);
    for (std::size_t n = 0; n < sent.size(); ++n)
      results_[sent[n].first].messages.push_back(
          {ids[n], sent[n].second, event_message(events_[sent[n].first].event)});
  }

  bool has_copy(const InstanceId& id, std::int64_t event_id) {
    Rows rows = connection_.query(in_mailbox, id.partition(), id, event_id);
    return rows.next();
  }

  void collect() {
    for (std::size_t i = 0; i < events_.size(); ++i)
      if (ways_[i].collect) {
        shared::collect_event(connection_, results_[i].id, events_[i]);
        if (events_[i].stored_id == 0) tell_sets_.push_back(i);
      }
    for (const std::size_t i : tell_sets_)
      results_[i].sets = shared::sets_of(connection_, results_[i].id);
  }

  Connection& connection_;
  std::span<const IncomingEvent> events_;
  std::vector<RoutedEvent> results_;
  std::vector<Way> ways_;
  std::vector<std::size_t> candidate_of_;  // which event each candidate is of
  std::vector<std::size_t> tell_sets_;
  std::vector<InstanceId> listen_to_all_;
  std::optional<std::size_t> inserted_, stored_, receivers_;  // tickets
  std::size_t definitions_ = 0, everything_ = 0;
};

}  // namespace

std::vector<RoutedEvent> PostgresStore::route(std::span<const IncomingEvent> events) {
  Settling settling{settling_};
  auto results = writing(writers_, [&](Connection& connection) {
    settling.queue(connection);  // first: one of them may be asked for again
    return Routing{connection, events}.run(address_.schema);
  });
  settling.done();
  return results;
}

std::vector<std::pair<std::int64_t, Json>> PostgresStore::unrouted(std::int64_t after,
                                                                   std::size_t limit) {
  flush_settled();
  return reading(readers_, [&](Connection& connection) {
    Rows rows = connection.query(select_unsettled, after, limit);
    std::vector<std::pair<std::int64_t, Json>> events;
    while (rows.next()) events.emplace_back(rows.integer(0), stored_json(rows.view(1)));
    return events;
  });
}

// Rides with the next transaction. If the process ends before, the event is found unsettled and
// settled again, which changes nothing because starts are idempotent.
void PostgresStore::settle_event(std::int64_t id) {
  settling_.add(id);
}

void PostgresStore::flush_settled() {
  Settling settling{settling_};
  if (!settling.any()) return;
  writing(writers_, [&](Connection& connection) {
    settling.queue(connection);
    return true;
  });
  settling.done();
}

std::size_t PostgresStore::expire_events(Timestamp now, std::size_t limit) {
  const bool any = reading(readers_, [&](Connection& connection) {
    Rows rows = connection.query(has_expired, now);
    return rows.next() && rows.integer(0) != 0;
  });
  if (!any) return 0;  // the usual case: an idle node writes nothing
  return writing(writers_, [&](Connection& connection) {
    static_cast<void>(shared::expire_collected(connection, now));
    return static_cast<std::size_t>(connection.execute(mark_expired, now, limit));
  });
}

}  // namespace sequent::persistence::postgres
