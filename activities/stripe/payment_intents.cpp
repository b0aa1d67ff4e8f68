#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

/// GET /v1/payment_intents/{payment_intent}; `latest_charge` in all versions, see versions.hpp.
/// source  docs.stripe.com/api/payment_intents
Operations payment_intents() {
  Operations operations;
  operations.push_back(read_operation(
      "stripe.payment_intents.retrieve", "/v1/payment_intents/{payment_intent}", "Reads a payment.",
      input_schema(literal(R"({"payment_intent": {"type": "string", "pattern": "^pi_"}})"),
                   {"payment_intent"}),
      object_schema("payment_intent", literal(R"json({
        "status": {"type": "string"},
        "amount": {"type": "integer"},
        "currency": {"type": "string"},
        "latest_charge": {"type": ["string", "object", "null"]}
      })json"))));
  return operations;
}

}  // namespace sequent::activities::stripe
