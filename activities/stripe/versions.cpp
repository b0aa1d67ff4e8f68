#include "activities/stripe/versions.hpp"

#include <array>
#include <utility>

namespace sequent::activities::stripe {

namespace {

constexpr std::string_view renamed_in = "2026-03-25";
constexpr std::string_view invoice_payments_in = "2025-03-31";
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> ui_modes = {{
    {"hosted", "hosted_page"},
    {"embedded", "embedded_page"},
    {"custom", "elements"},
}};

bool lacks(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found == object.end() || found->is_null();
}

const Json* at(const Json& object, const Json::json_pointer& pointer) {
  if (!object.contains(pointer) || object.at(pointer).is_null()) return nullptr;
  return &object.at(pointer);
}

// The default payment's intent, or the first one's.
Json intent_of_payments(const Json& invoice) {
  static const Json::json_pointer payments("/payments/data"), intent("/payment/payment_intent");
  const Json* list = at(invoice, payments);
  if (list == nullptr || !list->is_array()) return nullptr;
  Json first = nullptr;
  for (const Json& payment : *list) {
    const Json* found = at(payment, intent);
    if (found == nullptr) continue;
    if (payment.value("is_default", false)) return *found;
    if (first.is_null()) first = *found;
  }
  return first;
}

void normalise_line(Json& line) {
  if (!lacks(line, "pricing") || lacks(line, "price") || !line["price"].is_object()) return;
  const Json& price = line["price"];
  Json details = Json::object();
  details["price"] = price.value("id", Json());
  details["product"] = price.value("product", Json());
  Json pricing = Json::object();
  pricing["type"] = "price_details";
  pricing["price_details"] = std::move(details);
  pricing["unit_amount_decimal"] = price.value("unit_amount_decimal", Json());
  line["pricing"] = std::move(pricing);
}

void normalise_invoice(Json& invoice) {
  static const Json::json_pointer nested("/parent/subscription_details/subscription");
  if (lacks(invoice, "subscription")) {
    if (const Json* subscription = at(invoice, nested)) {
      const Json value = *subscription;
      invoice["subscription"] = value;
    }
  } else if (at(invoice, nested) == nullptr) {
    if (lacks(invoice, "parent")) invoice["parent"] = {{"type", "subscription_details"}};
    if (lacks(invoice["parent"], "subscription_details"))
      invoice["parent"]["subscription_details"] = Json::object();
    invoice["parent"]["subscription_details"]["subscription"] = invoice["subscription"];
  }
  if (lacks(invoice, "paid")) invoice["paid"] = text_of(invoice, "status") == "paid";
  if (lacks(invoice, "payment_intent")) invoice["payment_intent"] = intent_of_payments(invoice);
  static const Json::json_pointer lines("/lines/data");
  if (invoice.contains(lines) && invoice.at(lines).is_array())
    for (Json& line : invoice.at(lines)) normalise_line(line);
}

void normalise_payment_intent(Json& intent) {
  static const Json::json_pointer first_charge("/charges/data/0/id");
  if (!lacks(intent, "latest_charge")) return;
  if (const Json* charge = at(intent, first_charge)) {
    const Json value = *charge;
    intent["latest_charge"] = value;
  }
}

void normalise_subscription(Json& subscription) {
  static const Json::json_pointer items("/items/data");
  for (const char* member : {"current_period_start", "current_period_end"}) {
    if (lacks(subscription, member)) {
      const Json::json_pointer nested("/items/data/0/" + std::string(member));
      if (const Json* time = at(subscription, nested)) {
        const Json value = *time;
        subscription[member] = value;
      }
    } else if (subscription.contains(items) && subscription.at(items).is_array()) {
      const Json value = subscription[member];
      for (Json& item : subscription.at(items))
        if (item.is_object() && lacks(item, member)) item[member] = value;
    }
  }
  if (!lacks(subscription, "latest_invoice") && subscription["latest_invoice"].is_object())
    normalise_invoice(subscription["latest_invoice"]);
}

}  // namespace

std::string ui_mode_for(std::string_view api_version, std::string_view ui_mode) {
  const bool renamed = api_version.substr(0, renamed_in.size()) >= renamed_in;
  for (const auto& [before, since] : ui_modes)
    if (ui_mode == before || ui_mode == since) return std::string(renamed ? since : before);
  return std::string(ui_mode);
}

bool has_invoice_payments(std::string_view api_version) {
  return api_version.substr(0, invoice_payments_in.size()) >= invoice_payments_in;
}

Json normalised(Json object) {
  if (!object.is_object()) return object;
  const std::string kind = text_of(object, "object");
  if (kind == "invoice") normalise_invoice(object);
  if (kind == "payment_intent") normalise_payment_intent(object);
  if (kind == "subscription") normalise_subscription(object);
  if (kind == "billing.meter_event") object["duplicate"] = false;
  if (kind == "list" && object.contains("data") && object["data"].is_array())
    for (Json& element : object["data"]) element = normalised(std::move(element));
  if (kind == "event" && object.contains("data") && object["data"].is_object() &&
      object["data"].contains("object"))
    object["data"]["object"] = normalised(std::move(object["data"]["object"]));
  return object;
}

}  // namespace sequent::activities::stripe
