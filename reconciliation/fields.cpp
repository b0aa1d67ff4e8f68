#include "reconciliation/fields.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace sequent::reconciliation {
namespace {

bool is_unset(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || (value.is_structured() && value.empty());
}

// A form knows text alone, so 5 and "5" are the same to Stripe.
std::string as_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// "008.50" -> "8.5"
std::string plain_decimal(std::string text) {
  if (text.find('.') != std::string::npos) {
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
  }
  const auto first = text.find_first_not_of('0');
  if (first == std::string::npos) return "0";
  text.erase(0, first);
  return text.starts_with('.') ? "0" + text : text;
}

bool same_scalar(const Json& sent, const Json& has) {
  if (sent.is_number() && has.is_number()) return sent == has;
  if (sent.is_string() && has.is_object() && has.contains("id")) return sent == has.at("id");
  return !has.is_structured() && as_text(sent) == as_text(has);
}

void add(std::vector<Difference>& all, const std::string& field, const Json& sent,
         const Json& has) {
  all.push_back({field, sent, has});
}

void compare(std::vector<Difference>& all, const std::string& field, const Json& sent,
             const Json& has);

// By the members sent. Inside an object a member that is absent now has been taken away.
void compare_members(std::vector<Difference>& all, const std::string& field, const Json& sent,
                     const Json& has) {
  for (const auto& [name, value] : sent.items())
    compare(all, field + "." + name, value, has.value(name, Json()));
}

void compare(std::vector<Difference>& all, const std::string& field, const Json& sent,
             const Json& has) {
  if (sent == hidden) return;
  if (sent.is_structured() && sent.empty()) return;  // a request leaves it out
  if (is_unset(sent)) {
    if (!is_unset(has)) add(all, field, sent, has);
  } else if (sent.is_object() && has.is_object()) {
    compare_members(all, field, sent, has);
  } else if (sent.is_array() && has.is_array()) {
    if (sent.size() != has.size()) return add(all, field, sent, has);
    for (std::size_t i = 0; i < sent.size(); ++i)
      compare(all, field + "." + std::to_string(i), sent[i], has[i]);
  } else if (sent.is_structured() || !same_scalar(sent, has)) {
    add(all, field, sent, has);
  }
}

// "price_x*2", sorted; nothing where an item names no price of its own or is hidden.
std::optional<std::vector<std::string>> prices_of(const Json& items) {
  std::vector<std::string> prices;
  if (!items.is_array()) return std::nullopt;
  for (const Json& item : items) {
    if (!item.is_object() || item.value("deleted", false)) return std::nullopt;
    const Json price = item.value("price", Json());
    const std::string id = price.is_object() ? text_of(price, "id") : text_of(item, "price");
    if (id.empty() || id == hidden) return std::nullopt;
    const Json quantity = item.value("quantity", Json(1));
    prices.push_back(id + "*" + (quantity.is_null() ? "1" : as_text(quantity)));
  }
  std::ranges::sort(prices);
  return prices;
}

void compare_items(std::vector<Difference>& all, const Json& sent, const Json& has) {
  const auto wanted = prices_of(sent);
  const auto there = prices_of(has.is_object() ? has.value("data", Json()) : has);
  if (!wanted || !there || *wanted == *there) return;
  add(all, "items", Json(*wanted), Json(*there));
}

void compare_field(std::vector<Difference>& all, const Field& field, const Json& sent,
                   const Json& has) {
  const std::string name(field.name);
  switch (field.how) {
    case Compared::as_is:
      return compare(all, name, sent, has);
    case Compared::any_case:
      if (sent.is_string() && has.is_string() && sent != hidden &&
          lower_case(sent.get<std::string>()) == lower_case(has.get<std::string>()))
        return;
      return compare(all, name, sent, has);
    case Compared::decimal:
      if (!sent.is_structured() && !has.is_structured() &&
          plain_decimal(as_text(sent)) == plain_decimal(as_text(has)))
        return;
      return compare(all, name, sent, has);
    case Compared::metadata:
      if (sent.is_object() && has.is_object()) compare_members(all, name, sent, has);
      return;
    case Compared::sub_items:
      return compare_items(all, sent, has);
  }
}

}  // namespace

std::vector<Difference> differences(const Kind& kind, const Json& sent, const Json& object) {
  std::vector<Difference> all;
  for (const Field& field : kind.fields) {
    const auto wanted = sent.find(field.name);
    const auto has = object.find(field.name);
    if (wanted == sent.end() || has == object.end()) continue;
    compare_field(all, field, *wanted, *has);
  }
  return all;
}

void lay_over(Json& sent, const Json& update) {
  for (const auto& [name, value] : update.items()) {
    if (name != "metadata" || !value.is_object() || !sent[name].is_object()) {
      sent[name] = value;
      continue;
    }
    for (const auto& [key, text] : value.items()) sent[name][key] = text;
  }
}

}  // namespace sequent::reconciliation
