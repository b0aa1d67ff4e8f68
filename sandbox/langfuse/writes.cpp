// What the stand-in takes: batches of events, and OpenTelemetry spans.
#include <algorithm>
#include <array>
#include <cctype>

#include "sandbox/langfuse/langfuse.hpp"

namespace sequent::sandbox::langfuse {
namespace {

constexpr std::size_t max_body_bytes = 4'500'000;  // the real server's parser
constexpr std::array<std::string_view, 10> event_types{
    "trace-create",      "span-create",  "span-update",        "generation-create",
    "generation-update", "event-create", "observation-create", "observation-update",
    "score-create",      "sdk-log"};

bool is_hex(const std::string& text, std::size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

bool is_span(const Json& span) {
  if (!span.is_object()) return false;
  const std::string parent = text_of(span, "parentSpanId");
  return is_hex(text_of(span, "traceId"), 32) && is_hex(text_of(span, "spanId"), 16) &&
         (parent.empty() || is_hex(parent, 16));
}

/// All spans of an export; nothing when it has another shape.
std::optional<std::vector<Json>> spans_of(const Json& body) {
  std::vector<Json> spans;
  const auto list = [](const Json& parent, const char* member) -> const Json* {
    const auto found = parent.find(member);
    return found != parent.end() && found->is_array() ? &*found : nullptr;
  };
  const Json* resources = list(body, "resourceSpans");
  if (resources == nullptr) return std::nullopt;
  for (const Json& resource : *resources) {
    const Json* scopes = resource.is_object() ? list(resource, "scopeSpans") : nullptr;
    if (scopes == nullptr) return std::nullopt;
    for (const Json& scope : *scopes) {
      const Json* found = scope.is_object() ? list(scope, "spans") : nullptr;
      if (found == nullptr) return std::nullopt;
      spans.insert(spans.end(), found->begin(), found->end());
    }
  }
  return spans;
}

}  // namespace

Reply LangfuseStandIn::ingest(const net::ServerRequest& request, Timestamp now) {
  if (request.body.size() > max_body_bytes) return refusal(413, "Payload too large");
  const auto body = parse_json(request.body);
  if (!body || !body->is_object() || !body->contains("batch") || !body->at("batch").is_array())
    return refusal(400, "Invalid request data: batch must be an array");
  Json successes = Json::array(), errors = Json::array();
  for (const Json& event : body->at("batch")) {
    const EventAnswer answer = take_event(event, now);
    const std::string id = event.is_object() ? text_of(event, "id", "unknown") : "unknown";
    if (answer.status >= 400) {
      errors.push_back({{"id", id}, {"status", answer.status}, {"message", answer.message}});
    } else if (text_of(event, "type") != "sdk-log") {  // logs are in neither list
      successes.push_back({{"id", id}, {"status", answer.status}});
    }
  }
  return json_reply(207, {{"successes", successes}, {"errors", errors}});
}

LangfuseStandIn::EventAnswer LangfuseStandIn::take_event(const Json& event, Timestamp now) {
  if (!event.is_object() || text_of(event, "id").empty() ||
      !parse_time(text_of(event, "timestamp")) || !event.contains("body") ||
      !event.at("body").is_object())
    return {400, "Invalid request data"};
  const std::string type = text_of(event, "type");
  if (std::find(event_types.begin(), event_types.end(), type) == event_types.end())
    return {400, "Invalid event type"};
  if (events_only_ && type != "score-create" && type != "sdk-log")
    return {400, "This endpoint takes scores only; send spans to /api/public/otel/v1/traces"};
  for (EventError& error : event_errors_) {
    if (error.times == 0 || (!error.type.empty() && error.type != type)) continue;
    --error.times;
    return {error.status, error.status < 500 ? "Refused" : "Internal Server Error"};
  }
  const std::string id = text_of(event, "id");
  if (!envelopes_.emplace(id, event).second) {
    ++repeated_envelopes_;  // stored already: taken, and nothing more happens
    return {};
  }
  calls().made("envelope " + id, type, id, "");
  const Json& body = event.at("body");
  const std::string entity = text_of(body, "id", id);
  if (type == "trace-create") merge(traces_, entity, body, now);
  if (type.starts_with("span-") || type.starts_with("generation-") || type == "event-create" ||
      type.starts_with("observation-"))
    merge(observations_, entity, body, now);
  return {};
}

void LangfuseStandIn::merge(std::map<std::string, Entity>& into, const std::string& id,
                            const Json& body, Timestamp now) {
  Entity& entity = into[id];
  if (entity.members.empty()) entity.visible_at = now + visible_after_ms_;
  for (const auto& [name, value] : body.items())
    if (!value.is_null()) entity.members[name] = value;
  if (!entity.members.contains("timestamp")) entity.members["timestamp"] = format_time(now);
}

Reply LangfuseStandIn::take_spans(const net::ServerRequest& request, Timestamp now) {
  const auto body = parse_json(request.body);
  const auto spans = body && body->is_object() ? spans_of(*body) : std::nullopt;
  if (!spans) return refusal(400, "Invalid OTLP trace export");
  for (const Json& span : *spans)
    if (!is_span(span)) return refusal(400, "Invalid span: traceId or spanId");
  for (const Json& span : *spans) {
    const std::string trace = text_of(span, "traceId"), id = text_of(span, "spanId");
    if (!observations_.contains(trace + ":" + id))
      calls().made("span " + trace + id, "span", id, "");
    Json members = span;
    members["traceId"] = trace;
    merge(observations_, trace + ":" + id, members, now);
    merge(traces_, trace, Json::object(), now);
  }
  return json_reply(200, Json::object());
}

}  // namespace sequent::sandbox::langfuse
