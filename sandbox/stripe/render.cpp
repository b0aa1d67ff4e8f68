#include "sandbox/stripe/render.hpp"

#include <algorithm>

namespace sequent::sandbox::stripe {
namespace {

constexpr std::size_t max_expand_depth = 4;

void strip_private(Json& value) {
  if (value.is_object()) {
    for (auto entry = value.begin(); entry != value.end();) {
      if (entry.key().starts_with('_')) {
        entry = value.erase(entry);
      } else {
        strip_private(entry.value());
        ++entry;
      }
    }
  } else if (value.is_array()) {
    for (auto& item : value) strip_private(item);
  }
}

void to_old_ui_mode(Json& session) {
  const auto mode = text_of(session, "ui_mode");
  if (mode == "hosted_page") session["ui_mode"] = "hosted";
  if (mode == "embedded_page") session["ui_mode"] = "embedded";
  if (mode == "elements") session["ui_mode"] = "custom";
}

// Before 2025-03-31 a line carried its price in full, and what parent tells now in flat members.
void to_old_line(Json& line) {
  const Json& parent = line.at("parent");
  const bool of_item = parent.at("type") == "subscription_item_details";
  const Json& details = parent.at(of_item ? "subscription_item_details" : "invoice_item_details");
  line["type"] = of_item && details.at("proration") == false ? "subscription" : "invoiceitem";
  line["proration"] = details.at("proration");
  line["proration_details"] = details.at("proration_details");
  line["subscription"] = details.at("subscription");
  if (of_item) line["subscription_item"] = details.at("subscription_item");
  line["price"] = line.value("_price", Json());
  line["amount_excluding_tax"] = line.at("amount");
  line["unit_amount_excluding_tax"] = line.at("pricing").at("unit_amount_decimal");
  line["tax_amounts"] = Json::array();
  line["tax_rates"] = Json::array();
  for (const char* name : {"parent", "pricing", "pretax_credit_amounts", "quantity_decimal",
                           "subtotal", "taxes", "invoice"})
    line.erase(name);
}

void to_old_invoice(Json& invoice, const Json& stored) {
  invoice["paid"] = text_of(stored, "status") == "paid";
  invoice["paid_out_of_band"] = stored.value("_paid_out_of_band", false);
  invoice["payment_intent"] = stored.value("_payment_intent", Json());
  invoice["charge"] = stored.value("_charge", Json());
  invoice["quote"] = nullptr;
  invoice["tax"] = nullptr;
  invoice["total_tax_amounts"] = Json::array();
  const Json& parent = stored.at("parent");
  invoice["subscription"] =
      parent.is_object() ? parent.at("subscription_details").at("subscription") : Json();
  if (parent.is_object())
    invoice["subscription_details"] = {
        {"metadata", parent.at("subscription_details").at("metadata")}};
  invoice.erase("parent");
  for (auto& line : invoice.at("lines").at("data")) to_old_line(line);
}

void to_old_item(Json& item) {
  for (const char* name : {"current_period_start", "current_period_end", "billed_until"})
    item.erase(name);
}

// Before 2025-03-31 the subscription had one period for all of its items.
void to_old_subscription(Json& subscription) {
  Json& items = subscription.at("items").at("data");
  if (items.empty()) return;
  subscription["current_period_start"] = items.at(0).at("current_period_start");
  subscription["current_period_end"] = items.at(0).at("current_period_end");
  for (auto& item : items) to_old_item(item);
}

// The name changed with 2024-04-10.
void to_old_product(Json& product) {
  product["features"] = product.at("marketing_features");
  product.erase("marketing_features");
}

Json payments_of(Account& account, const Json& invoice) {
  Json payments = Json::array();
  for (const auto& entry : account.kinds["invoice_payment"].by_id)
    if (entry.second.at("invoice") == invoice.at("id")) payments.push_back(entry.second);
  return {{"object", "list"},
          {"data", std::move(payments)},
          {"has_more", false},
          {"url", "/v1/invoice_payments?invoice=" + text_of(invoice, "id")}};
}

// What is only there for those who ask for it.
void include(Account& account, Json& object, const std::string& member,
             const std::string& version) {
  const auto kind = text_of(object, "object");
  if (member == "line_items" && kind == "checkout.session") {
    const Json* session = account.find("checkout.session", text_of(object, "id"));
    object["line_items"] = render(session->at("_line_items"), version);
  }
  if (kind != "invoice" || before(version, "2025-03-31")) return;
  if (member == "payments") object["payments"] = render(payments_of(account, object), version);
  if (member != "confirmation_secret") return;
  const Json* invoice = account.find("invoice", text_of(object, "id"));
  const Json* intent = account.find("payment_intent", text_of(*invoice, "_payment_intent"));
  object["confirmation_secret"] =
      intent == nullptr
          ? Json()
          : Json{{"client_secret", intent->at("client_secret")}, {"type", "payment_intent"}};
}

Answer<Json> expand_path(Account& account, Json value, const std::vector<std::string>& path,
                         std::size_t at, const std::string& version) {
  if (value.is_array()) {
    for (auto& item : value) {
      auto expanded = expand_path(account, std::move(item), path, at, version);
      if (!expanded) return expanded;
      item = std::move(*expanded);
    }
    return value;
  }
  if (at > 0 && value.is_string()) {
    const Json* object = account.find_any(value.get<std::string>());
    if (object == nullptr)
      return bad_parameter("", "expand",
                           "This property cannot be expanded (" + path[at - 1] + ").");
    value = render(*object, version);
  }
  if (at == path.size() || value.is_null()) return value;
  include(account, value, path[at], version);
  if (!value.is_object() || !value.contains(path[at]))
    return bad_parameter("", "expand", "This property cannot be expanded (" + path[at] + ").");
  auto member = expand_path(account, std::move(value[path[at]]), path, at + 1, version);
  if (!member) return member;
  value[path[at]] = std::move(*member);
  return value;
}

}  // namespace

bool is_version(const std::string& text) {
  constexpr std::string_view pattern = "dddd-dd-dd";
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == 'd' ? !digit : text[i] != '-') return false;
  }
  if (text.size() == pattern.size()) return true;
  return text[10] == '.' && text.size() > 11 &&
         std::all_of(text.begin() + 11, text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool before(const std::string& version, std::string_view date) {
  return std::string_view(version).substr(0, date.size()) < date;
}

Json render(const Json& object, const std::string& version) {
  Json rendered = object;
  const auto kind = text_of(object, "object");
  const bool before_basil = before(version, "2025-03-31");
  if (kind == "checkout.session" && before(version, "2026-03-25")) to_old_ui_mode(rendered);
  if (kind == "invoice" && before_basil) to_old_invoice(rendered, object);
  if (kind == "subscription" && before_basil) to_old_subscription(rendered);
  if (kind == "subscription_item" && before_basil && rendered.contains("price"))
    to_old_item(rendered);
  if (kind == "line_item" && before_basil) to_old_line(rendered);
  if (kind == "product" && before(version, "2024-04-10") && !rendered.value("deleted", false))
    to_old_product(rendered);
  strip_private(rendered);
  if (kind == "list")
    for (auto& item : rendered["data"]) item = render(item, version);
  return rendered;
}

Json render_previous(const Json& object, const Json& previous, const std::string& version) {
  Json rendered = previous;
  const bool old_subscription =
      text_of(object, "object") == "subscription" && before(version, "2025-03-31");
  if (old_subscription && previous.contains("items")) {
    const Json& now = object.at("items").at("data").at(0);
    Json& items = rendered["items"]["data"];
    for (const char* name : {"current_period_start", "current_period_end"})
      if (!items.empty() && items.at(0).at(name) != now.at(name))
        rendered[name] = items.at(0).at(name);
    for (auto& item : items) to_old_item(item);
  }
  strip_private(rendered);
  return rendered;
}

Answer<Json> expand(Account& account, Json rendered, const Json& paths,
                    const std::string& version) {
  for (const auto& entry : paths) {
    std::vector<std::string> path(1);
    for (const char c : entry.get_ref<const std::string&>()) {
      if (c == '.') {
        path.emplace_back();
      } else {
        path.back() += c;
      }
    }
    if (path.size() > max_expand_depth)
      return bad_parameter(
          "", "expand",
          "You cannot expand more than 4 levels of a property (" + entry.get<std::string>() + ").");
    auto expanded = expand_path(account, std::move(rendered), path, 0, version);
    if (!expanded) return expanded;
    rendered = std::move(*expanded);
  }
  return rendered;
}

}  // namespace sequent::sandbox::stripe
