#pragma once
// The audit log's statements, the same in every database. `Connection` is a database's own.
#include <string_view>
#include <vector>

#include "engine/runtime/queries.hpp"
#include "persistence/shared/run_queries.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view insert_audit = R"sql(
  INSERT INTO audit (at_ms, principal, action, target, reason, outcome, remote, before_json,
                     after_json)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
)sql";

template <class Connection>
void append_audit(Connection& connection, const runtime::AuditEntry& entry) {
  connection.run(insert_audit, entry.at, entry.principal, entry.action, entry.target, entry.reason,
                 entry.outcome, entry.remote, dump_json(entry.before), dump_json(entry.after));
}

[[nodiscard]] Query audit_entries(const Dialect& dialect, const runtime::AuditFilter& filter,
                                  std::int64_t before_id, std::size_t limit);

template <class Connection>
std::vector<runtime::AuditEntry> list_audit(Connection& connection, const Query& query) {
  auto rows = connection.query_once(query.sql, query.parameters);
  std::vector<runtime::AuditEntry> entries;
  while (rows.next())
    entries.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.text(3), rows.text(4),
                       rows.text(5), rows.text(6), rows.text(7), stored_json(rows.view(8)),
                       stored_json(rows.view(9))});
  return entries;
}

}  // namespace sequent::persistence::shared
