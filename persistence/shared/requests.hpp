#pragma once
// HTTP requests that runs take as events, and their answers, in every database.
#include <optional>
#include <string_view>

#include "base/assert.hpp"
#include "engine/runtime/queries.hpp"
#include "persistence/stored.hpp"

namespace sequent::persistence::shared {

// Of two runs that take one request the one that answers first has it.
inline constexpr std::string_view note_request = R"sql(
  INSERT INTO request (request_id, instance_id, at_ms, answer) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (request_id) DO UPDATE
  SET instance_id = excluded.instance_id, at_ms = excluded.at_ms, answer = excluded.answer
  WHERE request.answer IS NULL AND excluded.answer IS NOT NULL
)sql";
inline constexpr std::string_view select_request = R"sql(
  SELECT instance_id, answer FROM request WHERE request_id = ?1
)sql";

template <class Connection>
void store_request(Connection& connection, const InstanceId& instance,
                   const runtime::RequestRow& request, Timestamp now) {
  SEQUENT_ASSERT(!request.id.empty());
  connection.run(note_request, request.id, instance, now, request.answer);
}

template <class Connection>
std::optional<runtime::RunQueries::TakenRequest> taken_request(Connection& connection,
                                                               const std::string& id) {
  auto rows = connection.query(select_request, id);
  if (!rows.next()) return std::nullopt;
  runtime::RunQueries::TakenRequest taken;
  taken.run = rows.id(0);
  if (!rows.is_null(1)) taken.answer = stored_json(rows.view(1));
  return taken;
}

}  // namespace sequent::persistence::shared
