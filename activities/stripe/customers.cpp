#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

namespace {

Json writable_customer() {
  Json properties = literal(R"json({
    "email": {"type": ["string", "null"], "maxLength": 512},
    "name": {"type": ["string", "null"], "maxLength": 256},
    "phone": {"type": ["string", "null"]},
    "description": {"type": ["string", "null"]},
    "address": {
      "type": ["object", "null"],
      "additionalProperties": false,
      "properties": {
        "city": {"type": "string"}, "country": {"type": "string"}, "line1": {"type": "string"},
        "line2": {"type": "string"}, "postal_code": {"type": "string"}, "state": {"type": "string"}
      }
    },
    "shipping": {"type": ["object", "null"], "required": ["name", "address"]},
    "invoice_settings": {"type": "object"},
    "preferred_locales": {"type": "array", "items": {"type": "string"}},
    "tax_exempt": {"enum": ["none", "exempt", "reverse"]}
  })json");
  properties["metadata"] = metadata_schema();
  return properties;
}

Json customer() {
  return object_schema("customer", literal(R"json({
    "email": {"type": ["string", "null"]},
    "name": {"type": ["string", "null"]},
    "deleted": {"type": "boolean"},
    "metadata": {"type": "object"}
  })json"));
}

Json customer_id() {
  return literal(R"({"customer": {"type": "string", "minLength": 1, "pattern": "^cus_"}})");
}

// By e-mail first, which is one short page. Stripe may have changed the address since, so only the
// list of all customers made since then proves that there is none. Customers of a test clock stand
// in that clock's list alone.
std::vector<Search> customer_searches(const Json& input, const runtime::Attempt& attempt) {
  std::vector<Search> searches;
  Json all = created_since(attempt);
  const std::string clock = text_of(input, "test_clock");
  if (!clock.empty()) all["test_clock"] = clock;
  const std::string email = text_of(input, "email");
  if (!email.empty()) {
    Json by_email = all;
    by_email["email"] = email;
    searches.push_back(Search{std::move(by_email), false});
  }
  searches.push_back(Search{std::move(all), true});
  return searches;
}

Operation create_customer() {
  Json properties = writable_customer();
  properties["payment_method"] = literal(R"({"type": "string"})");
  properties["test_clock"] = literal(R"({"type": "string"})");
  Operation operation =
      write_operation("stripe.customers.create", "POST", "/v1/customers", "Makes a customer.",
                      input_schema(properties, {}), customer());
  operation.searches = customer_searches;
  return operation;
}

Operation update_customer() {
  Json properties = writable_customer();
  properties.update(customer_id());
  properties["default_source"] = literal(R"({"type": "string"})");
  Operation operation =
      write_operation("stripe.customers.update", "POST", "/v1/customers/{customer}",
                      "Sets members of a customer; null unsets one, metadata is merged by key.",
                      input_schema(properties, {"customer"}), customer());
  operation.spec.idempotent = true;  // absolute values
  return operation;
}

Operation remove_customer() {
  return delete_operation(
      "stripe.customers.delete", "/v1/customers/{customer}",
      "Deletes a customer and cancels its subscriptions, for ever; gone already is a success.",
      input_schema(customer_id(), {"customer"}), customer());
}

}  // namespace

/// POST and GET /v1/customers, POST, GET and DELETE /v1/customers/{customer}.
/// source  docs.stripe.com/api/customers
Operations customers() {
  Operations operations;
  operations.push_back(create_customer());
  operations.push_back(read_operation("stripe.customers.retrieve", "/v1/customers/{customer}",
                                      "Reads a customer; a deleted one has deleted: true.",
                                      input_schema(customer_id(), {"customer"}), customer()));
  operations.push_back(update_customer());
  operations.push_back(remove_customer());
  Json filter = list_properties(literal(R"json({
    "email": {"type": "string", "maxLength": 512, "description": "exact, with case"},
    "test_clock": {"type": "string"}
  })json"));
  operations.push_back(read_operation("stripe.customers.list", "/v1/customers",
                                      "Lists customers, newest first.", input_schema(filter, {}),
                                      list_schema("customer")));
  return operations;
}

}  // namespace sequent::activities::stripe
