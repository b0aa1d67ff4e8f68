#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"
#include "activities/stripe/versions.hpp"

namespace sequent::activities::stripe {

namespace {

Json session() {
  return object_schema("checkout.session", literal(R"json({
    "status": {"type": ["string", "null"]},
    "payment_status": {"type": "string"},
    "url": {"type": ["string", "null"]},
    "client_secret": {"type": ["string", "null"]},
    "client_reference_id": {"type": ["string", "null"]},
    "metadata": {"type": ["object", "null"]}
  })json"));
}

Json session_id() {
  return literal(R"({"session": {"type": "string", "pattern": "^cs_"}})");
}

Json session_input() {
  Json properties = literal(R"json({
    "mode": {"enum": ["payment", "setup", "subscription"]},
    "ui_mode": {"enum": ["hosted_page", "embedded_page", "elements", "form",
                         "hosted", "embedded", "custom"],
                "description": "in either spelling; sent in that of the configured version"},
    "customer": {"type": ["string", "null"]},
    "customer_email": {"type": ["string", "null"]},
    "customer_creation": {"enum": ["always", "if_required"]},
    "line_items": {
      "type": "array", "minItems": 1, "maxItems": 100,
      "items": {
        "type": "object",
        "additionalProperties": false,
        "anyOf": [{"required": ["price"]}, {"required": ["price_data"]}],
        "properties": {
          "price": {"type": "string"},
          "price_data": {"type": "object", "required": ["currency"]},
          "quantity": {"type": "integer", "minimum": 0},
          "adjustable_quantity": {"type": "object", "required": ["enabled"]},
          "tax_rates": {"type": "array", "items": {"type": "string"}}
        }
      }
    },
    "success_url": {"type": "string"},
    "cancel_url": {"type": "string"},
    "return_url": {"type": "string"},
    "redirect_on_completion": {"enum": ["always", "if_required", "never"]},
    "client_reference_id": {"type": ["string", "null"], "maxLength": 200},
    "expires_at": {"type": "integer", "description": "seconds since 1970, 30 minutes to 24 hours away"},
    "currency": {"type": "string", "minLength": 3, "maxLength": 3},
    "locale": {"type": "string"},
    "allow_promotion_codes": {"type": "boolean"},
    "discounts": {"type": "array", "items": {"type": "object"}},
    "billing_address_collection": {"enum": ["auto", "required"]},
    "shipping_address_collection": {"type": "object", "required": ["allowed_countries"]},
    "phone_number_collection": {"type": "object", "required": ["enabled"]},
    "payment_method_types": {"type": "array", "items": {"type": "string"}},
    "payment_method_collection": {"enum": ["always", "if_required"]},
    "automatic_tax": {"type": "object", "required": ["enabled"]},
    "invoice_creation": {"type": "object", "required": ["enabled"]},
    "payment_intent_data": {"type": "object"},
    "setup_intent_data": {"type": "object"},
    "subscription_data": {"type": "object"},
    "submit_type": {"enum": ["auto", "book", "donate", "pay", "subscribe"]}
  })json");
  properties["metadata"] = metadata_schema();
  Json schema = input_schema(properties, {"mode"});
  schema["allOf"] = literal(R"json([
    {"if": {"properties": {"mode": {"enum": ["payment", "subscription"]}}},
     "then": {"required": ["line_items"]}},
    {"if": {"required": ["ui_mode"],
            "properties": {"ui_mode": {"enum": ["embedded", "embedded_page"]}}},
     "then": {"properties": {"success_url": false, "cancel_url": false},
              "anyOf": [{"required": ["return_url"]},
                        {"required": ["redirect_on_completion"],
                         "properties": {"redirect_on_completion": {"const": "never"}}}]}},
    {"not": {"required": ["customer", "customer_email"],
             "properties": {"customer": {"type": "string"}, "customer_email": {"type": "string"}}}}
  ])json");
  return schema;
}

void spell_ui_mode(Json& parameters, const runtime::Attempt&, const StripeConfig& config) {
  const std::string mode = text_of(parameters, "ui_mode");
  if (!mode.empty()) parameters["ui_mode"] = ui_mode_for(config.api_version, mode);
}

// A session stays in its customer's list for good.
std::vector<Search> session_searches(const Json& input, const runtime::Attempt& attempt) {
  Json filter = created_since(attempt);
  const std::string customer = text_of(input, "customer");
  if (!customer.empty()) filter["customer"] = customer;
  return {Search{std::move(filter), true}};
}

}  // namespace

/// POST and GET /v1/checkout/sessions, GET …/{session}, POST …/{session}/expire. A session that is
/// adopted or replayed may have been paid or have expired meanwhile: look at its status.
/// source  docs.stripe.com/api/checkout/sessions; ui_mode: changelog of 2026-03-25
Operations checkout_sessions() {
  Operations operations;
  Operation create =
      write_operation("stripe.checkout.sessions.create", "POST", "/v1/checkout/sessions",
                      "Opens a payment page.", session_input(), session());
  create.adapt = spell_ui_mode;
  create.searches = session_searches;
  operations.push_back(std::move(create));
  operations.push_back(read_operation(
      "stripe.checkout.sessions.retrieve", "/v1/checkout/sessions/{session}",
      "Reads a session; paid is status complete and payment_status paid or no_payment_required.",
      input_schema(session_id(), {"session"}), session()));
  Operation expire = write_operation(
      "stripe.checkout.sessions.expire", "POST", "/v1/checkout/sessions/{session}/expire",
      "Closes an open session; expired already is a success, paid is refused.",
      input_schema(session_id(), {"session"}), session());
  expire.spec.idempotent = true;
  expire.already = Already::reached;
  expire.goals = {"expired"};
  operations.push_back(std::move(expire));
  Json filter = list_properties(literal(R"json({
    "customer": {"type": "string"},
    "customer_details": {"type": "object", "required": ["email"]},
    "payment_intent": {"type": "string"},
    "payment_link": {"type": "string"},
    "subscription": {"type": "string"},
    "status": {"enum": ["complete", "expired", "open"]}
  })json"));
  operations.push_back(read_operation("stripe.checkout.sessions.list", "/v1/checkout/sessions",
                                      "Lists sessions, newest first.", input_schema(filter, {}),
                                      list_schema("checkout.session")));
  return operations;
}

}  // namespace sequent::activities::stripe
