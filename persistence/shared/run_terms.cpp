// The conditions of a search as SQL; where each comes from is said in runtime/where.hpp.
#include <algorithm>

#include "base/assert.hpp"
#include "persistence/shared/run_filter.hpp"

namespace sequent::persistence::shared {

using runtime::RunTerm;
using Field = RunTerm::Field;
using Compare = RunTerm::Compare;

namespace {

// Few names, many runs: what fits is found among the names first. The pattern follows.
constexpr std::string_view workflows_whose_name =
    "SELECT workflow_id FROM workflow WHERE namespace || '/' || name ";
constexpr std::string_view versions_whose_name =
    "SELECT v2.version_id FROM workflow_version v2 JOIN workflow w2 "
    "ON w2.workflow_id = v2.workflow_id WHERE w2.namespace || '/' || w2.name || ':' || v2.version ";
constexpr std::string_view keys_in = "SELECT instance_id FROM ";
constexpr std::string_view runs_whose_attribute =
    "i.instance_id IN (SELECT instance_id FROM instance_attribute WHERE name = ? AND ";

std::string_view term_column(Field field) {
  switch (field) {
    case Field::status:
      return "i.status";
    case Field::workflow:
      return "w.namespace || '/' || w.name";
    case Field::workflow_namespace:
      return "w.namespace";
    case Field::name:
      return "w.name";
    case Field::version:
      return "v.version";
    case Field::key:
      return "i.key";
    case Field::task:
      return "i.task";
    case Field::waiting:
      return "i.waiting_kind";
    case Field::park_reason:
      return "i.park_reason";
    case Field::provider:
      return "i.provider";
    case Field::operation:
      return "i.operation";
    case Field::error_type:
      return "i.error_type";
    case Field::error_status:
      return "i.error_status";
    case Field::error_title:
      return "i.error_title";
    case Field::attempts:
      return "i.attempts";
    case Field::parent:
      return "i.parent_id";
    case Field::started:
      return "i.started_at";
    case Field::updated:
      return "i.updated_at";
    case Field::ended:
      return "i.ended_at";
    case Field::parked:
      return "i.parked_at";
    case Field::deadline:
      return "i.deadline";
    case Field::key_born:
      return "i.key_born_at";
    case Field::attribute:
      break;
  }
  SEQUENT_ASSERT(false);
  return "";
}

std::string marks(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += i == 0 ? "?" : ", ?";
  return list;
}

bool negates(const RunTerm& term) {
  return term.compare == Compare::not_equal || term.compare == Compare::not_like;
}

bool is_pattern(const RunTerm& term) {
  return term.compare == Compare::like || term.compare == Compare::not_like;
}

bool is_number(Field field) {
  return field == Field::error_status || field == Field::attempts;
}

}  // namespace

std::string_view sign_of(Compare compare) {
  switch (compare) {
    case Compare::less:
      return " < ";
    case Compare::at_most:
      return " <= ";
    case Compare::more:
      return " > ";
    case Compare::at_least:
      return " >= ";
    case Compare::equal:
    case Compare::not_equal:
    case Compare::like:
    case Compare::not_like:
      break;
  }
  SEQUENT_ASSERT(false);
  return "";
}

bool wants_error(const RunTerm& term) {
  const bool equal = term.compare == Compare::equal || term.compare == Compare::like;
  const auto empty = [](const std::string& text) { return text.empty() || text == "*"; };
  if (term.field == Field::error_type || term.field == Field::error_title)
    return equal && std::ranges::none_of(term.texts, empty);
  if (term.field != Field::error_status) return false;
  if (equal) return std::ranges::none_of(term.texts, [](const auto& text) { return text == "0"; });
  return (term.compare == Compare::more && term.number >= 0) ||
         (term.compare == Compare::at_least && term.number > 0);
}

void RunCondition::add_term(const RunTerm& term) {
  if (wants_error(term)) require(has_error);
  if (term.field == Field::attribute) return add_attribute(term);
  if (is_pattern(term)) return add_pattern(term);
  if (term.compare >= Compare::less)
    return require(std::string{term_column(term.field)} + std::string{sign_of(term.compare)} + "?",
                   {term.number});
  if (term.field == Field::workflow) return add_workflows(term);
  std::vector<Parameter> values;
  for (const std::string& text : term.texts) {
    if (is_number(term.field))
      values.emplace_back(std::int64_t{std::stoll(text)});
    else if (term.field == Field::parent)
      values.emplace_back(*InstanceId::parse(text));
    else
      values.emplace_back(text);
  }
  std::string sql{term_column(term.field)};
  sql += negates(term) ? " NOT IN (" : " IN (";
  sql += marks(values.size()) + ")";
  // A run without a parent is none of anybody's children.
  if (term.field == Field::parent && negates(term)) sql = "(i.parent_id IS NULL OR " + sql + ")";
  require(sql, std::move(values));
}

std::optional<std::pair<std::string, std::string>> texts_that_begin(const std::string& text) {
  std::string end = text;
  while (!end.empty() && static_cast<unsigned char>(end.back()) >= 0x7F) end.pop_back();
  if (end.empty()) return std::nullopt;
  ++end.back();
  return std::pair{text, end};
}

// Few runs have a key that begins like this: they are found first, by the order of the keys.
void RunCondition::add_key_prefix(const std::string& pattern) {
  const auto range = texts_that_begin(pattern.substr(0, pattern.find('*')));
  SEQUENT_ASSERT(range.has_value());
  const auto& [begin, end] = *range;
  std::string sql = "i.instance_id IN (";
  for (const char* table : {"business_key", "business_key_former"}) {
    if (!sql.ends_with('(')) sql += " UNION ALL ";
    sql += std::string{keys_in} + table + " WHERE key >= ? AND key < ? AND key " +
           std::string{dialect_.like} + " ?";
  }
  const std::string like = dialect_.pattern(pattern);
  require(sql + ")", {begin, end, like, begin, end, like});
}

void RunCondition::add_pattern(const RunTerm& term) {
  SEQUENT_ASSERT(term.texts.size() == 1);
  const std::string& pattern = term.texts.front();
  const auto fixed = pattern.find('*');
  const bool plain =
      fixed != std::string::npos && fixed > 0 && static_cast<unsigned char>(pattern.front()) < 0x7F;
  if (term.field == Field::key && term.compare == Compare::like && plain && said_ == Said::to_find)
    return add_key_prefix(pattern);
  const std::string like{dialect_.like};
  if (term.field != Field::workflow) {
    const auto compare = negates(term) ? dialect_.not_like : dialect_.like;
    return require(std::string{term_column(term.field)} + " " + std::string{compare} + " ?",
                   {dialect_.pattern(pattern)});
  }
  const bool versioned = pattern.find(':') != std::string::npos;
  // The plus hides the column from its index: several workflows' runs would have to be sorted, where
  // the newest of all are a page away.
  std::string sql{negates(term) ? "NOT " : ""};
  sql += versioned ? "(i.version_id" : "(+i.workflow_id";
  sql += dialect_.one_of;
  sql += versioned ? versions_whose_name : workflows_whose_name;
  sql += like + " ?";
  sql += dialect_.one_of_end;
  require(sql + ")", {dialect_.pattern(pattern)});
}

void RunCondition::add_workflows(const RunTerm& term) {
  std::string sql;
  std::vector<Parameter> values;
  for (const std::string& text : term.texts) {
    sql += sql.empty() ? "" : " OR ";
    const bool versioned = text.find(':') != std::string::npos;
    sql += versioned ? "i.version_id IN (" : "i.workflow_id IN (";
    sql += versioned ? versions_whose_name : workflows_whose_name;
    sql += "= ?)";
    values.emplace_back(text);
  }
  std::string whole = negates(term) ? "NOT (" : "(";
  whole += sql;
  require(whole + ")", std::move(values));
}

void RunCondition::add_attribute(const RunTerm& term) {
  std::vector<Parameter> values{term.attribute};
  std::string fits;
  if (term.compare >= Compare::less) {
    fits = std::string{dialect_.attribute_number} + std::string{sign_of(term.compare)} +
           std::string{dialect_.number};
    values.emplace_back(term.texts.front());
  } else if (is_pattern(term)) {
    fits = std::string{dialect_.unquoted} + " " + std::string{dialect_.like} + " ?";
    values.emplace_back(dialect_.pattern(term.texts.front()));
  } else {
    fits = "value IN (" + marks(term.texts.size()) + ")";
    for (const std::string& text : term.texts) values.emplace_back(text);
  }
  std::string sql = negates(term) ? "NOT " : "";
  if (said_ == Said::to_find) {
    sql += runs_whose_attribute;
    sql += fits + ")";
  } else {
    values.front() = dialect_.attribute_path(term.attribute);
    sql += "coalesce((SELECT " + fits + " FROM (SELECT ";
    sql += dialect_.own_attribute;
    sql += " AS value) own), false)";
    // The path comes after what it is compared with where that is said first.
    std::rotate(values.begin(), values.begin() + 1, values.end());
  }
  require(sql, std::move(values));
}

}  // namespace sequent::persistence::shared
