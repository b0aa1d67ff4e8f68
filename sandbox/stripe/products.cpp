#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

const Json& blank_product() {
  static const Json blank = Json::parse(R"({
    "object": "product", "active": true, "default_price": null, "description": null, "images": [],
    "livemode": false, "marketing_features": [], "metadata": {}, "package_dimensions": null,
    "shippable": null, "statement_descriptor": null, "tax_code": null, "type": "service",
    "unit_label": null, "url": null})");
  return blank;
}

Answer<void> check_default_price(const Call& call) {
  if (!call.params.contains("default_price")) return {};
  const auto id = text_of(call.params, "default_price");
  if (id.empty())
    return bad_parameter("parameter_invalid_empty", "default_price",
                         "You passed an empty string for 'default_price': another price can take "
                         "its place, but it cannot be unset.");
  const Json* price = call.scene.account.find("price", id);
  if (price == nullptr) return no_such("price", id, "default_price");
  if (text_of(*price, "product") != call.id)
    return refused("", "default_price",
                   "The price `" + id + "` belongs to the product `" + text_of(*price, "product") +
                       "`, not to `" + call.id + "`.");
  if (!price->at("active").get<bool>())
    return refused("", "default_price",
                   "The price specified is inactive. This field only accepts active prices.");
  return {};
}

}  // namespace

Json& add_product(Scene& scene, const Json& params) {
  Json product = blank_product();
  const auto id = text_of(params, "id");
  product["id"] = id.empty() ? scene.world.make_id("prod_", 14) : id;
  product["created"] = scene.seconds();
  product["updated"] = scene.seconds();
  for (const auto& [name, value] : params.items())
    if (name != "metadata" && name != "expand" && name != "default_price_data" && !value.is_null())
      product[name] = value;
  merge_metadata(product, params);
  return scene.account.add(std::move(product));
}

Answer<Json> create_product(const Call& call) {
  const auto id = text_of(call.params, "id");
  if (!id.empty() && call.scene.account.find("product", id) != nullptr)
    return refused("resource_already_exists", "id", "Product already exists: " + id);
  Json& product = add_product(call.scene, call.params);
  if (call.params.contains("default_price_data")) {
    Json price_params = call.params.at("default_price_data");
    price_params["product"] = product.at("id");
    const auto price = add_price(call.scene, price_params, "default_price_data");
    if (!price) {
      call.scene.account.remove("product", text_of(product, "id"));
      return std::unexpected(price.error());
    }
    product["default_price"] = (*price)->at("id");
  }
  emit(call.scene, "product.created", product);
  return product;
}

Answer<Json> update_product(const Call& call) {
  Json* product = call.scene.account.find("product", call.id);
  if (product == nullptr) return no_such("product", call.id);
  const auto price = check_default_price(call);
  if (!price) return std::unexpected(price.error());
  Json previous = change_members(
      *product, call.params,
      {"active", "default_price", "description", "images", "marketing_features", "name",
       "package_dimensions", "url", "unit_label", "shippable", "statement_descriptor", "tax_code"});
  if (previous.empty()) return *product;
  previous["updated"] = product->at("updated");
  (*product)["updated"] = call.scene.seconds();
  emit(call.scene, "product.updated", *product, previous);
  return *product;
}

Answer<Json> delete_product(const Call& call) {
  const Json* product = call.scene.account.find("product", call.id);
  if (product == nullptr) return no_such("product", call.id);
  for (const auto& entry : call.scene.account.kinds["price"].by_id)
    if (entry.second.at("product") == call.id)
      return refused("", "",
                     "This product cannot be deleted because it has one or more user-created "
                     "prices.");
  emit(call.scene, "product.deleted", *product);
  call.scene.account.remove("product", call.id);
  return Json{{"id", call.id}, {"object", "product"}, {"deleted", true}};
}

}  // namespace sequent::sandbox::stripe
