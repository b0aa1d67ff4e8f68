#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

using runtime::InboxEntry;

namespace {

constexpr std::string_view select_entry = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE event_id = ?1
)sql";
constexpr std::string_view select_entries = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE event_id < ?1 ORDER BY event_id DESC LIMIT ?2
)sql";
constexpr std::string_view select_entries_of_type = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE type = ?3 AND event_id < ?1 ORDER BY event_id DESC LIMIT ?2
)sql";
constexpr std::string_view select_entries_in_state = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE state = ?3 AND event_id < ?1 ORDER BY event_id DESC LIMIT ?2
)sql";
constexpr std::string_view select_entries_of_type_in_state = R"sql(
  SELECT event_id, source, source_id, type, origin, state, received_at, deliveries, body
  FROM event WHERE type = ?3 AND state = ?4 AND event_id < ?1 ORDER BY event_id DESC LIMIT ?2
)sql";

InboxEntry entry_of(const Rows& rows) {
  InboxEntry entry;
  entry.id = rows.integer(0);
  entry.source = rows.text(1);
  entry.event_id = rows.text(2);
  entry.type = rows.text(3);
  entry.origin = rows.text(4);
  entry.state = rows.text(5);
  entry.received_at = rows.integer(6);
  entry.deliveries = static_cast<int>(rows.integer(7));
  auto event = parse_json(rows.view(8));
  SEQUENT_ASSERT(event.has_value());  // we wrote it
  entry.event = std::move(*event);
  return entry;
}

}  // namespace

std::vector<InboxEntry> SqliteStore::list(const std::string& type, const std::string& state,
                                          std::int64_t before_id, std::size_t limit) {
  const std::int64_t before = before_id <= 0 ? INT64_MAX : before_id;
  const auto connection = pool_.borrow();
  Rows rows = type.empty() && state.empty() ? connection->query(select_entries, before, limit)
              : state.empty() ? connection->query(select_entries_of_type, before, limit, type)
              : type.empty()
                  ? connection->query(select_entries_in_state, before, limit, state)
                  : connection->query(select_entries_of_type_in_state, before, limit, type, state);
  std::vector<InboxEntry> entries;
  while (rows.next()) entries.push_back(entry_of(rows));
  return entries;
}

std::optional<InboxEntry> SqliteStore::get(std::int64_t id) {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_entry, id);
  if (!rows.next()) return std::nullopt;
  return entry_of(rows);
}

}  // namespace sequent::persistence
