#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

namespace {

Json writable_item() {
  Json properties = literal(R"json({
    "price": {"type": "string"},
    "price_data": {"type": "object", "required": ["currency", "product", "recurring"]},
    "quantity": {"type": "integer", "minimum": 0},
    "discounts": {"type": ["array", "null"], "items": {"type": "object"}},
    "tax_rates": {"type": ["array", "null"], "items": {"type": "string"}},
    "billing_thresholds": {"type": ["object", "null"], "required": ["usage_gte"]},
    "payment_behavior": {"enum": ["allow_incomplete", "default_incomplete", "error_if_incomplete",
                                  "pending_if_incomplete"]},
    "proration_behavior": {"enum": ["always_invoice", "create_prorations", "none"]},
    "proration_date": {"type": "integer"}
  })json");
  properties["metadata"] = metadata_schema();
  return properties;
}

Json item() {
  return object_schema("subscription_item", literal(R"json({
    "subscription": {"type": "string"},
    "price": {"type": "object"},
    "quantity": {"type": "integer", "description": "absent where the price is metered"},
    "current_period_start": {"type": "integer"},
    "current_period_end": {"type": "integer"},
    "metadata": {"type": "object"},
    "deleted": {"type": "boolean"}
  })json"));
}

Json item_id() {
  return literal(R"({"subscription_item": {"type": "string", "pattern": "^si_"}})");
}

std::vector<Search> item_searches(const Json& input, const runtime::Attempt&) {
  Json filter = Json::object();
  filter["subscription"] = text_of(input, "subscription");
  return {Search{std::move(filter), true}};
}

Operation create_item() {
  Json properties = writable_item();
  properties["subscription"] = literal(R"({"type": "string", "pattern": "^sub_"})");
  Json schema = input_schema(properties, {"subscription"});
  schema["oneOf"] = literal(R"([{"required": ["price"]}, {"required": ["price_data"]}])");
  Operation operation =
      write_operation("stripe.subscription_items.create", "POST", "/v1/subscription_items",
                      "Adds an item to a subscription.", schema, item());
  operation.searches = item_searches;
  operation.spec.charges = true;
  return operation;
}

Operation update_item() {
  Json properties = writable_item();
  properties.update(item_id());
  properties["off_session"] = literal(R"({"type": "boolean"})");
  Operation operation = write_operation("stripe.subscription_items.update", "POST",
                                        "/v1/subscription_items/{subscription_item}",
                                        "Sets the price or the quantity of an item.",
                                        input_schema(properties, {"subscription_item"}), item());
  // Absolute, but priced at the moment of the change: a day later it is another change.
  operation.told_by = {"customer.subscription.updated"};
  return operation;
}

Operation remove_item() {
  Json properties = item_id();
  properties.update(literal(R"json({
    "clear_usage": {"type": "boolean"},
    "proration_behavior": {"enum": ["always_invoice", "create_prorations", "none"]},
    "proration_date": {"type": "integer"}
  })json"));
  return delete_operation("stripe.subscription_items.delete",
                          "/v1/subscription_items/{subscription_item}",
                          "Takes an item off its subscription; gone already is a success.",
                          input_schema(properties, {"subscription_item"}), item());
}

}  // namespace

/// POST and GET /v1/subscription_items, POST, GET and DELETE
/// /v1/subscription_items/{subscription_item}.
/// source  docs.stripe.com/api/subscription_items
Operations subscription_items() {
  Operations operations;
  operations.push_back(create_item());
  operations.push_back(read_operation(
      "stripe.subscription_items.retrieve", "/v1/subscription_items/{subscription_item}",
      "Reads an item.", input_schema(item_id(), {"subscription_item"}), item()));
  operations.push_back(update_item());
  operations.push_back(remove_item());
  Json filter = page_properties(literal(R"({"subscription": {"type": "string"}})"));
  operations.push_back(read_operation("stripe.subscription_items.list", "/v1/subscription_items",
                                      "Lists the items of a subscription.",
                                      input_schema(filter, {"subscription"}),
                                      list_schema("subscription_item")));
  return operations;
}

}  // namespace sequent::activities::stripe
