// Usage as it is reported: taken in, checked afterwards, taken back.
#include "base/assert.hpp"
#include "sandbox/stripe/usage.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::int64_t oldest_s = 35 * 86'400;
constexpr std::int64_t furthest_s = 5 * 60;
constexpr DurationMs identifier_kept_ms = 86'400'000;
constexpr DurationMs adjustable_ms = 86'400'000;
constexpr DurationMs report_after_ms = 1'000;
constexpr std::size_t max_payload = 50;
constexpr std::size_t max_samples = 10;  // of one kind of error in a report

Answer<void> check_payload(const Json& payload) {
  if (!payload.is_object() || payload.empty())
    return bad_parameter("", "payload", "Invalid object: payload must have at least one member");
  if (payload.size() > max_payload)
    return bad_parameter("", "payload",
                         "payload can have up to " + std::to_string(max_payload) +
                             " members, got " + std::to_string(payload.size()));
  for (const auto& [name, value] : payload.items())
    if (!value.is_string())
      return bad_parameter("", "payload[" + name + "]", "Invalid string: " + dump_json(value));
  return {};
}

Answer<std::int64_t> time_of(const Call& call) {
  const auto now = call.scene.seconds();
  const Json given = call.params.value("timestamp", Json());
  if (!given.is_number()) return now;
  const auto at = given.get<std::int64_t>();
  if (at < now - oldest_s)
    return bad_parameter("timestamp_too_far_in_past", "timestamp",
                         "The timestamp must be within the past 35 days, got " +
                             std::to_string(at) + " at " + std::to_string(now) + ".");
  if (at > now + furthest_s)
    return bad_parameter("timestamp_in_future", "timestamp",
                         "The timestamp must be at most 5 minutes ahead, got " +
                             std::to_string(at) + " at " + std::to_string(now) + ".");
  return at;
}

Json* meter_named(Account& account, const std::string& event_name) {
  for (auto& entry : account.kinds["billing.meter"].by_id)
    if (entry.second.at("event_name") == event_name) return &entry.second;
  return nullptr;
}

// What keeps the event from being counted; empty: nothing does.
std::string flaw_of(Account& account, const Json* meter, const Json& payload) {
  if (meter == nullptr) return "no_meter";
  if (meter->at("status") != "active") return "archived_meter";
  const auto mapped = text_of(meter->at("customer_mapping"), "event_payload_key");
  const auto customer_id = text_of(payload, mapped);
  if (customer_id.empty()) return "meter_event_no_customer_defined";
  const Json* customer = account.find("customer", customer_id);
  if (customer == nullptr || customer->value("_deleted", false))
    return "meter_event_customer_not_found";
  if (text_of(meter->at("default_aggregation"), "formula") == "count") return "";
  return wrong_usage_value(
      text_of(payload, text_of(meter->at("value_settings"), "event_payload_key")));
}

std::string sentence_about(const std::string& flaw) {
  if (flaw == "no_meter") return "There is no meter with this event name.";
  if (flaw == "archived_meter") return "The meter is not active.";
  if (flaw == "meter_event_no_customer_defined")
    return "The payload has no member that names the customer.";
  if (flaw == "meter_event_customer_not_found") return "The customer does not exist.";
  if (flaw == "meter_event_value_too_many_digits")
    return "The value in the payload can have at most 15 digits.";
  return "The value in the payload is no number.";
}

// The first mistake starts the window of the next report, and all that follow in it are told with
// it: a broken sender does not cause an event for each of its mistakes.
void note_flaw(Scene& scene, const std::string& meter, const std::string& flaw, const Json& event) {
  Json& pending = scene.account.usage_errors[meter];
  if (pending.is_null()) {
    pending = {{"since", scene.now}, {"errors", Json::array()}};
    scene.world.timers.insert({.at = scene.now + report_after_ms,
                               .kind = Timer::Kind::usage_checked,
                               .account = scene.account.id,
                               .id = meter});
  }
  pending["errors"].push_back({{"code", flaw}, {"identifier", event.at("identifier")}});
}

// Events have no id of their own, and an identifier may be used again when its day is over.
Json& store(Scene& scene, Json event) {
  auto& collection = scene.account.kinds["billing.meter_event"];
  const auto key = scene.world.make_id("mtrevt_");
  scene.account.usage_by_identifier[text_of(event, "identifier")] = key;
  collection.order.push_back(key);
  const auto [at, fresh] = collection.by_id.emplace(key, std::move(event));
  SEQUENT_ASSERT(fresh);
  return at->second;
}

Json* event_identified(Account& account, const std::string& identifier) {
  const auto key = account.usage_by_identifier.find(identifier);
  if (key == account.usage_by_identifier.end()) return nullptr;
  Json* event = account.find("billing.meter_event", key->second);
  SEQUENT_ASSERT(event != nullptr);
  return event;
}

Json reason_of(const Json& errors) {
  std::map<std::string, Json> by_code;
  for (const auto& error : errors) {
    const auto code = text_of(error, "code");
    Json& type = by_code[code];
    if (type.is_null())
      type = {{"code", code}, {"error_count", 0}, {"sample_errors", Json::array()}};
    type["error_count"] = type.at("error_count").get<std::int64_t>() + 1;
    if (type.at("sample_errors").size() < max_samples)
      type["sample_errors"].push_back({{"error_message", sentence_about(code)},
                                       {"request", {{"identifier", error.at("identifier")}}}});
  }
  Json types = Json::array();
  for (auto& entry : by_code) types.push_back(std::move(entry.second));
  return {{"error_count", errors.size()}, {"error_types", std::move(types)}};
}

}  // namespace

Answer<Json> create_meter_event(const Call& call) {
  Scene& scene = call.scene;
  const Json& payload = call.params.at("payload");
  const auto good = check_payload(payload);
  if (!good) return std::unexpected(good.error());
  const auto time = time_of(call);
  if (!time) return std::unexpected(time.error());
  auto identifier = text_of(call.params, "identifier");
  if (identifier.empty()) identifier = scene.world.make_id("mevt_", 32);
  const Json* same = event_identified(scene.account, identifier);
  if (same != nullptr && scene.now < same->at("_received").get<Timestamp>() + identifier_kept_ms)
    return refused("", "identifier", "An event already exists with identifier " + identifier + ".");

  const auto name = text_of(call.params, "event_name");
  const Json* meter = meter_named(scene.account, name);
  const auto flaw = flaw_of(scene.account, meter, payload);
  const auto meter_id = meter == nullptr ? std::string() : text_of(*meter, "id");
  Json event{{"object", "billing.meter_event"},
             {"created", scene.seconds()},
             {"event_name", name},
             {"identifier", identifier},
             {"livemode", false},
             {"payload", payload},
             {"timestamp", *time},
             {"_received", scene.now},
             {"_meter", meter_id},
             {"_state", flaw.empty() ? "counted" : "rejected"}};
  if (flaw.empty()) {
    event["_customer"] = payload.at(text_of(meter->at("customer_mapping"), "event_payload_key"));
    event["_value"] =
        payload.value(text_of(meter->at("value_settings"), "event_payload_key"), Json("1"));
  }
  const Json& stored = store(scene, std::move(event));
  if (!flaw.empty()) note_flaw(scene, meter_id, flaw, stored);
  return stored;
}

Answer<Json> create_meter_event_adjustment(const Call& call) {
  const Json cancel = call.params.value("cancel", Json());
  const auto identifier = cancel.is_object() ? text_of(cancel, "identifier") : std::string();
  if (identifier.empty())
    return bad_parameter("parameter_missing", "cancel[identifier]",
                         "Missing required param: cancel[identifier].");
  Json* event = event_identified(call.scene.account, identifier);
  if (event == nullptr || event->at("event_name") != call.params.at("event_name"))
    return no_such("meter event", identifier, "cancel[identifier]");
  if (call.scene.now > event->at("_received").get<Timestamp>() + adjustable_ms)
    return refused("", "cancel[identifier]",
                   "The event `" + identifier +
                       "` was received more than 24 hours ago and can no longer be canceled.");
  // What was never counted stays what it is; what was canceled before is canceled.
  if (event->at("_state") == "counted") (*event)["_state"] = "canceled";
  Json adjustment{{"object", "billing.meter_event_adjustment"},
                  {"cancel", {{"identifier", identifier}}},
                  {"event_name", call.params.at("event_name")},
                  {"livemode", false},
                  {"status", "pending"},
                  {"type", "cancel"}};
  auto& collection = call.scene.account.kinds["billing.meter_event_adjustment"];
  const auto key = call.scene.world.make_id("mtradj_");
  collection.order.push_back(key);
  return collection.by_id.emplace(key, std::move(adjustment)).first->second;
}

void report_usage_errors(Scene& scene, const std::string& meter) {
  const auto found = scene.account.usage_errors.find(meter);
  SEQUENT_ASSERT(found != scene.account.usage_errors.end());
  const Json pending = std::move(found->second);
  scene.account.usage_errors.erase(found);
  const auto count = pending.at("errors").size();
  const Json data{{"developer_message_summary",
                   "There " + std::string(count == 1 ? "is 1" : "are " + std::to_string(count)) +
                       " invalid usage event" + (count == 1 ? "" : "s")},
                  {"reason", reason_of(pending.at("errors"))},
                  {"validation_start", format_time(pending.at("since").get<Timestamp>())},
                  {"validation_end", format_time(scene.now)}};
  if (meter.empty()) {
    emit_thin(scene, "v1.billing.meter.no_meter_found", nullptr, data);
    return;
  }
  const Json related{
      {"id", meter}, {"type", "billing.meter"}, {"url", "/v1/billing/meters/" + meter}};
  emit_thin(scene, "v1.billing.meter.error_report_triggered", related, data);
}

}  // namespace sequent::sandbox::stripe
