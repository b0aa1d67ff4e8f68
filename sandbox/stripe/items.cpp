// What a subscription is made of: items, their prices and periods, and what a change of them costs.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/render.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::size_t most_items = 20;

// The older name of a price, which items still show.
Json plan_of(const Json& price) {
  const Json& recurring = price.at("recurring");
  return {{"id", price.at("id")},
          {"object", "plan"},
          {"active", price.at("active")},
          {"amount", price.at("unit_amount")},
          {"amount_decimal", price.at("unit_amount_decimal")},
          {"billing_scheme", price.at("billing_scheme")},
          {"created", price.at("created")},
          {"currency", price.at("currency")},
          {"interval", recurring.at("interval")},
          {"interval_count", recurring.at("interval_count")},
          {"livemode", false},
          {"metadata", price.at("metadata")},
          {"meter", recurring.at("meter")},
          {"nickname", price.at("nickname")},
          {"product", price.at("product")},
          {"tiers_mode", price.at("tiers_mode")},
          {"transform_usage", nullptr},
          {"trial_period_days", recurring.at("trial_period_days")},
          {"usage_type", recurring.at("usage_type")}};
}

bool is_metered(const Json& price) {
  return text_of(price.at("recurring"), "usage_type") == "metered";
}

Answer<Json*> price_of_item(Scene& scene, const Json& params, const std::string& within) {
  const auto name = [&](const char* member) {
    return within.empty() ? std::string(member) : within + "[" + member + "]";
  };
  if (params.contains("price_data")) {
    if (params.contains("price"))
      return bad_parameter("", name("price"),
                           "You may only specify one of these parameters: "
                           "price, price_data.");
    return add_price(scene, params.at("price_data"), name("price_data"));
  }
  const char* member = params.contains("price") ? "price" : "plan";
  const auto id = text_of(params, member);
  Json* price = scene.account.find("price", id);
  if (price == nullptr) return no_such("price", id, name(member));
  if (!price->at("recurring").is_object())
    return refused("", name(member),
                   "The price specified is set to `type=one_time` but this field only accepts "
                   "prices with `type=recurring`.");
  if (!price->at("active").get<bool>())
    return refused("", name(member),
                   "The price specified is inactive. This field only accepts active prices.");
  const Json* product = scene.account.find("product", text_of(*price, "product"));
  SEQUENT_ASSERT(product != nullptr);  // a product with prices is never deleted
  if (!product->at("active").get<bool>())
    return refused("", name(member),
                   "Price `" + id +
                       "` is not available to be purchased because its product is "
                       "not active.");
  return price;
}

bool same_interval(const Json& one, const Json& other) {
  const Json& a = one.at("recurring");
  const Json& b = other.at("recurring");
  return a.at("interval") == b.at("interval") && a.at("interval_count") == b.at("interval_count");
}

Json product_name(Scene& scene, const Json& price) {
  const Json* product = scene.account.find("product", text_of(price, "product"));
  return product == nullptr ? Json("") : product->at("name");
}

// What an item's whole period costs, for the part of it that is left at `at`.
std::int64_t share_of(const Json& item, std::int64_t at) {
  const auto start = item.at("current_period_start").get<std::int64_t>();
  const auto end = item.at("current_period_end").get<std::int64_t>();
  SEQUENT_ASSERT(end > start);
  const auto left = static_cast<double>(std::clamp(end - at, std::int64_t{0}, end - start));
  const auto whole =
      static_cast<double>(amount_of(item.at("price"), item.value("quantity", Json())));
  return std::llround(whole * left / static_cast<double>(end - start));
}

Json proration_line(Scene& scene, const Json& subscription, const Json& item, std::int64_t at,
                    bool credit) {
  const Json quantity = item.value("quantity", Json());
  const auto count =
      quantity.is_number() ? std::to_string(quantity.get<std::int64_t>()) + " × " : "";
  const auto name = product_name(scene, item.at("price")).get<std::string>();
  const auto share = share_of(item, at);
  return invoice_line(
      scene, {.price = item.at("price"),
              .quantity = quantity,
              .amount = credit ? -share : share,
              .description = (credit ? "Unused time on " : "Remaining time on ") + count + name,
              .start = at,
              .end = item.at("current_period_end").get<std::int64_t>(),
              .subscription = subscription.at("id"),
              .item = item.at("id"),
              .proration = true});
}

const Json* item_with_id(const Json& items, const Json& id) {
  for (const auto& item : items)
    if (item.at("id") == id) return &item;
  return nullptr;
}

bool costs_the_same(const Json& one, const Json& other) {
  return one.at("price").at("id") == other.at("price").at("id") &&
         one.value("quantity", Json()) == other.value("quantity", Json());
}

}  // namespace

std::int64_t period_seconds(const Json& recurring) {
  const auto interval = text_of(recurring, "interval", "month");
  const std::int64_t days = interval == "day"    ? 1
                            : interval == "week" ? 7
                            : interval == "year" ? 365
                                                 : 30;
  return days * 86'400 * recurring.value("interval_count", std::int64_t{1});
}

std::int64_t amount_of(const Json& price, const Json& quantity) {
  if (!quantity.is_number()) return 0;
  const auto count = quantity.get<std::int64_t>();
  if (price.at("unit_amount").is_number())
    return price.at("unit_amount").get<std::int64_t>() * count;
  const auto decimal = text_of(price, "unit_amount_decimal");
  if (decimal.empty()) return 0;
  return std::llround(std::stod(decimal) * static_cast<double>(count));
}

void set_item_price(Json& item, const Json& price) {
  item["price"] = price;
  item["plan"] = plan_of(price);
}

void set_item_period(Json& item, std::int64_t start, std::int64_t end) {
  SEQUENT_ASSERT(end > start);
  item["current_period_start"] = start;
  item["current_period_end"] = end;
}

Json new_item(Scene& scene, const Json& price, const Json& quantity) {
  Json item{{"id", scene.world.make_id("si_", 14)},
            {"object", "subscription_item"},
            {"billed_until", nullptr},
            {"billing_thresholds", nullptr},
            {"created", scene.seconds()},
            {"discounts", Json::array()},
            {"metadata", Json::object()},
            {"subscription", nullptr},
            {"tax_rates", Json::array()}};
  set_item_price(item, price);
  if (!is_metered(price)) item["quantity"] = quantity.is_number() ? quantity : Json(1);
  set_item_period(item, scene.seconds(), scene.seconds() + period_seconds(price.at("recurring")));
  return item;
}

Answer<Json> make_item(Scene& scene, const Json& params, const std::string& within,
                       const Json* former) {
  const auto name = [&](const char* member) {
    return within.empty() ? std::string(member) : within + "[" + member + "]";
  };
  const bool names_price =
      params.contains("price") || params.contains("price_data") || params.contains("plan");
  if (former == nullptr && !names_price)
    return bad_parameter("parameter_missing", name("price"),
                         "Missing required param: " + name("price") + ".");
  const Json quantity = params.value("quantity", Json());
  Json item = former == nullptr ? Json() : *former;
  if (names_price) {
    const auto price = price_of_item(scene, params, within);
    if (!price) return std::unexpected(price.error());
    if (former == nullptr) item = new_item(scene, **price, quantity);
    set_item_price(item, **price);
  }
  if (is_metered(item.at("price"))) {
    if (quantity.is_number())
      return refused("", name("quantity"), "Quantity cannot be given for a metered price.");
    item.erase("quantity");
  } else {
    if (quantity.is_number()) item["quantity"] = quantity;
    if (!item.contains("quantity")) item["quantity"] = 1;
  }
  merge_metadata(item, params);
  return item;
}

Answer<void> check_items(const Scene& scene, const Json& items, bool flexible) {
  if (items.empty())
    return refused("", "items",
                   "A subscription must have at least one active item. To end it, cancel it.");
  if (items.size() > most_items)
    return refused("", "items",
                   "At most 20 items are supported, got " + std::to_string(items.size()) + ".");
  std::set<std::string> prices;
  const Json& first = items.at(0).at("price");
  const bool mixed = flexible || !before(scene.cause.version, "2025-09-30");
  for (const auto& item : items) {
    const Json& price = item.at("price");
    const auto id = text_of(price, "id");
    if (price.at("currency") != first.at("currency"))
      return refused("", "items",
                     "The price `" + id + "` only supports `" + text_of(price, "currency") +
                         "`. This doesn't match the expected currency: `" +
                         text_of(first, "currency") + "`.");
    if (!mixed && !same_interval(price, first))
      return refused("", "items",
                     "Currently, all prices on a subscription must have the same "
                     "`recurring.interval` and `recurring.interval_count`. (`" +
                         id + "` differs.)");
    if (!prices.insert(id).second)
      return refused("", "items",
                     "Cannot add multiple subscription items with the same plan: " + id);
  }
  return {};
}

Json line_of_item(Scene& scene, const Json& subscription, const Json& item) {
  const Json& price = item.at("price");
  const Json quantity = item.value("quantity", Json());
  const bool trial = text_of(subscription, "status") == "trialing";
  const auto name = product_name(scene, price).get<std::string>();
  return invoice_line(scene, {.price = price,
                              .quantity = quantity,
                              .amount = trial ? 0 : amount_of(price, quantity),
                              .description = trial ? "Trial period for " + name : name,
                              .start = item.at("current_period_start").get<std::int64_t>(),
                              .end = item.at("current_period_end").get<std::int64_t>(),
                              .subscription = subscription.at("id"),
                              .item = item.at("id")});
}

std::int64_t total_of_lines(const Json& lines) {
  std::int64_t total = 0;
  for (const auto& line : lines) total += line.at("amount").get<std::int64_t>();
  return total;
}

Json proration_lines(Scene& scene, const Json& subscription, const Json& former, const Json& items,
                     std::int64_t at) {
  Json lines = Json::array();
  for (const auto& old : former) {
    const Json* now = item_with_id(items, old.at("id"));
    if (now == nullptr || !costs_the_same(old, *now))
      lines.push_back(proration_line(scene, subscription, old, at, true));
  }
  for (const auto& item : items) {
    const Json* old = item_with_id(former, item.at("id"));
    if (old != nullptr && costs_the_same(*old, item)) continue;
    // An item whose period begins with the change is billed for all of it.
    const bool whole = item.at("current_period_start") >= at;
    lines.push_back(whole ? line_of_item(scene, subscription, item)
                          : proration_line(scene, subscription, item, at, false));
  }
  return lines;
}

}  // namespace sequent::sandbox::stripe
