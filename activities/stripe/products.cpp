#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

namespace {

Json writable_product() {
  Json properties = literal(R"json({
    "active": {"type": "boolean"},
    "description": {"type": ["string", "null"], "maxLength": 40000},
    "images": {"type": ["array", "null"], "maxItems": 8, "items": {"type": "string"}},
    "marketing_features": {"type": ["array", "null"], "maxItems": 15, "items": {
      "type": "object", "required": ["name"], "additionalProperties": false,
      "properties": {"name": {"type": "string"}}}},
    "package_dimensions": {"type": ["object", "null"]},
    "shippable": {"type": "boolean"},
    "statement_descriptor": {"type": "string", "maxLength": 22},
    "tax_code": {"type": ["string", "null"]},
    "unit_label": {"type": ["string", "null"], "maxLength": 12},
    "url": {"type": ["string", "null"]}
  })json");
  properties["metadata"] = metadata_schema();
  return properties;
}

Json product() {
  return object_schema("product", literal(R"json({
    "name": {"type": "string"},
    "description": {"type": ["string", "null"]},
    "active": {"type": "boolean"},
    "default_price": {"type": ["string", "object", "null"]},
    "metadata": {"type": "object"},
    "deleted": {"type": "boolean"}
  })json"));
}

Json product_id() {
  return literal(R"({"product": {"type": "string", "minLength": 1}})");
}

// A chosen id is found by that id; products can't be deleted once they have a price, only archived.
std::vector<Search> product_searches(const Json& input, const runtime::Attempt& attempt) {
  const std::string id = text_of(input, "id");
  if (id.empty()) return {Search{created_since(attempt), true}};
  Json filter = Json::object();
  filter["ids"] = Json::array({id});
  return {Search{std::move(filter), true}};
}

Operation create_product() {
  Json properties = writable_product();
  properties.update(literal(R"json({
    "name": {"type": "string", "minLength": 1},
    "id": {"type": "string", "minLength": 1,
           "description": "chosen by the caller; unique in the account"},
    "type": {"enum": ["good", "service"]},
    "default_price_data": {
      "type": "object", "required": ["currency"], "additionalProperties": false,
      "properties": {
        "currency": {"type": "string", "minLength": 3, "maxLength": 3},
        "unit_amount": {"type": "integer", "minimum": 0, "description": "minor units"},
        "unit_amount_decimal": {"type": "string"},
        "custom_unit_amount": {"type": "object", "required": ["enabled"]},
        "currency_options": {"type": "object"},
        "recurring": {"type": "object", "required": ["interval"], "additionalProperties": false,
                      "properties": {"interval": {"enum": ["day", "week", "month", "year"]},
                                     "interval_count": {"type": "integer", "minimum": 1}}},
        "tax_behavior": {"enum": ["exclusive", "inclusive", "unspecified"]}
      }
    }
  })json"));
  Operation operation = write_operation("stripe.products.create", "POST", "/v1/products",
                                        "Makes a product, with a first price if one is described.",
                                        input_schema(properties, {"name"}), product());
  operation.searches = product_searches;
  operation.already = Already::ours;
  operation.taken = {"resource_already_exists"};
  return operation;
}

Operation update_product() {
  Json properties = writable_product();
  properties.update(product_id());
  properties.update(literal(R"json({
    "name": {"type": "string", "minLength": 1},
    "default_price": {"type": "string"}
  })json"));
  Operation operation = write_operation("stripe.products.update", "POST", "/v1/products/{product}",
                                        "Sets members of a product; active: false archives it.",
                                        input_schema(properties, {"product"}), product());
  operation.spec.idempotent = true;  // absolute values
  return operation;
}

}  // namespace

/// POST and GET /v1/products, POST, GET and DELETE /v1/products/{product}.
/// source  docs.stripe.com/api/products
Operations products() {
  Operations operations;
  operations.push_back(create_product());
  operations.push_back(read_operation("stripe.products.retrieve", "/v1/products/{product}",
                                      "Reads a product.", input_schema(product_id(), {"product"}),
                                      product()));
  operations.push_back(update_product());
  operations.push_back(delete_operation(
      "stripe.products.delete", "/v1/products/{product}",
      "Deletes a product without prices (others are archived); gone already is a success.",
      input_schema(product_id(), {"product"}), product()));
  Json filter = list_properties(literal(R"json({
    "active": {"type": "boolean"},
    "ids": {"type": "array", "items": {"type": "string"}},
    "shippable": {"type": "boolean"},
    "url": {"type": "string"}
  })json"));
  operations.push_back(read_operation("stripe.products.list", "/v1/products",
                                      "Lists products, newest first.", input_schema(filter, {}),
                                      list_schema("product")));
  return operations;
}

}  // namespace sequent::activities::stripe
