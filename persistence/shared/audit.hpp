#pragma once
// The audit log's statements, the same in every database. `Connection` is a database's own.
#include <string_view>
#include <vector>

#include "engine/runtime/queries.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view insert_audit = R"sql(
  INSERT INTO audit (at_ms, principal, action, target, reason, outcome, remote)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
)sql";
inline constexpr std::string_view select_audit = R"sql(
  SELECT audit_id, at_ms, principal, action, target, reason, outcome, remote FROM audit
  WHERE audit_id < ?1 ORDER BY audit_id DESC LIMIT ?2
)sql";
inline constexpr std::string_view select_audit_of_target = R"sql(
  SELECT audit_id, at_ms, principal, action, target, reason, outcome, remote FROM audit
  WHERE target = ?3 AND audit_id < ?1 ORDER BY audit_id DESC LIMIT ?2
)sql";

template <class Connection>
void append_audit(Connection& connection, const runtime::AuditEntry& entry) {
  connection.run(insert_audit, entry.at, entry.principal, entry.action, entry.target, entry.reason,
                 entry.outcome, entry.remote);
}

template <class Connection>
std::vector<runtime::AuditEntry> list_audit(Connection& connection, const std::string& target,
                                            std::int64_t before_id, std::size_t limit) {
  const std::int64_t before = before_id <= 0 ? INT64_MAX : before_id;
  auto rows = target.empty() ? connection.query(select_audit, before, limit)
                             : connection.query(select_audit_of_target, before, limit, target);
  std::vector<runtime::AuditEntry> entries;
  while (rows.next())
    entries.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.text(3), rows.text(4),
                       rows.text(5), rows.text(6), rows.text(7)});
  return entries;
}

}  // namespace sequent::persistence::shared
