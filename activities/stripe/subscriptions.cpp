#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

namespace {

Json writable_subscription() {
  Json properties = literal(R"json({
    "add_invoice_items": {"type": "array", "maxItems": 20, "items": {"type": "object"}},
    "application_fee_percent": {"type": ["number", "null"], "minimum": 0, "maximum": 100},
    "automatic_tax": {"type": "object", "required": ["enabled"]},
    "cancel_at": {"type": ["integer", "string", "null"], "description": "seconds since 1970"},
    "cancel_at_period_end": {"type": "boolean"},
    "collection_method": {"enum": ["charge_automatically", "send_invoice"]},
    "days_until_due": {"type": "integer", "minimum": 0},
    "default_payment_method": {"type": "string"},
    "default_tax_rates": {"type": ["array", "null"], "items": {"type": "string"}},
    "description": {"type": ["string", "null"], "maxLength": 500},
    "discounts": {"type": ["array", "null"], "items": {"type": "object"}},
    "invoice_settings": {"type": "object"},
    "off_session": {"type": "boolean"},
    "on_behalf_of": {"type": ["string", "null"]},
    "payment_behavior": {"enum": ["allow_incomplete", "default_incomplete", "error_if_incomplete",
                                  "pending_if_incomplete"]},
    "payment_settings": {"type": "object"},
    "proration_behavior": {"enum": ["always_invoice", "create_prorations", "none"]},
    "transfer_data": {"type": ["object", "null"], "required": ["destination"]},
    "trial_end": {"type": ["integer", "string"], "description": "seconds since 1970, or now"},
    "trial_from_plan": {"type": "boolean"},
    "trial_settings": {"type": "object", "required": ["end_behavior"]}
  })json");
  properties["metadata"] = metadata_schema();
  return properties;
}

Json item_members() {
  return literal(R"json({
    "price": {"type": "string"},
    "price_data": {"type": "object", "required": ["currency", "product", "recurring"]},
    "quantity": {"type": "integer", "minimum": 0},
    "metadata": {"type": "object"},
    "discounts": {"type": "array", "items": {"type": "object"}},
    "tax_rates": {"type": "array", "items": {"type": "string"}},
    "billing_thresholds": {"type": "object"}
  })json");
}

Json items(Json members, Json rule) {
  Json item = std::move(rule);
  item["type"] = "object";
  item["additionalProperties"] = false;
  item["properties"] = std::move(members);
  Json schema = literal(R"({"type": "array", "minItems": 1, "maxItems": 20})");
  schema["items"] = std::move(item);
  return schema;
}

Json subscription() {
  return object_schema("subscription", literal(R"json({
    "status": {"type": "string", "description": "incomplete, incomplete_expired, trialing, active, past_due, unpaid, paused or canceled; others may come"},
    "customer": {"type": ["string", "object"]},
    "items": {"type": "object"},
    "current_period_start": {"type": "integer"},
    "current_period_end": {"type": "integer"},
    "cancel_at": {"type": ["integer", "null"]},
    "cancel_at_period_end": {"type": "boolean"},
    "canceled_at": {"type": ["integer", "null"]},
    "ended_at": {"type": ["integer", "null"]},
    "latest_invoice": {"type": ["string", "object", "null"]},
    "metadata": {"type": "object"}
  })json"));
}

Json subscription_id() {
  return literal(R"({"subscription": {"type": "string", "pattern": "^sub_"}})");
}

// All of one customer's, ended ones too, whatever their prices are by now.
std::vector<Search> subscription_searches(const Json& input, const runtime::Attempt& attempt) {
  Json filter = created_since(attempt);
  filter["status"] = "all";
  filter["customer"] = text_of(input, "customer");
  return {Search{std::move(filter), true}};
}

Operation create_subscription() {
  Json properties = writable_subscription();
  properties.update(literal(R"json({
    "customer": {"type": "string", "minLength": 1},
    "backdate_start_date": {"type": "integer"},
    "billing_cycle_anchor": {"type": "integer", "description": "seconds since 1970"},
    "billing_cycle_anchor_config": {"type": "object", "required": ["day_of_month"]},
    "currency": {"type": "string", "minLength": 3, "maxLength": 3},
    "default_source": {"type": "string"},
    "trial_period_days": {"type": "integer", "minimum": 1}
  })json"));
  properties["items"] =
      items(item_members(),
            literal(R"({"anyOf": [{"required": ["price"]}, {"required": ["price_data"]}]})"));
  Operation operation = write_operation(
      "stripe.subscriptions.create", "POST", "/v1/subscriptions",
      "Subscribes a customer; without a payment method it is made with status incomplete.",
      input_schema(properties, {"customer", "items"}), subscription());
  operation.searches = subscription_searches;
  operation.spec.charges = true;
  return operation;
}

Operation update_subscription() {
  Json properties = writable_subscription();
  properties.update(subscription_id());
  properties.update(literal(R"json({
    "billing_cycle_anchor": {"enum": ["now", "unchanged"]},
    "cancellation_details": {"type": "object", "additionalProperties": false, "properties": {
      "comment": {"type": ["string", "null"]}, "feedback": {"type": ["string", "null"]}}},
    "default_source": {"type": ["string", "null"]},
    "pause_collection": {"type": ["object", "null"], "required": ["behavior"],
                         "description": "does not change the status"},
    "proration_date": {"type": "integer"}
  })json"));
  Json members = item_members();
  members.update(literal(R"json({
    "id": {"type": "string", "description": "the item to change; without it one is added"},
    "deleted": {"type": "boolean"},
    "clear_usage": {"type": "boolean"}
  })json"));
  properties["items"] = items(
      std::move(members),
      literal(
          R"({"anyOf": [{"required": ["id"]}, {"required": ["price"]}, {"required": ["price_data"]}]})"));
  Operation operation =
      write_operation("stripe.subscriptions.update", "POST", "/v1/subscriptions/{subscription}",
                      "Changes a subscription: its items, its end, its payment.",
                      input_schema(properties, {"subscription"}), subscription());
  // An item without an id is one more item, so that repeating is not harmless.
  operation.told_by = {"customer.subscription.updated"};
  return operation;
}

Operation cancel_subscription() {
  Json properties = subscription_id();
  properties.update(literal(R"json({
    "invoice_now": {"type": "boolean"},
    "prorate": {"type": "boolean"},
    "cancellation_details": {"type": "object", "additionalProperties": false, "properties": {
      "comment": {"type": "string"},
      "feedback": {"enum": ["customer_service", "low_quality", "missing_features", "other",
                            "switched_service", "too_complex", "too_expensive", "unused"]}}}
  })json"));
  Operation operation =
      write_operation("stripe.subscriptions.cancel", "DELETE", "/v1/subscriptions/{subscription}",
                      "Ends a subscription at once; ended already is a success.",
                      input_schema(properties, {"subscription"}), subscription());
  operation.spec.key_retention_ms = 0;
  operation.spec.idempotent = true;
  operation.already = Already::reached;
  operation.goals = {"canceled", "incomplete_expired"};
  return operation;
}

}  // namespace

/// POST and GET /v1/subscriptions, POST, GET and DELETE /v1/subscriptions/{subscription}. The
/// period's ends stand on the subscription and on each item in all versions, see versions.hpp.
/// source  docs.stripe.com/api/subscriptions
Operations subscriptions() {
  Operations operations;
  operations.push_back(create_subscription());
  operations.push_back(read_operation(
      "stripe.subscriptions.retrieve", "/v1/subscriptions/{subscription}", "Reads a subscription.",
      input_schema(subscription_id(), {"subscription"}), subscription()));
  operations.push_back(update_subscription());
  operations.push_back(cancel_subscription());
  Json filter = list_properties(literal(R"json({
    "customer": {"type": "string"},
    "price": {"type": "string"},
    "status": {"enum": ["active", "all", "canceled", "ended", "incomplete", "incomplete_expired",
                        "past_due", "paused", "trialing", "unpaid"],
               "description": "absent: all but canceled ones"},
    "collection_method": {"enum": ["charge_automatically", "send_invoice"]},
    "current_period_start": {"type": ["integer", "object"]},
    "current_period_end": {"type": ["integer", "object"]},
    "test_clock": {"type": "string"}
  })json"));
  operations.push_back(read_operation("stripe.subscriptions.list", "/v1/subscriptions",
                                      "Lists subscriptions, newest first.",
                                      input_schema(filter, {}), list_schema("subscription")));
  return operations;
}

}  // namespace sequent::activities::stripe
