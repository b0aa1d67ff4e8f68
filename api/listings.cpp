// What is only read: records, the audit log, the catalog of activities.
#include "api/redact.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {

asio::awaitable<Answer> list_records(Context& context, const Call& call) {
  const auto limit = page_size(context, call);
  if (!limit) co_return problem(context, limit.error());
  const auto after = query_value(call.request, "cursor").value_or("");
  const std::string& collection = call.at("collection");
  auto look = [&] { return context.ports.records.list(collection, after, *limit); };
  const auto records = co_await on_pool(context.ports.pool, std::move(look));
  Json items = Json::array();
  const Redactor redact{context.ports.engine.programs()};
  for (const auto& [key, value] : records)
    items.push_back({{"key", key}, {"value", redact(value)}});
  const bool full = records.size() == *limit;
  co_return json_answer(200, page_json(std::move(items), full ? records.back().first : ""));
}

asio::awaitable<Answer> show_record(Context& context, const Call& call) {
  const std::string& collection = call.at("collection");
  const std::string& key = call.at("key");
  auto look = [&] { return context.ports.records.get(collection, key); };
  const auto record = co_await on_pool(context.ports.pool, std::move(look));
  if (!record) {
    const Error error{.code = ErrorCode::not_found,
                      .detail = "The collection " + collection + " has no record \"" + key + "\"."};
    co_return problem(context, error);
  }
  Json body{{"collection", collection}, {"key", key}};
  const Redactor redact{context.ports.engine.programs()};
  body["value"] = redact(*record);
  co_return json_answer(200, body);
}

namespace {

Result<runtime::AuditFilter> audit_filter(const net::ServerRequest& request) {
  runtime::AuditFilter filter;
  Faults faults;
  const auto text = [&](const char* name) { return query_value(request, name).value_or(""); };
  const auto time = [&](const char* name) -> std::optional<Timestamp> {
    const auto given = text(name);
    if (given.empty()) return std::nullopt;
    const auto at = parse_time(given);
    if (!at)
      faults.add("",
                 std::string("`") + name + "`: expected an RFC 3339 time, got \"" + given + "\"");
    return at;
  };
  filter.target = text("target");
  filter.principal = text("principal");
  filter.action = text("action");
  filter.text = text("text");
  filter.since = time("since");
  filter.before = time("before");
  const auto refused = text("refused");
  if (!refused.empty() && refused != "true" && refused != "false")
    faults.add("", "`refused`: expected true or false, got \"" + refused + "\"");
  filter.refused = refused == "true";
  if (!faults.empty()) return std::unexpected(faults.error("The query"));
  return filter;
}

}  // namespace

asio::awaitable<Answer> list_audit(Context& context, const Call& call) {
  const auto filter = audit_filter(call.request);
  if (!filter) co_return problem(context, filter.error());
  const auto before = query_number(call.request, "cursor", INT64_MAX, 1, INT64_MAX);
  if (!before) co_return problem(context, before.error());
  const auto limit = page_size(context, call);
  if (!limit) co_return problem(context, limit.error());
  auto look = [&] { return context.ports.audit.list(*filter, *before, *limit); };
  const auto entries = co_await on_pool(context.ports.pool, std::move(look));
  Json items = Json::array();
  for (const auto& entry : entries)
    items.push_back({{"id", entry.id},
                     {"at", optional_time(entry.at)},
                     {"principal", entry.principal},
                     {"action", entry.action},
                     {"target", entry.target},
                     {"reason", optional_text(entry.reason)},
                     {"outcome", entry.outcome},
                     {"remote", entry.remote},
                     {"before", entry.before},
                     {"after", entry.after}});
  const bool full = entries.size() == *limit;
  co_return json_answer(200,
                        page_json(std::move(items), full ? std::to_string(entries.back().id) : ""));
}

asio::awaitable<Answer> list_activities(Context& context, const Call&) {
  const auto& registry = context.ports.activities;
  Json items = Json::array();
  for (const auto& name : registry.names()) {
    const auto* spec = registry.find(name, "");
    if (spec == nullptr) continue;
    Json item = Json::object();
    item["name"] = spec->name;
    item["version"] = spec->version;
    item["provider"] = spec->provider;
    item["summary"] = spec->summary;
    item["input"] = spec->input_schema;
    item["output"] = spec->output_schema;
    item["idempotent"] = spec->idempotent;
    item["timeout"] = format_duration(spec->timeout_ms);
    item["retry"] = {{"maxAttempts", spec->retry.max_attempts},
                     {"initial", format_duration(spec->retry.initial_ms)},
                     {"max", format_duration(spec->retry.max_ms)}};
    items.push_back(std::move(item));
  }
  co_return json_answer(200, page_json(std::move(items), ""));
}

}  // namespace sequent::api
