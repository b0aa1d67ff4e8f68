// Products and prices: their parameters and routes.
#include "sandbox/stripe/routes.hpp"

namespace sequent::sandbox::stripe {
namespace {

Params recurring_members() {
  return {required(one_of("interval", {"day", "week", "month", "year"})),
          integer("interval_count", 1, 1095), text("meter"),
          one_of("usage_type", {"licensed", "metered"}), integer("trial_period_days")};
}

Params product_params() {
  return {text("name"),
          boolean("active"),
          text("description", 40000),
          texts("images", 8),
          anything("marketing_features"),
          metadata(),
          anything("package_dimensions"),
          boolean("shippable"),
          text("statement_descriptor", 22),
          text("tax_code"),
          text("unit_label", 12),
          text("url"),
          texts("expand")};
}

Params product_update_params() {
  return joined(product_params(), {text("default_price")});
}

Params product_create_params() {
  auto params = product_params();
  params.front() = required(params.front());
  return joined(std::move(params),
                {text("id"), one_of("type", {"good", "service"}),
                 group("default_price_data",
                       joined(amount_params(), {metadata(), anything("custom_unit_amount")}))});
}

Params price_create_params() {
  return joined(amount_params(),
                {boolean("active"), one_of("billing_scheme", {"per_unit", "tiered"}),
                 anything("currency_options"), anything("custom_unit_amount"), texts("expand"),
                 text("lookup_key", 200), metadata(), text("nickname"), text("product"),
                 group("product_data", product_data_members()), anything("tiers"),
                 one_of("tiers_mode", {"graduated", "volume"}), boolean("transfer_lookup_key"),
                 anything("transform_quantity")});
}

}  // namespace

Params amount_params() {
  return {required(text("currency", 3)), integer("unit_amount", 0, 999'999'999'999),
          decimal("unit_amount_decimal"), group("recurring", recurring_members()),
          one_of("tax_behavior", {"exclusive", "inclusive", "unspecified"})};
}

Params product_data_members() {
  return {required(text("name")),
          text("description"),
          texts("images", 8),
          metadata(),
          text("tax_code"),
          text("unit_label", 12),
          text("id"),
          boolean("active"),
          text("statement_descriptor", 22)};
}

void add_catalog_routes(std::vector<Route>& routes) {
  routes.push_back({"POST", "/v1/products", product_create_params(), create_product});
  routes.push_back({"GET", "/v1/products",
                    list_params({boolean("active"), texts("ids"), boolean("shippable"), text("url"),
                                 one_of("type", {"good", "service"})}),
                    list_all("product", "/v1/products")});
  routes.push_back({"GET", "/v1/products/{id}", {texts("expand")}, read("product")});
  routes.push_back({"POST", "/v1/products/{id}", product_update_params(), update_product});
  routes.push_back({"DELETE", "/v1/products/{id}", {}, delete_product});
  routes.push_back({"POST", "/v1/prices", price_create_params(), create_price});
  routes.push_back(
      {"GET", "/v1/prices",
       list_params(
           {boolean("active"), text("currency", 3), texts("lookup_keys", 10),
            group("recurring", {one_of("interval", {"day", "week", "month", "year"}), text("meter"),
                                one_of("usage_type", {"licensed", "metered"})}),
            text("product"), one_of("type", {"one_time", "recurring"})}),
       list_all("price", "/v1/prices")});
  routes.push_back({"GET", "/v1/prices/{id}", {texts("expand")}, read("price")});
  routes.push_back(
      {"POST",
       "/v1/prices/{id}",
       {boolean("active"), anything("currency_options"), texts("expand"), text("lookup_key", 200),
        metadata(), text("nickname"), boolean("transfer_lookup_key"),
        one_of("tax_behavior", {"exclusive", "inclusive", "unspecified"})},
       update_price});
}

}  // namespace sequent::sandbox::stripe
