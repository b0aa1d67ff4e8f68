// The outbox: emitted events in the order of their commits, and the cursors of the sinks.
#include <mutex>

#include "base/assert.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::persistence {

using runtime::EmittedEvent;

namespace {

constexpr std::string_view insert_sink = R"sql(
  INSERT INTO outbox_sink (name, cursor, updated_at)
  SELECT ?1, CASE WHEN ?2 = 1 THEN coalesce(max(event_id), 0) ELSE 0 END, ?3 FROM event
  WHERE true ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view select_cursor = R"sql(
  SELECT cursor FROM outbox_sink WHERE name = ?1
)sql";
constexpr std::string_view select_emitted = R"sql(
  SELECT event_id, received_at, body FROM event
  WHERE origin = 'emit' AND event_id > ?1 ORDER BY event_id LIMIT ?2
)sql";
constexpr std::string_view move_cursor = R"sql(
  UPDATE outbox_sink SET cursor = ?2, updated_at = ?3 WHERE name = ?1 AND cursor < ?2
)sql";
constexpr std::string_view count_after = R"sql(
  SELECT count(*) FROM (SELECT 1 FROM event WHERE origin = 'emit' AND event_id > ?1 LIMIT ?2)
)sql";

}  // namespace

std::int64_t SqliteStore::open_sink(const std::string& sink, bool from_now, Timestamp now) {
  SEQUENT_ASSERT(!sink.empty());
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  writer_->execute(insert_sink, sink, from_now ? 1 : 0, now);
  std::int64_t cursor = 0;
  {
    Rows rows = writer_->query(select_cursor, sink);
    const bool found = rows.next();
    SEQUENT_ASSERT(found);
    cursor = rows.integer(0);
  }
  transaction.commit();
  checkpointer_.after_commit();
  return cursor;
}

std::vector<EmittedEvent> SqliteStore::emitted(std::int64_t after, std::size_t limit,
                                               std::size_t max_bytes) {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_emitted, after, limit);
  std::vector<EmittedEvent> events;
  for (std::size_t bytes = 0; (events.empty() || bytes < max_bytes) && rows.next();) {
    bytes += rows.view(2).size();
    events.push_back({rows.integer(0), rows.integer(1), stored_json(rows.view(2))});
    SEQUENT_ASSERT(events.back().id > after);
  }
  return events;
}

void SqliteStore::advance(const std::string& sink, std::int64_t id, Timestamp now) {
  const std::lock_guard turn{turn_};
  Transaction transaction{*writer_, forget_cached()};
  writer_->execute(move_cursor, sink, id, now);
  transaction.commit();
  checkpointer_.after_commit();
}

std::size_t SqliteStore::count_emitted(std::int64_t after, std::size_t most) {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(count_after, after, most);
  const bool found = rows.next();
  SEQUENT_ASSERT(found);
  return static_cast<std::size_t>(rows.integer(0));
}

void SqliteStore::when_emitted(std::function<void()> wake) {
  emitted_.hang(std::move(wake));
}

}  // namespace sequent::persistence
