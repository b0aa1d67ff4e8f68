#include <algorithm>

#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"
#include "activities/stripe/versions.hpp"

namespace sequent::activities::stripe {

namespace {

Json invoice() {
  return object_schema("invoice", literal(R"json({
    "status": {"type": ["string", "null"]},
    "number": {"type": ["string", "null"]},
    "customer": {"type": ["string", "object", "null"]},
    "subscription": {"type": ["string", "object", "null"]},
    "amount_due": {"type": "integer"},
    "amount_paid": {"type": "integer"},
    "currency": {"type": "string"},
    "hosted_invoice_url": {"type": ["string", "null"]},
    "invoice_pdf": {"type": ["string", "null"]},
    "paid": {"type": "boolean"},
    "payment_intent": {"type": ["string", "object", "null"]}
  })json"));
}

Json invoice_id() {
  return literal(R"({"invoice": {"type": "string", "pattern": "^(in|upcoming)_"}})");
}

// Since 2025-03-31 an answer names its payments only when it is asked to.
void ask_for_payments(Json& parameters, const runtime::Attempt&, const StripeConfig& config) {
  if (!has_invoice_payments(config.api_version)) return;
  Json& expand = parameters["expand"];
  if (!expand.is_array()) expand = Json::array();
  const auto names_payments = [](const Json& path) {
    const auto& text = path.get_ref<const std::string&>();
    return text == "payments" || text.starts_with("payments.");
  };
  if (std::none_of(expand.begin(), expand.end(), names_payments)) expand.push_back("payments");
}

std::vector<Search> invoice_searches(const Json& input, const runtime::Attempt& attempt) {
  Json filter = created_since(attempt);
  filter["customer"] = text_of(input, "customer");
  return {Search{std::move(filter), true}};
}

Operation create_invoice() {
  Json properties = literal(R"json({
    "customer": {"type": "string", "minLength": 1},
    "subscription": {"type": "string", "pattern": "^sub_"},
    "auto_advance": {"type": "boolean"},
    "collection_method": {"enum": ["charge_automatically", "send_invoice"]},
    "currency": {"type": "string", "minLength": 3, "maxLength": 3},
    "days_until_due": {"type": "integer", "minimum": 0},
    "due_date": {"type": "integer"},
    "default_payment_method": {"type": "string"},
    "description": {"type": "string", "maxLength": 1500},
    "discounts": {"type": ["array", "null"], "items": {"type": "object"}},
    "footer": {"type": "string"},
    "pending_invoice_items_behavior": {"enum": ["exclude", "include"]},
    "automatic_tax": {"type": "object", "required": ["enabled"]}
  })json");
  properties["metadata"] = metadata_schema();
  Operation operation = write_operation("stripe.invoices.create", "POST", "/v1/invoices",
                                        "Drafts an invoice of what a customer still has to pay.",
                                        input_schema(properties, {"customer"}), invoice());
  operation.searches = invoice_searches;
  return operation;
}

/// A step of an invoice's life, which it takes once: repeating is harmless.
Operation step(const std::string& verb, std::string summary, Json more,
               std::vector<std::string> goals) {
  Json properties = invoice_id();
  properties.update(more);
  Operation operation =
      write_operation("stripe.invoices." + verb, "POST", "/v1/invoices/{invoice}/" + verb,
                      std::move(summary), input_schema(properties, {"invoice"}), invoice());
  operation.adapt = ask_for_payments;
  operation.spec.idempotent = true;
  operation.already = Already::reached;
  operation.goals = std::move(goals);
  return operation;
}

}  // namespace

/// POST and GET /v1/invoices, GET /v1/invoices/{invoice}, POST …/finalize, …/pay and …/void.
/// hosted_invoice_url, invoice_pdf and number are null until the invoice is finalized;
/// `subscription`, `paid` and `payment_intent` are given in all versions, see versions.hpp.
/// source  docs.stripe.com/api/invoices
Operations invoices() {
  Operations operations;
  operations.push_back(create_invoice());
  Operation retrieve =
      read_operation("stripe.invoices.retrieve", "/v1/invoices/{invoice}", "Reads an invoice.",
                     input_schema(invoice_id(), {"invoice"}), invoice());
  retrieve.adapt = ask_for_payments;
  operations.push_back(std::move(retrieve));
  operations.push_back(step("finalize", "Opens a draft for payment; opened already is a success.",
                            literal(R"({"auto_advance": {"type": "boolean"}})"),
                            {"open", "paid", "uncollectible", "void"}));
  operations.push_back(step("pay", "Pays an open invoice; paid already is a success.",
                            literal(R"json({
    "payment_method": {"type": "string"},
    "paid_out_of_band": {"type": "boolean"},
    "off_session": {"type": "boolean"},
    "forgive": {"type": "boolean"}
  })json"),
                            {"paid"}));
  operations.back().spec.charges = true;
  operations.push_back(step("void",
                            "Gives an open invoice up for good; given up already is a success.",
                            Json::object(), {"void"}));
  Json filter = list_properties(literal(R"json({
    "customer": {"type": "string"},
    "subscription": {"type": "string"},
    "status": {"enum": ["draft", "open", "paid", "uncollectible", "void"]},
    "collection_method": {"enum": ["charge_automatically", "send_invoice"]}
  })json"));
  operations.push_back(read_operation("stripe.invoices.list", "/v1/invoices",
                                      "Lists invoices, newest first.", input_schema(filter, {}),
                                      list_schema("invoice")));
  return operations;
}

/// GET /v1/invoice_payments: what was paid on an invoice. Since 2025-03-31.
/// source  docs.stripe.com/api/invoice-payment
Operations invoice_payments() {
  Operations operations;
  Json filter = list_properties(literal(R"json({
    "invoice": {"type": "string"},
    "payment": {"type": "object", "required": ["type"]},
    "status": {"enum": ["canceled", "open", "paid"]}
  })json"));
  operations.push_back(read_operation("stripe.invoice_payments.list", "/v1/invoice_payments",
                                      "Lists the payments of invoices, newest first.",
                                      input_schema(filter, {}), list_schema("invoice_payment")));
  return operations;
}

}  // namespace sequent::activities::stripe
