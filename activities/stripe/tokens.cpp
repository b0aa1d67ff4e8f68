#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

namespace {

Json token_input() {
  return platform_schema(literal(R"json({
    "account": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "business_type": {"enum": ["company", "government_entity", "individual", "non_profit"]},
        "company": {"type": "object"},
        "individual": {"type": "object"},
        "tos_shown_and_accepted": {"type": "boolean"}
      }
    }
  })json"),
                         {"account"});
}

Json token() {
  return object_schema("token", literal(R"json({
    "type": {"type": "string"},
    "used": {"type": "boolean"},
    "created": {"type": "integer"},
    "livemode": {"type": "boolean"}
  })json"));
}

}  // namespace

/// POST and GET /v1/tokens: the legal details of an account, for one use as account_token. Card and
/// bank details are not taken: they have no place in a journal. A second token harms nobody.
/// source  docs.stripe.com/api/tokens/create_account
Operations tokens() {
  Operations operations;
  Operation create =
      write_operation("stripe.tokens.create", "POST", "/v1/tokens",
                      "Makes an account token, which can be used once.", token_input(), token());
  create.platform_only = true;
  create.spec.idempotent = true;
  operations.push_back(std::move(create));
  operations.push_back(read_operation(
      "stripe.tokens.retrieve", "/v1/tokens/{token}",
      "Reads a token; used says whether it is spent.",
      input_schema(literal(R"({"token": {"type": "string", "pattern": "^ct_"}})"), {"token"}),
      token()));
  return operations;
}

}  // namespace sequent::activities::stripe
