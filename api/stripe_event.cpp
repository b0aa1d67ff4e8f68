#include "api/stripe_event.hpp"

#include "api/request.hpp"

namespace sequent::api {
namespace {

void require_text(const Json& event, const char* name, Faults& faults) {
  if (text_of(event, name).empty())
    faults.add(std::string("/") + name,
               "expected text that is not empty, got " +
                   (event.contains(name) ? described(event.at(name)) : std::string("nothing")));
}

// Seconds since 1970 in snapshot events, RFC 3339 text in thin ones.
std::string time_of(const Json& event, Faults& faults) {
  const auto created = event.find("created");
  if (created != event.end() && created->is_number_integer()) {
    constexpr std::int64_t year_9999 = 253'402'300'799;
    const auto seconds = created->get<std::int64_t>();
    if (seconds >= 0 && seconds <= year_9999) return format_time(seconds * 1'000);
  }
  const auto text = text_of(event, "created");
  if (const auto at = parse_time(text)) return format_time(*at);
  faults.add("/created",
             "expected seconds since 1970 or an RFC 3339 time, got " +
                 (created == event.end() ? std::string("nothing") : described(*created)));
  return {};
}

Json snapshot_data(const Json& event, Json& out, Faults& faults) {
  const auto data = event.find("data");
  const bool whole = data != event.end() && data->is_object() && data->contains("object") &&
                     data->at("object").is_object();
  if (!whole) {
    faults.add("/data/object", "expected the object that the event is about, got nothing",
               "Send the whole event, not only its data.");
    return {};
  }
  const auto id = text_of(data->at("object"), "id");
  if (!id.empty()) out["subject"] = id;
  return *data;
}

Json thin_data(const Json& event, Json& out) {
  out["stripethin"] = true;
  Json data = Json::object();
  for (const char* name : {"related_object", "reason", "changes", "data"})
    if (event.contains(name)) data[name] = event.at(name);
  if (event.contains("related_object")) {
    const auto id = text_of(event.at("related_object"), "id");
    if (!id.empty()) out["subject"] = id;
  }
  return data;
}

}  // namespace

Result<Json> cloud_event_of_stripe(const Json& event) {
  Faults faults;
  if (!event.is_object()) {
    faults.add("", "expected an event of Stripe (an object), got " + described(event));
    return std::unexpected(faults.error("The body"));
  }
  const auto kind = text_of(event, "object");
  const bool thin = kind == "v2.core.event";
  if (kind != "event" && !thin)
    faults.add(
        "/object",
        "expected \"event\" or \"v2.core.event\", got " +
            (event.contains("object") ? described(event.at("object")) : std::string("nothing")),
        "Send the whole event, not only its data.");
  require_text(event, "id", faults);
  require_text(event, "type", faults);
  Json out = Json::object();
  out["specversion"] = "1.0";
  out["id"] = text_of(event, "id");
  out["type"] = "com.stripe." + text_of(event, "type");
  out["time"] = time_of(event, faults);
  out["datacontenttype"] = "application/json";
  const auto account = text_of(event, "account");
  out["source"] = account.empty() ? "stripe" : "stripe/" + account;
  if (!account.empty()) out["stripeaccount"] = account;
  if (event.contains("livemode") && event.at("livemode").is_boolean())
    out["livemode"] = event.at("livemode");
  if (const auto version = text_of(event, "api_version"); !version.empty())
    out["apiversion"] = version;
  if (event.contains("request"))
    if (const auto key = text_of(event.at("request"), "idempotency_key"); !key.empty())
      out["idempotencykey"] = key;
  if (kind == "event") out["data"] = snapshot_data(event, out, faults);
  if (thin) out["data"] = thin_data(event, out);
  if (!faults.empty()) return std::unexpected(faults.error("The event"));
  return out;
}

}  // namespace sequent::api
