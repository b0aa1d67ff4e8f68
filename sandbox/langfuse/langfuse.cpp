#include "sandbox/langfuse/langfuse.hpp"

#include "base/digest.hpp"

namespace sequent::sandbox::langfuse {
namespace {

bool is_trace(const std::string& path) {
  return match_path("/api/public/traces/{traceId}", path).has_value();
}

Json entities(const std::map<std::string, Entity>& all) {
  Json objects = Json::array();
  for (const auto& [id, entity] : all) {
    Json object = entity.members;
    object["id"] = id;
    objects.push_back(std::move(object));
  }
  return {{"count", all.size()}, {"objects", std::move(objects)}};
}

}  // namespace

Reply refusal(int status, const std::string& message) {
  return json_reply(status, {{"error", "LangfuseError"}, {"message", message}});
}

LangfuseStandIn::LangfuseStandIn(LangfuseOptions options)
    : JsonStandIn(options.seed),
      options_(std::move(options)),
      visible_after_ms_(options_.visible_after_ms) {}

void LangfuseStandIn::forget_everything() {
  events_only_ = false;
  visible_after_ms_ = options_.visible_after_ms;
  event_errors_.clear();
  envelopes_.clear();
  repeated_envelopes_ = 0;
  traces_.clear();
  observations_.clear();
}

Reply LangfuseStandIn::serve(const net::ServerRequest& request, Timestamp now) {
  const std::string expected =
      "Basic " + base64_encode(options_.public_key + ":" + options_.secret_key);
  if (!equal_constant_time(request.headers.value("Authorization"), expected))
    return refusal(401, "Invalid credentials. Please check your public and secret keys.");
  const bool get = request.method == "GET", post = request.method == "POST";
  const auto& path = request.path;
  if (path == "/api/public/ingestion")
    return post ? ingest(request, now) : refusal(405, "Method not allowed");
  if (path == "/api/public/otel/v1/traces")
    return post ? take_spans(request, now) : refusal(405, "Method not allowed");
  if (get && path == "/api/public/traces") return list_traces(request, now);
  if (get && path == "/api/public/v2/observations") return list_observations(request, now);
  const auto trace = match_path("/api/public/traces/{traceId}", path);
  if (trace && get) return read_trace(trace->front(), now);
  if (trace && request.method == "DELETE") {
    if (traces_.erase(trace->front()) == 0) return refusal(404, "Trace not found");
    return json_reply(200, {{"message", "Trace deleted successfully"}});
  }
  return refusal(404, "Not found");
}

std::string LangfuseStandIn::route_of(const net::ServerRequest& request) const {
  for (const char* known : {"/api/public/ingestion", "/api/public/otel/v1/traces",
                            "/api/public/traces", "/api/public/v2/observations"})
    if (request.path == known) return known;
  return is_trace(request.path) ? "/api/public/traces/{traceId}" : "(unknown)";
}

Reply LangfuseStandIn::worded(const Fault& fault) const {
  if (fault.kind != FaultKind::rate_limit) return refusal(fault.status, "Internal Server Error");
  Reply reply = refusal(429, "Rate limit exceeded");
  reply.response.headers.set("X-RateLimit-Limit", "1000");
  reply.response.headers.set("X-RateLimit-Remaining", "0");
  return reply;
}

std::optional<Reply> LangfuseStandIn::administer(const net::ServerRequest& request, Timestamp) {
  if (request.method == "GET" && request.path == "/_sandbox/repeated")
    return admin_answer(200, {{"repeated", repeated_envelopes_}});
  if (request.method != "POST") return std::nullopt;
  if (request.path == "/_sandbox/event-errors") return add_event_error(request);
  if (request.path == "/_sandbox/settings") return change_settings(request);
  return std::nullopt;
}

Reply LangfuseStandIn::add_event_error(const net::ServerRequest& request) {
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known = only_members(*body, {"status", "type", "times"});
  if (!known) return admin_mistake(known.error());
  const Json status = body->value("status", Json(500)), times = body->value("times", Json(1));
  const bool good = status.is_number_integer() && status >= 400 && status <= 599 &&
                    times.is_number_integer() && times >= 1;
  if (!good)
    return admin_mistake({.code = ErrorCode::invalid_request,
                          .detail = "expected {\"status\": 400 to 599, \"type\": text, \"times\": "
                                    "1 or more}, got " +
                                    dump_json(*body)});
  event_errors_.push_back({text_of(*body, "type"), status.get<int>(), times.get<std::int64_t>()});
  return admin_answer(201, *body);
}

Reply LangfuseStandIn::change_settings(const net::ServerRequest& request) {
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known = only_members(*body, {"eventsOnly", "visibleAfterMs"});
  if (!known) return admin_mistake(known.error());
  const Json only = body->value("eventsOnly", Json(events_only_));
  const Json after = body->value("visibleAfterMs", Json(visible_after_ms_));
  if (!only.is_boolean() || !after.is_number_integer() || after < 0)
    return admin_mistake({.code = ErrorCode::invalid_request,
                          .detail = "expected {\"eventsOnly\": true or false, \"visibleAfterMs\": "
                                    "milliseconds}, got " +
                                    dump_json(*body)});
  events_only_ = only.get<bool>();
  visible_after_ms_ = after.get<DurationMs>();
  return admin_answer(200, {{"eventsOnly", only}, {"visibleAfterMs", after}});
}

Json LangfuseStandIn::state(Timestamp now) const {
  Json envelopes = Json::array();
  for (const auto& [id, event] : envelopes_) envelopes.push_back(event);
  return {{"now", format_time(now)},
          {"envelopes", {{"count", envelopes.size()}, {"objects", std::move(envelopes)}}},
          {"traces", entities(traces_)},
          {"observations", entities(observations_)}};
}

}  // namespace sequent::sandbox::langfuse
