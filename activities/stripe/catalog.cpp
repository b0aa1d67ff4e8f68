#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

/// GET /v1/prices/{price}. Amount, currency and interval of a price never change.
/// source  docs.stripe.com/api/prices
Operations prices() {
  Operations operations;
  operations.push_back(read_operation(
      "stripe.prices.retrieve", "/v1/prices/{price}", "Reads a price.",
      input_schema(literal(R"({"price": {"type": "string", "minLength": 1}})"), {"price"}),
      object_schema("price", literal(R"json({
        "currency": {"type": "string"},
        "unit_amount": {"type": ["integer", "null"]},
        "type": {"type": "string"},
        "active": {"type": "boolean"}
      })json"))));
  return operations;
}

/// GET /v1/products/{product}.
/// source  docs.stripe.com/api/products
Operations products() {
  Operations operations;
  operations.push_back(read_operation(
      "stripe.products.retrieve", "/v1/products/{product}", "Reads a product.",
      input_schema(literal(R"({"product": {"type": "string", "minLength": 1}})"), {"product"}),
      object_schema("product", literal(R"json({
        "name": {"type": "string"},
        "active": {"type": "boolean"},
        "metadata": {"type": "object"}
      })json"))));
  return operations;
}

}  // namespace sequent::activities::stripe
