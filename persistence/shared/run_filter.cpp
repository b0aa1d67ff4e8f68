#include "persistence/shared/run_filter.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/json.hpp"

namespace sequent::persistence::shared {

using runtime::RunFilter;

namespace {

constexpr std::string_view has_status = "i.status = ?";
constexpr std::string_view has_workflow =
    "i.workflow_id = (SELECT workflow_id FROM workflow WHERE namespace = ? AND name = ?)";
constexpr std::string_view has_namespace = "w.namespace = ?";
constexpr std::string_view has_name = "w.name = ?";
constexpr std::string_view has_version = "v.version = ?";
constexpr std::string_view has_waiting_kind = "i.waiting_kind = ?";
// The partial index of parked runs serves only a query that repeats its condition as a constant.
constexpr std::string_view is_parked = "i.waiting_kind = 'parked'";
constexpr std::string_view has_provider = "i.provider = ?";
constexpr std::string_view has_operation = "i.operation = ?";
constexpr std::string_view has_error_type = "i.error_type = ?";
constexpr std::string_view has_error_status = "i.error_status = ?";
constexpr std::string_view has_parent = "i.parent_id = ?";
constexpr std::string_view started_after = "i.started_at > ?";
constexpr std::string_view started_before = "i.started_at < ?";
constexpr std::string_view updated_after = "i.updated_at > ?";
constexpr std::string_view updated_before = "i.updated_at < ?";
// Runs with one value of an attribute, or with one key, are few: they are found first.
constexpr std::string_view has_attribute =
    "i.instance_id IN (SELECT instance_id FROM instance_attribute WHERE name = ? AND value = ?)";
constexpr std::string_view has_key =
    "i.instance_id IN (SELECT instance_id FROM business_key WHERE key = ? "
    "UNION ALL SELECT instance_id FROM business_key_former WHERE key = ?)";
constexpr std::string_view own_key = "i.key = ?";
// OFFSET keeps PostgreSQL from making a join of it, which would read all runs with that attribute.
constexpr std::string_view shows_attribute =
    "EXISTS (SELECT 1 FROM instance_attribute a WHERE a.name = ? AND a.value = ? "
    "AND a.instance_id = i.instance_id LIMIT 1 OFFSET 0)";
constexpr std::string_view id_between = "i.instance_id BETWEEN ? AND ?";

// Invariant I8, turned round: whatever this finds is a bug.
constexpr std::string_view is_live = "i.status IN ('pending', 'running', 'waiting')";
constexpr std::string_view nothing_wakes =
    "i.wake_at IS NULL "
    "AND NOT (i.waiting_kind = 'parked' AND i.park_reason = 'retries_exhausted') "
    "AND NOT EXISTS (SELECT 1 FROM parked_call p WHERE p.instance_id = i.instance_id) "
    "AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.instance_id = i.instance_id) "
    "AND NOT EXISTS (SELECT 1 FROM message m WHERE m.partition_id = i.partition_id "
    "AND m.instance_id = i.instance_id) "
    "AND NOT EXISTS (SELECT 1 FROM instance c WHERE c.parent_id = i.instance_id "
    "AND c.status IN ('pending', 'running', 'waiting', 'suspended'))";
constexpr std::string_view is_overdue = "i.wake_at > 0 AND i.wake_at < ? AND ";

}  // namespace

std::optional<std::pair<InstanceId, InstanceId>> ids_that_begin(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (c == '-') continue;
    if (std::string_view{"0123456789abcdefABCDEF"}.find(c) == std::string_view::npos)
      return std::nullopt;
    digits += c;
  }
  constexpr std::size_t all_digits = 32, fewest_digits = 4;
  if (digits.size() > all_digits || digits.size() < fewest_digits) return std::nullopt;
  const auto filled = [&](char with) {
    std::string whole = digits;
    whole.resize(all_digits, with);
    InstanceId id;
    for (std::size_t i = 0; i < id.bytes.size(); ++i)
      id.bytes[i] = static_cast<std::uint8_t>(std::stoi(whole.substr(2 * i, 2), nullptr, 16));
    return id;
  };
  return std::pair{filled('0'), filled('f')};
}

RunCondition::RunCondition(const Dialect& dialect, const RunFilter& filter,
                           const std::optional<std::string>& status, Said said)
    : dialect_(dialect), said_(said) {
  if (status) {
    require(has_status, {*status});
  } else if (!filter.statuses.empty()) {
    std::string list = "i.status IN (";
    std::vector<Parameter> values;
    for (const std::string& one : filter.statuses) {
      list += values.empty() ? "?" : ", ?";
      values.emplace_back(one);
    }
    require(list + ")", std::move(values));
  }
  add_workflow(filter);
  add_standing(filter);
  add_times(filter);
  if (filter.parent) require(has_parent, {*filter.parent});
  if (filter.stuck) add_stuck(filter.stuck_at);
  if (!filter.key.empty()) add_key(filter.key);
  if (filter.attributes.is_object()) {
    for (const auto& [name, value] : filter.attributes.items())
      require(said_ == Said::to_find ? has_attribute : shows_attribute, {name, dump_json(value)});
  }
  if (!filter.text.empty()) add_text(filter.text);
  for (const auto& term : filter.terms) add_term(term);
}

void RunCondition::require(std::string_view fragment, std::vector<Parameter> values) {
  SEQUENT_ASSERT(static_cast<std::size_t>(std::count(fragment.begin(), fragment.end(), '?')) ==
                 values.size());
  sql_ += " AND ";
  sql_ += fragment;
  for (Parameter& value : values) parameters_.push_back(std::move(value));
}

void RunCondition::add_workflow(const RunFilter& filter) {
  if (!filter.workflow_namespace.empty() && !filter.name.empty()) {
    require(has_workflow, {filter.workflow_namespace, filter.name});
  } else {
    if (!filter.workflow_namespace.empty()) require(has_namespace, {filter.workflow_namespace});
    if (!filter.name.empty()) require(has_name, {filter.name});
  }
  if (!filter.version.empty()) require(has_version, {filter.version});
}

void RunCondition::add_standing(const RunFilter& filter) {
  if (!filter.task.empty()) {
    const std::string last_segment = "/" + filter.task;
    require(dialect_.has_task, {filter.task, last_segment, last_segment});
  }
  if (filter.waiting_kind == "parked")
    require(is_parked);
  else if (!filter.waiting_kind.empty())
    require(has_waiting_kind, {filter.waiting_kind});
  if (!filter.provider.empty()) require(has_provider, {filter.provider});
  if (!filter.operation.empty()) require(has_operation, {filter.operation});
  if (!filter.error_type.empty() || filter.error_status != 0) require(has_error);
  if (!filter.error_type.empty()) require(has_error_type, {filter.error_type});
  if (filter.error_status != 0) require(has_error_status, {std::int64_t{filter.error_status}});
}

void RunCondition::add_times(const RunFilter& filter) {
  if (filter.started_after) require(started_after, {*filter.started_after});
  if (filter.started_before) require(started_before, {*filter.started_before});
  if (filter.updated_after) require(updated_after, {*filter.updated_after});
  if (filter.updated_before) require(updated_before, {*filter.updated_before});
}

void RunCondition::add_stuck(Timestamp at) {
  require(is_live);
  if (at == 0) return require(nothing_wakes);
  std::string sql{"(("};
  sql += nothing_wakes;
  sql += ") OR (";
  sql += is_overdue;
  sql += dialect_.is_owned;
  std::vector<Parameter> values{at - runtime::overdue_after_ms};
  if (dialect_.is_owned.find('?') != std::string_view::npos) values.emplace_back(at);
  require(sql + "))", std::move(values));
}

void RunCondition::add_key(const std::string& key) {
  if (said_ == Said::to_find) return require(has_key, {key, key});
  require(own_key, {key});
}

void RunCondition::add_text(const std::string& text) {
  const auto range = ids_that_begin(text);
  const bool find = said_ == Said::to_find;
  std::string sql{find ? dialect_.key_contains : dialect_.own_key_contains};
  std::vector<Parameter> values{text};
  if (find) values.emplace_back(text);
  if (range) {
    sql = "(" + sql + " OR ";
    sql += id_between;
    sql += ")";
    values.emplace_back(range->first);
    values.emplace_back(range->second);
  }
  require(sql, std::move(values));
}

}  // namespace sequent::persistence::shared
