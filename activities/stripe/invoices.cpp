#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

/// GET /v1/invoices and /v1/invoices/{invoice}. hosted_invoice_url, invoice_pdf and number are null
/// until the invoice is finalized; `subscription` is given in all versions, see versions.hpp.
/// source  docs.stripe.com/api/invoices
Operations invoices() {
  Operations operations;
  operations.push_back(read_operation(
      "stripe.invoices.retrieve", "/v1/invoices/{invoice}", "Reads an invoice.",
      input_schema(literal(R"({"invoice": {"type": "string", "pattern": "^(in|upcoming)_"}})"),
                   {"invoice"}),
      object_schema("invoice", literal(R"json({
        "status": {"type": ["string", "null"]},
        "number": {"type": ["string", "null"]},
        "amount_due": {"type": "integer"},
        "amount_paid": {"type": "integer"},
        "currency": {"type": "string"},
        "hosted_invoice_url": {"type": ["string", "null"]},
        "invoice_pdf": {"type": ["string", "null"]},
        "paid": {"type": "boolean"}
      })json"))));
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

}  // namespace sequent::activities::stripe
