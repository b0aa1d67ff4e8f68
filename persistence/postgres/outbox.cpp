// The outbox: emitted events in the order of their commits, and the cursors of the sinks.
#include "base/assert.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/writing.hpp"

namespace sequent::persistence::postgres {

using runtime::EmittedEvent;

namespace {

constexpr std::string_view insert_sink = R"sql(
  INSERT INTO outbox_sink (name, cursor, updated_at)
  SELECT ?1, CASE WHEN ?2 = 1 THEN last ELSE 0 END, ?3 FROM outbox_number
  ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view select_cursor = R"sql(
  SELECT cursor FROM outbox_sink WHERE name = ?1
)sql";
constexpr std::string_view select_emitted = R"sql(
  SELECT emitted, received_at, body FROM event
  WHERE emitted > ?1 ORDER BY emitted LIMIT ?2
)sql";
constexpr std::string_view move_cursor = R"sql(
  UPDATE outbox_sink SET cursor = ?2, updated_at = ?3 WHERE name = ?1 AND cursor < ?2
)sql";
constexpr std::string_view count_after = R"sql(
  SELECT count(*) FROM (SELECT 1 FROM event WHERE emitted > ?1 LIMIT ?2) AS some
)sql";

}  // namespace

std::int64_t PostgresStore::open_sink(const std::string& sink, bool from_now, Timestamp now) {
  SEQUENT_ASSERT(!sink.empty());
  return writing(writers_, [&](Connection& connection) {
    connection.run(insert_sink, sink, from_now ? 1 : 0, now);
    Rows rows = connection.query(select_cursor, sink);
    const bool found = rows.next();
    SEQUENT_ASSERT(found);
    return rows.integer(0);
  });
}

std::vector<EmittedEvent> PostgresStore::emitted(std::int64_t after, std::size_t limit,
                                                 std::size_t max_bytes) {
  return reading(readers_, [&](Connection& connection) {
    Rows rows = connection.query(select_emitted, after, limit);
    std::vector<EmittedEvent> events;
    for (std::size_t bytes = 0; (events.empty() || bytes < max_bytes) && rows.next();) {
      bytes += rows.view(2).size();
      events.push_back({rows.integer(0), rows.integer(1), stored_json(rows.view(2))});
      SEQUENT_ASSERT(events.back().id > after);
    }
    return events;
  });
}

void PostgresStore::advance(const std::string& sink, std::int64_t id, Timestamp now) {
  writing(writers_, [&](Connection& connection) {
    connection.run(move_cursor, sink, id, now);
    return true;
  });
}

std::size_t PostgresStore::count_emitted(std::int64_t after, std::size_t most) {
  return reading(readers_, [&](Connection& connection) {
    Rows rows = connection.query(count_after, after, most);
    const bool found = rows.next();
    SEQUENT_ASSERT(found);
    return static_cast<std::size_t>(rows.integer(0));
  });
}

void PostgresStore::when_emitted(std::function<void()> wake) {
  emitted_.hang(std::move(wake));
}

}  // namespace sequent::persistence::postgres
