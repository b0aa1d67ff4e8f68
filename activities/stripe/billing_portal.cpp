#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

/// POST /v1/billing_portal/sessions: an address for one customer, good for minutes. No key, for a
/// kept answer would be a session that is over.
/// errors  permanent: 400 where the account has saved no portal configuration and none is named
/// source  docs.stripe.com/api/customer_portal/sessions/create
Operations billing_portal() {
  Operations operations;
  Operation create = write_operation("stripe.billing_portal.sessions.create", "POST",
                                     "/v1/billing_portal/sessions",
                                     "Opens the customer portal; every call makes a new address.",
                                     input_schema(literal(R"json({
        "customer": {"type": "string", "minLength": 1},
        "return_url": {"type": "string"},
        "configuration": {"type": "string", "pattern": "^bpc_"},
        "flow_data": {"type": "object", "required": ["type"]},
        "locale": {"type": "string"},
        "on_behalf_of": {"type": "string"}
      })json"),
                                                  {"customer"}),
                                     object_schema("billing_portal.session", literal(R"json({
        "url": {"type": "string"},
        "customer": {"type": "string"},
        "return_url": {"type": ["string", "null"]},
        "created": {"type": "integer"}
      })json")));
  create.keyed = false;
  create.spec.key_retention_ms = 0;
  create.spec.idempotent = true;
  operations.push_back(std::move(create));
  return operations;
}

}  // namespace sequent::activities::stripe
