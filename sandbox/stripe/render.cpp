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

void to_old_invoice(Json& invoice, const Json& stored) {
  invoice["paid"] = text_of(stored, "status") == "paid";
  invoice["paid_out_of_band"] = false;
  invoice["payment_intent"] = stored.value("_payment_intent", Json());
  invoice["charge"] = stored.value("_charge", Json());
  invoice["quote"] = nullptr;
  invoice["tax"] = nullptr;
  invoice["total_tax_amounts"] = Json::array();
  const Json& parent = stored.at("parent");
  invoice["subscription"] =
      parent.is_object() ? parent.at("subscription_details").at("subscription") : Json();
  invoice.erase("parent");
}

void to_old_subscription(Json& subscription) {
  const Json& items = subscription.at("items").at("data");
  if (items.empty()) return;
  subscription["current_period_start"] = items.at(0).at("current_period_start");
  subscription["current_period_end"] = items.at(0).at("current_period_end");
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
  if (path[at] == "line_items" && text_of(value, "object") == "checkout.session") {
    const Json* session = account.find("checkout.session", text_of(value, "id"));
    value["line_items"] = render(session->at("_line_items"), version);
  }
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
  strip_private(rendered);
  if (kind == "list")
    for (auto& item : rendered["data"]) item = render(item, version);
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
