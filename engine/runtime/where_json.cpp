// A filter as a store keeps it: batches outlive the process that took them.
#include "engine/runtime/where.hpp"

namespace sequent::runtime {
namespace {

using Field = RunTerm::Field;
using Compare = RunTerm::Compare;

constexpr int last_field = static_cast<int>(Field::key_born);
constexpr int last_compare = static_cast<int>(Compare::at_least);

// By name, so that new fields may come anywhere in the list.
constexpr std::string_view fields[] = {
    "status",      "workflow",   "namespace",  "name",      "version",   "key",
    "task",        "waiting",    "parkReason", "provider",  "operation", "errorType",
    "errorStatus", "errorTitle", "attempts",   "attribute", "parent",    "started",
    "updated",     "ended",      "parked",     "deadline",  "keyBorn"};
constexpr std::string_view compares[] = {"=", "!=", "~", "!~", "<", "<=", ">", ">="};
static_assert(std::size(fields) == last_field + 1 && std::size(compares) == last_compare + 1);

template <class Names>
std::optional<int> index_in(const Names& names, std::string_view name) {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (names[i] == name) return static_cast<int>(i);
  return std::nullopt;
}

Json term_json(const RunTerm& term) {
  Json json{{"field", fields[static_cast<std::size_t>(term.field)]},
            {"is", compares[static_cast<std::size_t>(term.compare)]},
            {"texts", term.texts},
            {"number", term.number}};
  if (!term.attribute.empty()) json["attribute"] = term.attribute;
  return json;
}

struct Texts {
  const char* name;
  std::string RunFilter::*member;
};
constexpr Texts texts[] = {{"namespace", &RunFilter::workflow_namespace},
                           {"name", &RunFilter::name},
                           {"version", &RunFilter::version},
                           {"key", &RunFilter::key},
                           {"task", &RunFilter::task},
                           {"waiting", &RunFilter::waiting_kind},
                           {"provider", &RunFilter::provider},
                           {"operation", &RunFilter::operation},
                           {"errorType", &RunFilter::error_type},
                           {"text", &RunFilter::text}};

struct Times {
  const char* name;
  std::optional<Timestamp> RunFilter::*member;
};
constexpr Times times[] = {{"startedAfter", &RunFilter::started_after},
                           {"startedBefore", &RunFilter::started_before},
                           {"updatedAfter", &RunFilter::updated_after},
                           {"updatedBefore", &RunFilter::updated_before}};

Result<RunTerm> term_of(const Json& json) {
  const auto field = index_in(fields, text_of(json, "field"));
  const auto compare = index_in(compares, text_of(json, "is"));
  if (!field || !compare)
    return fail(ErrorCode::internal,
                "A stored filter has a condition that this build does not "
                "know: " +
                    dump_json(json));
  RunTerm term;
  term.field = static_cast<Field>(*field);
  term.compare = static_cast<Compare>(*compare);
  term.attribute = text_of(json, "attribute");
  term.texts = json.at("texts").get<std::vector<std::string>>();
  term.number = json.at("number").get<std::int64_t>();
  return term;
}

}  // namespace

Json filter_json(const RunFilter& filter) {
  Json json = Json::object();
  if (!filter.statuses.empty()) json["status"] = filter.statuses;
  for (const auto& [name, member] : texts)
    if (!(filter.*member).empty()) json[name] = filter.*member;
  for (const auto& [name, member] : times)
    if (filter.*member) json[name] = *(filter.*member);
  if (filter.error_status != 0) json["errorStatus"] = filter.error_status;
  if (filter.attributes.is_object() && !filter.attributes.empty())
    json["attributes"] = filter.attributes;
  if (filter.parent) json["parent"] = filter.parent->text();
  if (filter.stuck) json["stuckAt"] = filter.stuck_at;
  for (const RunTerm& term : filter.terms) json["terms"].push_back(term_json(term));
  return json;
}

Result<RunFilter> filter_of(const Json& json) {
  RunFilter filter;
  if (json.contains("status")) filter.statuses = json["status"].get<std::vector<std::string>>();
  for (const auto& [name, member] : texts) filter.*member = text_of(json, name);
  for (const auto& [name, member] : times)
    if (json.contains(name)) filter.*member = json[name].get<Timestamp>();
  filter.error_status = json.value("errorStatus", 0);
  filter.attributes = json.value("attributes", Json::object());
  if (json.contains("parent")) filter.parent = InstanceId::parse(text_of(json, "parent"));
  filter.stuck = json.contains("stuckAt");
  filter.stuck_at = json.value("stuckAt", Timestamp{0});
  if (!json.contains("terms")) return filter;
  for (const Json& each : json["terms"]) {
    auto term = term_of(each);
    if (!term) return std::unexpected(term.error());
    filter.terms.push_back(*std::move(term));
  }
  return filter;
}

}  // namespace sequent::runtime
