#include "sandbox/flexprice/flexprice.hpp"

#include "base/digest.hpp"

namespace sequent::sandbox::flexprice {
namespace {

constexpr std::string_view base = "/v1";

Reply refusal(const ApiError& error) {
  return json_reply(
      error.status,
      {{"code", error.code}, {"message", error.message}, {"http_status_code", error.status}});
}

struct Match {
  const Route* route = nullptr;
  std::vector<std::string> members;
};

Match match(const net::ServerRequest& request) {
  const std::string_view path = request.path;
  if (!path.starts_with(base)) return {};
  for (const Route& route : routes()) {
    if (route.method != request.method) continue;
    if (auto members = match_path(route.pattern, path.substr(base.size())))
      return {&route, std::move(*members)};
  }
  return {};
}

Json objects_of(const Collection& collection) {
  Json objects = Json::array();
  for (const auto& id : collection.order) objects.push_back(collection.by_id.at(id));
  return {{"count", collection.order.size()}, {"objects", std::move(objects)}};
}

}  // namespace

FlexpriceStandIn::FlexpriceStandIn(FlexpriceOptions options)
    : JsonStandIn(options.seed), options_(std::move(options)), world_(options_.seed) {
  world_.price_everything = options_.price_everything;
}

void FlexpriceStandIn::forget_everything() {
  world_ = World(seed());
  world_.price_everything = options_.price_everything;
}

Reply FlexpriceStandIn::serve(const net::ServerRequest& request, Timestamp now) {
  // Of another shape than all other errors, as the real server's.
  if (!equal_constant_time(request.headers.value("x-api-key"), options_.api_key))
    return json_reply(401, {{"error", "Unauthorized"}});
  const Match found = match(request);
  if (found.route == nullptr)
    return refusal({404, "not_found", "no route " + request.method + " " + request.path});
  Call call{.world = world_, .log = calls(), .now = now, .path = found.members, .query = {}};
  for (auto& [name, value] : net::parse_query(request.query)) call.query[name] = value;
  if (!request.body.empty()) {
    auto body = parse_json(request.body);
    if (!body || !body->is_object())
      return refusal({400, "validation_error", "invalid request body"});
    call.body = std::move(*body);
  }
  const auto answer = found.route->handler(call);
  if (!answer) return refusal(answer.error());
  return json_reply(call.status, *answer);
}

std::string FlexpriceStandIn::route_of(const net::ServerRequest& request) const {
  const Match found = match(request);
  return found.route == nullptr ? "(unknown)" : std::string(base) + found.route->pattern;
}

Reply FlexpriceStandIn::worded(const Fault& fault) const {
  if (fault.kind == FaultKind::rate_limit)
    return refusal({429, "too_many_requests", "too many requests"});
  const bool away = fault.status == 503;
  return refusal({fault.status, away ? "service_unavailable" : "internal_error",
                  "an internal error occurred"});
}

std::optional<Reply> FlexpriceStandIn::administer(const net::ServerRequest& request, Timestamp) {
  if (request.method == "GET" && request.path == "/_sandbox/repeated")
    return admin_answer(200, {{"repeated", world_.repeated_events}});
  if (request.method != "POST") return std::nullopt;
  if (request.path == "/_sandbox/prices") return add_price(request);
  if (request.path == "/_sandbox/settings") return change_settings(request);
  return std::nullopt;
}

Reply FlexpriceStandIn::add_price(const net::ServerRequest& request) {
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known = only_members(*body, {"entity_id", "currency", "billing_period"});
  if (!known) return admin_mistake(known.error());
  const Price price{text_of(*body, "entity_id"), text_of(*body, "currency"),
                    text_of(*body, "billing_period")};
  const bool there = world_.plans.published(price.entity_id) != nullptr ||
                     world_.addons.published(price.entity_id) != nullptr;
  if (!there || price.currency.size() != 3 || price.billing_period.empty())
    return admin_mistake(
        {.code = ErrorCode::invalid_request,
         .detail =
             "expected {\"entity_id\": the id of a plan or an addon, \"currency\": three small "
             "letters, \"billing_period\": MONTHLY …}, got " +
             dump_json(*body)});
  world_.prices.push_back(price);
  return admin_answer(201, *body);
}

Reply FlexpriceStandIn::change_settings(const net::ServerRequest& request) {
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known = only_members(*body, {"priceEverything", "connections"});
  if (!known) return admin_mistake(known.error());
  const Json priced = body->value("priceEverything", Json(world_.price_everything));
  const Json connections = body->value("connections", Json(world_.connections));
  bool good = priced.is_boolean() && connections.is_array();
  if (good)
    for (const Json& one : connections) good = good && one.is_string();
  if (!good)
    return admin_mistake({.code = ErrorCode::invalid_request,
                          .detail = "expected {\"priceEverything\": true or false, "
                                    "\"connections\": texts}, got " +
                                    dump_json(*body)});
  world_.price_everything = priced.get<bool>();
  world_.connections = connections.get<std::set<std::string>>();
  return admin_answer(200, {{"priceEverything", priced}, {"connections", connections}});
}

Json FlexpriceStandIn::state(Timestamp now) const {
  Json events = Json::array();
  for (const auto& [key, event] : world_.events) events.push_back(event);
  return {{"now", format_time(now)},
          {"customers", objects_of(world_.customers)},
          {"plans", objects_of(world_.plans)},
          {"addons", objects_of(world_.addons)},
          {"subscriptions", objects_of(world_.subscriptions)},
          {"associations", objects_of(world_.associations)},
          {"schedules", objects_of(world_.schedules)},
          {"mappings", objects_of(world_.mappings)},
          {"events", {{"count", events.size()}, {"objects", events}}}};
}

}  // namespace sequent::sandbox::flexprice
