#pragma once
// The inbox of events, for people: the same statements in every database.
#include <optional>
#include <string_view>
#include <vector>

#include "engine/runtime/queries.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view select_entry = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE event_id = ?1
)sql";
inline constexpr std::string_view select_entries = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE event_id < ?1 ORDER BY event_id DESC LIMIT ?2
)sql";
inline constexpr std::string_view select_entries_of_type = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE type = ?3 AND event_id < ?1 ORDER BY event_id DESC LIMIT ?2
)sql";
inline constexpr std::string_view select_entries_in_state = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE state = ?3 AND event_id < ?1 ORDER BY event_id DESC LIMIT ?2
)sql";
inline constexpr std::string_view select_entries_of_type_in_state = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE type = ?3 AND state = ?4 AND event_id < ?1 ORDER BY event_id DESC LIMIT ?2
)sql";

template <class Rows>
runtime::InboxEntry inbox_entry_of(const Rows& rows) {
  runtime::InboxEntry entry;
  entry.id = rows.integer(0);
  entry.source = rows.text(1);
  entry.event_id = rows.text(2);
  entry.type = rows.text(3);
  entry.origin = rows.text(4);
  entry.state = rows.text(5);
  entry.received_at = rows.integer(6);
  entry.deliveries = static_cast<int>(rows.integer(7));
  entry.event = stored_json(rows.view(8));
  return entry;
}

template <class Connection>
std::vector<runtime::InboxEntry> list_inbox(Connection& connection, const std::string& type,
                                            const std::string& state, std::int64_t before_id,
                                            std::size_t limit) {
  const std::int64_t before = before_id <= 0 ? INT64_MAX : before_id;
  auto rows = type.empty() && state.empty() ? connection.query(select_entries, before, limit)
              : state.empty() ? connection.query(select_entries_of_type, before, limit, type)
              : type.empty()
                  ? connection.query(select_entries_in_state, before, limit, state)
                  : connection.query(select_entries_of_type_in_state, before, limit, type, state);
  std::vector<runtime::InboxEntry> entries;
  while (rows.next()) entries.push_back(inbox_entry_of(rows));
  return entries;
}

template <class Connection>
std::optional<runtime::InboxEntry> inbox_entry(Connection& connection, std::int64_t id) {
  auto rows = connection.query(select_entry, id);
  if (!rows.next()) return std::nullopt;
  return inbox_entry_of(rows);
}

}  // namespace sequent::persistence::shared
