#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

namespace {

Json price() {
  return object_schema("price", literal(R"json({
    "currency": {"type": "string"},
    "unit_amount": {"type": ["integer", "null"]},
    "unit_amount_decimal": {"type": ["string", "null"]},
    "product": {"type": ["string", "object"]},
    "recurring": {"type": ["object", "null"]},
    "lookup_key": {"type": ["string", "null"]},
    "nickname": {"type": ["string", "null"]},
    "type": {"type": "string"},
    "active": {"type": "boolean"},
    "metadata": {"type": "object"}
  })json"));
}

Json price_id() {
  return literal(R"({"price": {"type": "string", "minLength": 1}})");
}

// By the lookup key first, which at most one price has; it may have moved on since.
std::vector<Search> price_searches(const Json& input, const runtime::Attempt& attempt) {
  std::vector<Search> searches;
  const std::string key = text_of(input, "lookup_key");
  if (!key.empty()) {
    Json by_key = Json::object();
    by_key["lookup_keys"] = Json::array({key});
    searches.push_back(Search{std::move(by_key), false});
  }
  Json filter = created_since(attempt);
  const std::string product = text_of(input, "product");
  if (!product.empty()) filter["product"] = product;
  searches.push_back(Search{std::move(filter), true});
  return searches;
}

Json price_input() {
  Json properties = literal(R"json({
    "currency": {"type": "string", "minLength": 3, "maxLength": 3},
    "unit_amount": {"type": "integer", "minimum": 0, "description": "minor units"},
    "unit_amount_decimal": {"type": "string", "pattern": "^[0-9]+([.][0-9]{1,12})?$"},
    "custom_unit_amount": {"type": "object", "required": ["enabled"]},
    "product": {"type": "string", "minLength": 1},
    "product_data": {
      "type": "object", "required": ["name"], "additionalProperties": false,
      "properties": {
        "id": {"type": "string"}, "name": {"type": "string"}, "active": {"type": "boolean"},
        "metadata": {"type": "object"}, "statement_descriptor": {"type": "string", "maxLength": 22},
        "tax_code": {"type": "string"}, "unit_label": {"type": "string", "maxLength": 12}
      }
    },
    "recurring": {
      "type": "object", "required": ["interval"], "additionalProperties": false,
      "properties": {
        "interval": {"enum": ["day", "week", "month", "year"]},
        "interval_count": {"type": "integer", "minimum": 1},
        "usage_type": {"enum": ["licensed", "metered"]},
        "meter": {"type": "string", "description": "needed where usage_type is metered"},
        "trial_period_days": {"type": "integer", "minimum": 1}
      }
    },
    "billing_scheme": {"enum": ["per_unit", "tiered"]},
    "tiers": {"type": "array", "items": {"type": "object", "required": ["up_to"]}},
    "tiers_mode": {"enum": ["graduated", "volume"]},
    "transform_quantity": {"type": "object", "required": ["divide_by", "round"]},
    "currency_options": {"type": "object"},
    "tax_behavior": {"enum": ["exclusive", "inclusive", "unspecified"]},
    "lookup_key": {"type": "string", "minLength": 1, "maxLength": 200,
                   "description": "unique in the account"},
    "transfer_lookup_key": {"type": "boolean", "description": "take the key from another price"},
    "nickname": {"type": "string"},
    "active": {"type": "boolean"}
  })json");
  properties["metadata"] = metadata_schema();
  Json schema = input_schema(properties, {"currency"});
  schema["allOf"] = literal(R"json([
    {"oneOf": [{"required": ["product"]}, {"required": ["product_data"]}]},
    {"oneOf": [{"required": ["unit_amount"]}, {"required": ["unit_amount_decimal"]},
               {"required": ["custom_unit_amount"]}, {"required": ["tiers"]}]}
  ])json");
  return schema;
}

}  // namespace

/// POST and GET /v1/prices, POST and GET /v1/prices/{price}. Amount, currency and interval of a price
/// never change, and none is ever deleted: active: false retires it.
/// source  docs.stripe.com/api/prices
Operations prices() {
  Operations operations;
  Operation create = write_operation("stripe.prices.create", "POST", "/v1/prices",
                                     "Makes a price of a product.", price_input(), price());
  create.searches = price_searches;
  create.already = Already::ours;
  create.taken = {"lookup_key", "resource_already_exists"};
  operations.push_back(std::move(create));
  operations.push_back(read_operation("stripe.prices.retrieve", "/v1/prices/{price}",
                                      "Reads a price.", input_schema(price_id(), {"price"}),
                                      price()));
  Json change = price_id();
  change.update(literal(R"json({
    "active": {"type": "boolean"},
    "nickname": {"type": "string"},
    "lookup_key": {"type": "string", "maxLength": 200},
    "transfer_lookup_key": {"type": "boolean"},
    "tax_behavior": {"enum": ["exclusive", "inclusive", "unspecified"]}
  })json"));
  change["metadata"] = metadata_schema();
  Operation update = write_operation("stripe.prices.update", "POST", "/v1/prices/{price}",
                                     "Sets members of a price; active: false retires it.",
                                     input_schema(change, {"price"}), price());
  update.spec.idempotent = true;  // absolute values
  operations.push_back(std::move(update));
  Json filter = list_properties(literal(R"json({
    "active": {"type": "boolean"},
    "currency": {"type": "string"},
    "lookup_keys": {"type": "array", "maxItems": 10, "items": {"type": "string"}},
    "product": {"type": "string"},
    "recurring": {"type": "object"},
    "type": {"enum": ["one_time", "recurring"]}
  })json"));
  operations.push_back(read_operation("stripe.prices.list", "/v1/prices",
                                      "Lists prices, newest first.", input_schema(filter, {}),
                                      list_schema("price")));
  return operations;
}

}  // namespace sequent::activities::stripe
