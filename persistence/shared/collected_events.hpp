#pragma once
// Sets of events that start a workflow together, in every database. Inside the caller's transaction,
// which no other may share: on PostgreSQL the caller has locked the collections.
#include <optional>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "engine/runtime/store.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view oldest_waiting = R"sql(
  SELECT event_id FROM collected_event
  WHERE collection = ?1 AND place = ?2 AND set_id IS NULL AND expires_at > ?3
  ORDER BY event_id LIMIT 1
)sql";
inline constexpr std::string_view collect = R"sql(
  INSERT INTO collected_event (collection, place, event_id, set_id, expires_at)
  VALUES (?1, ?2, ?3, NULL, ?4) ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view claim = R"sql(
  UPDATE collected_event SET set_id = ?4 WHERE collection = ?1 AND place = ?2 AND event_id = ?3
)sql";
// No LIMIT: a set has as many events as its workflow has filters.
inline constexpr std::string_view claimed_by = R"sql(
  SELECT c.collection, e.body FROM collected_event c JOIN event e ON e.event_id = c.event_id
  WHERE c.set_id = ?1 ORDER BY c.collection, c.place
)sql";
inline constexpr std::string_view forget_set = R"sql(
  DELETE FROM collected_event WHERE set_id = ?1
)sql";
inline constexpr std::string_view forget_expired = R"sql(
  DELETE FROM collected_event WHERE set_id IS NULL AND expires_at <= ?1
)sql";

template <class Connection>
std::optional<std::int64_t> waiting_in(Connection& connection, const std::string& collection,
                                       std::uint32_t place, Timestamp now) {
  auto rows = connection.query(oldest_waiting, collection, place, now);
  if (!rows.next()) return std::nullopt;
  return rows.integer(0);
}

template <class Connection>
void claim_if_whole(Connection& connection, const std::string& collection, std::uint32_t of,
                    std::int64_t event_id, Timestamp now) {
  std::vector<std::int64_t> set;
  for (std::uint32_t place = 0; place < of; ++place) {
    const auto oldest = waiting_in(connection, collection, place, now);
    if (!oldest) return;
    set.push_back(*oldest);
  }
  for (std::uint32_t place = 0; place < of; ++place)
    connection.run(claim, collection, place, set[place], event_id);
}

// An event that fits several places takes the first that is empty, as it would in a listen task.
template <class Connection>
void collect_event(Connection& connection, std::int64_t event_id,
                   const runtime::IncomingEvent& incoming) {
  const Timestamp now = incoming.received_at;
  for (const auto& set : incoming.collecting) {
    SEQUENT_ASSERT(!set.places.empty() && set.of > 1);
    const auto* chosen = &set.places.front();
    for (const auto& place : set.places) {
      if (waiting_in(connection, place.collection, place.place, now)) continue;
      chosen = &place;
      break;
    }
    connection.run(collect, chosen->collection, chosen->place, event_id, incoming.expires_at);
    claim_if_whole(connection, chosen->collection, set.of, event_id, now);
  }
}

/// The sets that this event made whole.
template <class Connection>
std::vector<runtime::EventSet> sets_of(Connection& connection, std::int64_t event_id) {
  std::vector<runtime::EventSet> sets;
  auto rows = connection.query(claimed_by, event_id);
  while (rows.next()) {
    std::string collection = rows.text(0);
    if (sets.empty() || sets.back().collection != collection)
      sets.push_back({.collection = std::move(collection), .events = {}});
    sets.back().events.push_back(stored_json(rows.view(1)));
  }
  return sets;
}

template <class Connection>
void forget_sets(Connection& connection, std::int64_t event_id) {
  connection.run(forget_set, event_id);
}

/// Drops events whose others never came; returns how many.
template <class Connection>
std::int64_t expire_collected(Connection& connection, Timestamp now) {
  return connection.execute(forget_expired, now);
}

}  // namespace sequent::persistence::shared
