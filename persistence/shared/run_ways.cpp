#include "persistence/shared/run_ways.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::persistence::shared {

using runtime::RunFilter;
using runtime::RunTerm;
using Field = RunTerm::Field;
using Compare = RunTerm::Compare;

namespace {

constexpr std::string_view of_workflow =
    "workflow_id = (SELECT workflow_id FROM workflow WHERE namespace = ? AND name = ?)";
constexpr std::string_view of_workflows_that =
    "instance WHERE workflow_id IN (SELECT workflow_id FROM workflow WHERE ";
constexpr std::string_view of_versions_that =
    "instance WHERE workflow_id IN (SELECT v.workflow_id FROM workflow_version v JOIN workflow w "
    "ON w.workflow_id = v.workflow_id WHERE w.namespace || '/' || w.name || ':' || v.version ";
constexpr std::string_view with_attribute = "instance_attribute WHERE name = ? AND value = ?";
constexpr std::string_view with_attributes = "instance_attribute WHERE name = ? AND ";
constexpr std::string_view any_run = "instance WHERE true";
constexpr std::string_view with_id = "instance WHERE instance_id BETWEEN ? AND ?";
constexpr const char* key_tables[] = {"business_key", "business_key_former"};
constexpr std::string_view or_from = " UNION SELECT instance_id FROM ";

// A clock may have been set back between the making of an id and the start that it was made for.
constexpr DurationMs clock_slack_ms = 86'400'000;

bool is_one(const RunTerm& term, Field field, Compare compare) {
  return term.field == field && term.compare == compare && term.texts.size() == 1;
}

Way of_runs(std::string_view index, std::string_view condition, std::vector<Parameter> parameters) {
  Way way{.from = "instance WHERE ",
          .parameters = std::move(parameters),
          .run_that = "i.",
          .index = index};
  way.from += condition;
  way.run_that += condition;
  return way;
}

Way with_key(const std::string& key) {
  Way way{.from = "", .parameters = {key, key}, .ordered = false};
  for (const char* table : key_tables)
    way.from += std::string{way.from.empty() ? "" : or_from} + table + " WHERE key = ?";
  return way;
}

std::optional<Way> with_key_that_begins(const std::string& text) {
  const auto range = texts_that_begin(text);
  if (!range) return std::nullopt;
  const auto& [begin, end] = *range;
  Way way{.from = "", .parameters = {begin, end, begin, end}, .ordered = false};
  for (const char* table : key_tables)
    way.from +=
        std::string{way.from.empty() ? "" : or_from} + table + " WHERE key >= ? AND key < ?";
  return way;
}

std::string values(std::size_t count) {
  std::string list = "value IN (";
  for (std::size_t i = 0; i < count; ++i) list += i == 0 ? "?" : ", ?";
  return list + ")";
}

std::optional<Way> by_attribute(const Dialect& dialect, const RunTerm& term) {
  Way way{.from = std::string{with_attributes}, .parameters = {term.attribute}, .ordered = false};
  switch (term.compare) {
    case Compare::equal:
      way.ordered = term.texts.size() == 1;
      way.from += way.ordered ? "value = ?" : values(term.texts.size());
      for (const auto& text : term.texts) way.parameters.emplace_back(text);
      return way;
    case Compare::less:
    case Compare::at_most:
    case Compare::more:
    case Compare::at_least:
      way.from = dialect.numbered_attributes;
      way.from += sign_of(term.compare);
      way.from += dialect.number;
      way.parameters.emplace_back(term.texts.front());
      return way;
    case Compare::not_equal:
    case Compare::like:
    case Compare::not_like:
      break;
  }
  return std::nullopt;
}

void add_workflow(const Dialect& dialect, const RunFilter& filter, std::vector<Way>& ways) {
  const auto& space = filter.workflow_namespace;
  if (!space.empty() && !filter.name.empty())
    ways.push_back(of_runs("instance_by_workflow", of_workflow, {space, filter.name}));
  else if (!space.empty())
    ways.push_back({std::string{of_workflows_that} + "namespace = ?)", {space}, false});
  else if (!filter.name.empty())
    ways.push_back({std::string{of_workflows_that} + "name = ?)", {filter.name}, false});
  for (const auto& term : filter.terms) {
    if (!is_one(term, Field::workflow, Compare::like)) continue;
    const auto& pattern = term.texts.front();
    const bool versioned = pattern.find(':') != std::string::npos;
    std::string from{versioned ? of_versions_that : of_workflows_that};
    if (!versioned) from += "namespace || '/' || name ";
    from += dialect.like;
    ways.push_back({from + " ?)", {dialect.pattern(pattern)}, false});
  }
}

void add_keys(const RunFilter& filter, std::vector<Way>& ways) {
  if (!filter.key.empty()) ways.push_back(with_key(filter.key));
  for (const auto& term : filter.terms) {
    if (!is_one(term, Field::key, Compare::like)) continue;
    const auto& pattern = term.texts.front();
    const auto star = std::min(pattern.find('*'), pattern.size());
    if (star == 0) continue;
    if (auto way = with_key_that_begins(pattern.substr(0, star))) ways.push_back(*std::move(way));
  }
}

/// Whether only a run that stands somewhere can fit: neither "" nor 0 does.
bool wants_something(const RunTerm& term) {
  if (term.compare == Compare::not_equal || term.compare == Compare::not_like) return false;
  if (term.compare >= Compare::less) return true;
  return std::ranges::none_of(term.texts,
                              [](const auto& text) { return text.empty() || text == "*"; });
}

bool stands_somewhere(const RunTerm& term) {
  switch (term.field) {
    case Field::task:
    case Field::waiting:
    case Field::park_reason:
    case Field::provider:
    case Field::operation:
    case Field::parked:
    case Field::deadline:
    case Field::key_born:
      return wants_something(term);
    case Field::status:
    case Field::workflow:
    case Field::workflow_namespace:
    case Field::name:
    case Field::version:
    case Field::key:
    case Field::error_type:
    case Field::error_status:
    case Field::error_title:
    case Field::attempts:
    case Field::attribute:
    case Field::parent:
    case Field::started:
    case Field::updated:
    case Field::ended:
      return false;
  }
  return false;
}

/// The latest start that fits a term, or nothing when it says nothing of that.
std::optional<Timestamp> latest_start(const RunTerm& term) {
  const bool back = term.compare == Compare::less || term.compare == Compare::at_most;
  const bool time = term.field == Field::started || term.field == Field::updated ||
                    term.field == Field::ended || term.field == Field::parked ||
                    term.field == Field::key_born;
  return back && time ? std::optional{term.number} : std::nullopt;
}

std::string within(const Stretch& stretch, std::vector<Parameter>& parameters) {
  std::string sql;
  if (stretch.before) {
    sql += " AND instance_id < ?";
    parameters.emplace_back(*stretch.before);
  }
  if (stretch.floor) {
    sql += " AND instance_id >= ?";
    parameters.emplace_back(*stretch.floor);
  }
  return sql;
}

}  // namespace

const Way& any_way() {
  static const Way way{.from = std::string{any_run}, .parameters = {}};
  return way;
}

Way way_to_text(const std::string& text) {
  Way way{.from = "", .parameters = {}, .ordered = false};
  if (auto keys = with_key_that_begins(text)) way = *std::move(keys);
  if (const auto ids = ids_that_begin(text)) {
    way.from += std::string{way.from.empty() ? "" : or_from} + std::string{with_id};
    way.parameters.emplace_back(ids->first);
    way.parameters.emplace_back(ids->second);
  }
  return way;
}

std::vector<Way> ways_to(const Dialect& dialect, const RunFilter& filter,
                         const std::optional<std::string>& status) {
  std::vector<Way> ways;
  add_keys(filter, ways);
  if (filter.parent)
    ways.push_back(of_runs("instance_by_parent", "parent_id = ?", {*filter.parent}));
  bool troubled = !filter.error_type.empty() || filter.error_status != 0;
  bool parked = filter.waiting_kind == "parked", keyed = false;
  for (const auto& term : filter.terms) {
    const bool of_parking = term.field == Field::parked || term.field == Field::park_reason;
    troubled = troubled || wants_error(term);
    parked = parked || (of_parking && wants_something(term));
    keyed = keyed || (term.field == Field::key_born && wants_something(term));
  }
  if (keyed) ways.push_back(of_runs("instance_keyed", "key_born_at IS NOT NULL", {}));
  if (parked) ways.push_back(of_runs("instance_parked", "waiting_kind = 'parked'", {}));
  if (troubled) ways.push_back(of_runs("instance_troubled", "error_status <> 0", {}));
  if (status && *status != "completed")
    ways.push_back(of_runs("instance_by_status", "status = ?", {*status}));
  if (filter.attributes.is_object())
    for (const auto& [name, value] : filter.attributes.items())
      ways.push_back({std::string{with_attribute}, {name, dump_json(value)}});
  for (const auto& term : filter.terms)
    if (term.field == Field::attribute)
      if (auto way = by_attribute(dialect, term)) ways.push_back(*std::move(way));
  add_workflow(dialect, filter, ways);
  return ways;
}

Query ids_of(const Way& way, const Stretch& stretch) {
  Query query{"SELECT instance_id FROM " + way.from, way.parameters};
  if (!way.ordered) {
    query.sql = "SELECT instance_id FROM (" + query.sql + ") found WHERE true";
  }
  query.sql += within(stretch, query.parameters);
  return query;
}

Query length_of(const Way& way, const Stretch& stretch, std::size_t most) {
  // The bounds of time stay out of ways that several indexes make: those are counted whole.
  Query query = ids_of(way, way.ordered ? stretch : Stretch{});
  query.sql = "SELECT count(*) FROM (" + query.sql + " LIMIT ?) counted";
  query.parameters.emplace_back(static_cast<std::int64_t>(most));
  return query;
}

Query id_at(const Way& way, const Stretch& stretch, std::size_t place) {
  SEQUENT_ASSERT(way.ordered && place > 0);
  Query query = ids_of(way, stretch);
  query.sql += " ORDER BY instance_id DESC LIMIT 1 OFFSET ?";
  query.parameters.emplace_back(static_cast<std::int64_t>(place - 1));
  return query;
}

std::optional<InstanceId> newest_that_fits(const RunFilter& filter) {
  std::optional<Timestamp> latest;
  const auto consider = [&](std::optional<Timestamp> at) {
    if (at) latest = std::min(latest.value_or(*at), *at);
  };
  consider(filter.started_before);
  consider(filter.updated_before);
  for (const auto& term : filter.terms) consider(latest_start(term));
  if (!latest) return std::nullopt;
  const auto at = std::clamp<Timestamp>(*latest + clock_slack_ms, 0, (Timestamp{1} << 48) - 1);
  return InstanceId::make(at, UINT64_MAX, UINT16_MAX);
}

std::vector<std::string> implied_statuses(const RunFilter& filter) {
  const bool stands = filter.stuck || !filter.task.empty() || !filter.waiting_kind.empty() ||
                      !filter.provider.empty() || !filter.operation.empty() ||
                      std::ranges::any_of(filter.terms, stands_somewhere);
  if (!stands) return {};
  return {"pending", "running", "waiting", "suspended", "faulted"};
}

}  // namespace sequent::persistence::shared
