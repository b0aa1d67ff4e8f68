// HTTP requests that runs take as events, and their answers.
#include "base/assert.hpp"
#include "base/json.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "persistence/sqlite/writes.hpp"

namespace sequent::persistence {
namespace {

// Of two runs that take one request the one that answers first has it.
constexpr std::string_view note_request = R"sql(
  INSERT INTO request (request_id, instance_id, at_ms, answer) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (request_id) DO UPDATE
  SET instance_id = excluded.instance_id, at_ms = excluded.at_ms, answer = excluded.answer
  WHERE answer IS NULL AND excluded.answer IS NOT NULL
)sql";
constexpr std::string_view select_request = R"sql(
  SELECT instance_id, answer FROM request WHERE request_id = ?1
)sql";

}  // namespace

void store_request(Connection& connection, const InstanceId& instance,
                   const runtime::RequestRow& request, Timestamp now) {
  SEQUENT_ASSERT(!request.id.empty());
  connection.execute(note_request, request.id, instance, now, request.answer);
}

std::optional<runtime::RunQueries::TakenRequest> SqliteStore::request(const std::string& id) {
  const auto connection = pool_.borrow();
  Rows rows = connection->query(select_request, id);
  if (!rows.next()) return std::nullopt;
  TakenRequest taken;
  taken.run = rows.id(0);
  if (rows.is_null(1)) return taken;
  auto answer = parse_json(rows.view(1));
  SEQUENT_ASSERT(answer.has_value());  // we wrote it
  taken.answer = std::move(*answer);
  return taken;
}

}  // namespace sequent::persistence
