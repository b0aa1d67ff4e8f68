#include "activities/aws/notification.hpp"

#include <algorithm>
#include <charconv>

#include "base/time.hpp"

namespace sequent::activities::aws {

namespace {

constexpr int max_depth = 32;
constexpr const char* type_prefix = "com.amazonaws.marketplace.";

std::unexpected<Error> malformed(const std::string& expected) {
  return fail(ErrorCode::invalid_request,
              "expected a notification of AWS Marketplace: " + expected + ".");
}

// "customer-identifier" -> "customerIdentifier"
std::string camel_case(const std::string& name) {
  std::string out;
  bool raise = false;
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z';
    if (c != '-') out += raise && lower ? static_cast<char>(c - 'a' + 'A') : c;
    raise = c == '-';
  }
  return out;
}

// "Purchase Agreement Created - Proposer" -> "purchase-agreement-created-proposer"
std::string kebab_case(const std::string& words) {
  std::string out;
  for (const char c : words) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (upper || kept) {
      out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string sent_at(const Json& message) {
  const auto attributes = message.find("Attributes");
  if (attributes == message.end()) return "";
  const std::string text = text_of(*attributes, "SentTimestamp");
  Timestamp at = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), at);
  return error == std::errc{} && end == text.data() + text.size() ? format_time(at) : "";
}

Json event_base(const std::string& source, const std::string& id, const std::string& type,
                const std::string& time) {
  Json event = Json::object();
  event["specversion"] = "1.0";
  event["source"] = source;
  event["id"] = id;
  event["type"] = type_prefix + type;
  event["datacontenttype"] = "application/json";
  if (parse_time(time)) event["time"] = time;
  return event;
}

Result<Json> event_of_bridge(const Json& body) {
  const std::string id = text_of(body, "id");
  const std::string type = kebab_case(text_of(body, "detail-type"));
  if (id.empty() || type.empty() || !body.at("detail").is_object())
    return malformed("an event of EventBridge with id, detail-type and detail");
  Json event = event_base("aws-agreement-marketplace", id, type, text_of(body, "time"));
  event["data"] = body.at("detail");
  return event;
}

Result<Json> event_of_notification(const Json& body, const std::string& id,
                                   const std::string& time) {
  const std::string action = text_of(body, "action");
  if (action.empty() || action.size() > 64 || kebab_case(action) != action)
    return malformed("an `action` such as subscribe-success");
  if (text_of(body, "product-code").empty()) return malformed("a `product-code`");
  Json event = event_base("aws-marketplace", id, action, time);
  const std::string customer = text_of(body, "customer-identifier");
  if (!customer.empty()) event["subject"] = customer;
  Json data = Json::object();
  for (const auto& [name, value] : body.items()) data[camel_case(name)] = value;
  // AWS sends a text for it.
  const std::string trial = text_of(body, "isFreeTrialTermPresent");
  if (!trial.empty()) data["isFreeTrialTermPresent"] = trial == "true";
  event["data"] = std::move(data);
  return event;
}

}  // namespace

Result<Json> event_of_message(const Json& message) {
  const auto body = parse_json(text_of(message, "Body"), max_depth);
  if (!body || !body->is_object()) return malformed("a body that is a JSON object");
  if (body->contains("detail-type") && body->contains("detail")) return event_of_bridge(*body);
  if (!body->contains("Message"))
    return event_of_notification(*body, text_of(message, "MessageId"), sent_at(message));
  const auto inner = parse_json(text_of(*body, "Message"), max_depth);
  const std::string id = text_of(*body, "MessageId");
  if (!inner || !inner->is_object() || id.empty())
    return malformed("the envelope of its topic, with MessageId and JSON in Message");
  if (inner->contains("detail-type") && inner->contains("detail")) return event_of_bridge(*inner);
  return event_of_notification(*inner, id, text_of(*body, "Timestamp"));
}

}  // namespace sequent::activities::aws
