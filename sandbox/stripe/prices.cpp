#include <algorithm>

#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

const Json& blank_price() {
  static const Json blank = Json::parse(R"({
    "object": "price", "active": true, "billing_scheme": "per_unit", "custom_unit_amount": null,
    "livemode": false, "lookup_key": null, "metadata": {}, "nickname": null, "recurring": null,
    "tax_behavior": "unspecified", "tiers_mode": null, "transform_quantity": null,
    "type": "one_time", "unit_amount": null, "unit_amount_decimal": null})");
  return blank;
}

std::string within_name(const std::string& within, const std::string& name) {
  return within.empty() ? name : within + "[" + name + "]";
}

// "1000" and "1000.0" are whole, "0.5" is not.
std::optional<std::int64_t> whole_amount(const std::string& decimal) {
  const auto dot = decimal.find('.');
  if (dot != std::string::npos && decimal.find_first_not_of('0', dot + 1) != std::string::npos)
    return std::nullopt;
  if (decimal.size() > 15) return std::nullopt;
  return std::stoll(decimal.substr(0, dot));
}

Answer<void> set_amount(Json& price, const Json& params, const std::string& within) {
  const bool amount = params.contains("unit_amount");
  const bool decimal = params.contains("unit_amount_decimal");
  const bool other = params.contains("custom_unit_amount") || params.contains("tiers");
  if (amount + decimal + other != 1)
    return bad_parameter(amount || decimal || other ? "" : "parameter_missing",
                         within_name(within, "unit_amount"),
                         "Expected exactly one of unit_amount, unit_amount_decimal, "
                         "custom_unit_amount and tiers.");
  if (amount) {
    price["unit_amount"] = params.at("unit_amount");
    price["unit_amount_decimal"] = std::to_string(params.at("unit_amount").get<std::int64_t>());
  }
  if (decimal) {
    const auto given = params.at("unit_amount_decimal").get<std::string>();
    if (std::min(given.find('.'), given.size()) > 12)
      return bad_parameter("parameter_invalid_decimal", within_name(within, "unit_amount_decimal"),
                           "This value must have at most 12 digits before its point.");
    price["unit_amount_decimal"] = given;
    if (const auto whole = whole_amount(given)) price["unit_amount"] = *whole;
  }
  return {};
}

Answer<void> set_product(Scene& scene, Json& price, const Json& params, const std::string& within) {
  const bool by_id = params.contains("product");
  const bool by_data = params.contains("product_data");
  if (by_id == by_data)
    return bad_parameter(by_id ? "" : "parameter_missing", within_name(within, "product"),
                         "Expected exactly one of product and product_data.");
  if (by_data) {
    const auto chosen = text_of(params.at("product_data"), "id");
    if (!chosen.empty() && scene.account.find("product", chosen) != nullptr)
      return refused("resource_already_exists", within_name(within, "product_data[id]"),
                     "Product already exists: " + chosen);
    Json& product = add_product(scene, params.at("product_data"));
    emit(scene, "product.created", product);
    price["product"] = product.at("id");
    return {};
  }
  const auto id = text_of(params, "product");
  const Json* product = scene.account.find("product", id);
  if (product == nullptr) return no_such("product", id, within_name(within, "product"));
  price["product"] = id;
  return {};
}

Json* price_with_key(Scene& scene, const Json& params) {
  const auto key = text_of(params, "lookup_key");
  if (key.empty()) return nullptr;
  for (auto& entry : scene.account.kinds["price"].by_id)
    if (text_of(entry.second, "lookup_key") == key) return &entry.second;
  return nullptr;
}

Answer<void> check_lookup_key(Scene& scene, const Json& params) {
  const Json* taken = price_with_key(scene, params);
  if (taken == nullptr || params.value("transfer_lookup_key", false)) return {};
  return refused("", "lookup_key",
                 "A price (`" + text_of(*taken, "id") + "`) already uses that lookup key.");
}

// What held the key until now loses it, and says so.
void free_lookup_key(Scene& scene, const Json& params) {
  Json* holder = price_with_key(scene, params);
  if (holder == nullptr) return;
  const Json previous{{"lookup_key", holder->at("lookup_key")}};
  (*holder)["lookup_key"] = nullptr;
  emit(scene, "price.updated", *holder, previous);
}

// Items carry their price in full, and always as it is now.
void show_in_items(Scene& scene, const Json& price) {
  for (auto& entry : scene.account.kinds["subscription"].by_id)
    for (auto& item : entry.second.at("items").at("data"))
      if (item.at("price").at("id") == price.at("id")) set_item_price(item, price);
}

// The default price of a product has to be replaced before it can be archived.
Answer<void> check_archiving(const Call& call, const Json& price) {
  if (call.params.value("active", Json(true)) != false || price.at("active") == false) return {};
  const Json* product = call.scene.account.find("product", text_of(price, "product"));
  if (product == nullptr || product->at("default_price") != call.id) return {};
  return refused("", "active",
                 "This price cannot be archived because it is the default price of its product.");
}

// What is counted by a meter needs one that counts; what is bought in numbers has none.
Answer<void> check_meter(Scene& scene, const Json& recurring, const std::string& name) {
  const bool metered = text_of(recurring, "usage_type") == "metered";
  const auto id = text_of(recurring, "meter");
  if (id.empty()) {
    if (metered && scene.cause.version >= "2025-03-31")
      return bad_parameter("parameter_missing", name, "A metered price needs recurring[meter].");
    return {};
  }
  if (!metered)
    return bad_parameter("", name, "A meter can be given for recurring[usage_type]=metered only.");
  const Json* meter = scene.account.find("billing.meter", id);
  if (meter == nullptr) return no_such("billing meter", id, name);
  if (meter->at("status") != "active")
    return bad_parameter("", name, "The meter `" + id + "` is not active.");
  return {};
}

}  // namespace

Answer<Json*> add_price(Scene& scene, const Json& params, const std::string& within) {
  Json price = blank_price();
  price["id"] = scene.world.make_id("price_");
  price["created"] = scene.seconds();
  price["currency"] = params.at("currency");
  const auto amount = set_amount(price, params, within);
  if (!amount) return std::unexpected(amount.error());
  for (const char* name :
       {"lookup_key", "nickname", "tax_behavior", "active", "billing_scheme", "tiers_mode"})
    if (params.contains(name) && !params.at(name).is_null()) price[name] = params.at(name);
  if (params.contains("recurring") && params.at("recurring").is_object()) {
    price["type"] = "recurring";
    Json recurring{{"interval_count", 1},
                   {"usage_type", "licensed"},
                   {"meter", nullptr},
                   {"trial_period_days", nullptr}};
    recurring.update(params.at("recurring"));
    const auto meter = check_meter(scene, recurring, within_name(within, "recurring[meter]"));
    if (!meter) return std::unexpected(meter.error());
    price["recurring"] = std::move(recurring);
  }
  const auto key = check_lookup_key(scene, params);
  if (!key) return std::unexpected(key.error());
  const auto product = set_product(scene, price, params, within);
  if (!product) return std::unexpected(product.error());
  free_lookup_key(scene, params);
  merge_metadata(price, params);
  Json& stored = scene.account.add(std::move(price));
  emit(scene, "price.created", stored);
  return &stored;
}

Answer<Json> create_price(const Call& call) {
  const auto price = add_price(call.scene, call.params, "");
  if (!price) return std::unexpected(price.error());
  return **price;
}

Answer<Json> update_price(const Call& call) {
  Json* price = call.scene.account.find("price", call.id);
  if (price == nullptr) return no_such("price", call.id);
  const auto archiving = check_archiving(call, *price);
  if (!archiving) return std::unexpected(archiving.error());
  if (text_of(call.params, "lookup_key") != text_of(*price, "lookup_key")) {
    const auto key = check_lookup_key(call.scene, call.params);
    if (!key) return std::unexpected(key.error());
    free_lookup_key(call.scene, call.params);
  }
  const Json previous =
      change_members(*price, call.params, {"active", "nickname", "lookup_key", "tax_behavior"});
  if (previous.empty()) return *price;
  show_in_items(call.scene, *price);
  emit(call.scene, "price.updated", *price, previous);
  return *price;
}

void seed_catalog(Scene& scene) {
  struct Seed {
    const char* slug;
    const char* name;
    std::int64_t amount;
    const char* interval;  // null: bought once
  };
  constexpr Seed seeds[] = {
      {"mug", "Mug", 1'200, nullptr},
      {"shirt", "Shirt", 2'500, nullptr},
      {"poster", "Poster", 999, nullptr},
      {"website_monthly", "Website, monthly", 2'900, "month"},
      {"website_yearly", "Website, yearly", 29'000, "year"},
  };
  for (const auto& seed : seeds) {
    Json& product = add_product(
        scene, {{"id", std::string("prod_") + seed.slug}, {"name", std::string(seed.name)}});
    Json price = blank_price();
    price["id"] = std::string("price_") + seed.slug;
    price["created"] = scene.seconds();
    price["currency"] = "eur";
    price["product"] = product.at("id");
    price["lookup_key"] = seed.slug;
    price["unit_amount"] = seed.amount;
    price["unit_amount_decimal"] = std::to_string(seed.amount);
    if (seed.interval != nullptr) {
      price["type"] = "recurring";
      price["recurring"] = {{"interval", seed.interval},
                            {"interval_count", 1},
                            {"meter", nullptr},
                            {"usage_type", "licensed"},
                            {"trial_period_days", nullptr}};
    }
    product["default_price"] = price.at("id");
    scene.account.add(std::move(price));
  }
}

}  // namespace sequent::sandbox::stripe
