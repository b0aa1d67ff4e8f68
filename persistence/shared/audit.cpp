#include "persistence/shared/audit.hpp"

namespace sequent::persistence::shared {
namespace {

constexpr std::string_view select_audit = R"sql(
  SELECT audit_id, at_ms, principal, action, target, reason, outcome, remote, before_json,
         after_json FROM audit
  WHERE audit_id < ?)sql";
constexpr std::string_view of_target = " AND target = ?";
constexpr std::string_view of_principal = " AND principal = ?";
constexpr std::string_view of_action = " AND action = ?";
constexpr std::string_view of_actions = " AND substr(action, 1, length(?)) = ?";
constexpr std::string_view audited_since = " AND at_ms >= ?";
constexpr std::string_view audited_before = " AND at_ms < ?";
constexpr std::string_view not_done = " AND outcome <> 'done'";
constexpr std::string_view latest_first = " ORDER BY audit_id DESC LIMIT ?";

}  // namespace

Query audit_entries(const Dialect& dialect, const runtime::AuditFilter& filter,
                    std::int64_t before_id, std::size_t limit) {
  Query query;
  query.sql = select_audit;
  query.parameters = {before_id <= 0 ? INT64_MAX : before_id};
  const auto require = [&query](std::string_view fragment, std::vector<Parameter> values) {
    query.sql += fragment;
    for (Parameter& value : values) query.parameters.push_back(std::move(value));
  };
  if (!filter.target.empty()) require(of_target, {filter.target});
  if (!filter.principal.empty()) require(of_principal, {filter.principal});
  if (filter.action.ends_with('*')) {
    const auto begin = filter.action.substr(0, filter.action.size() - 1);
    require(of_actions, {begin, begin});
  } else if (!filter.action.empty()) {
    require(of_action, {filter.action});
  }
  if (!filter.text.empty()) {
    const std::string part = dialect.pattern("*" + filter.text + "*");
    const std::string like = " " + std::string{dialect.like} + " ?";
    require(" AND (reason" + like + " OR outcome" + like + ")", {part, part});
  }
  if (filter.since) require(audited_since, {*filter.since});
  if (filter.before) require(audited_before, {*filter.before});
  if (filter.refused) require(not_done, {});
  require(latest_first, {static_cast<std::int64_t>(limit)});
  return query;
}

}  // namespace sequent::persistence::shared
