#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

namespace {

Json writable_account() {
  Json properties = literal(R"json({
    "account_token": {"type": "string", "pattern": "^ct_",
                      "description": "single use; what it carries must not be given beside it"},
    "business_profile": {"type": "object", "additionalProperties": false, "properties": {
      "annual_revenue": {"type": "object"}, "estimated_worker_count": {"type": "integer"},
      "mcc": {"type": "string"}, "minority_owned_business_designation": {"type": "array"},
      "monthly_estimated_revenue": {"type": "object"}, "name": {"type": "string"},
      "product_description": {"type": "string"}, "specified_commercial_transactions_act_url": {"type": "string"},
      "support_address": {"type": "object"}, "support_email": {"type": "string"},
      "support_phone": {"type": "string"}, "support_url": {"type": "string"},
      "url": {"type": "string"}}},
    "business_type": {"enum": ["company", "government_entity", "individual", "non_profit"]},
    "capabilities": {
      "type": "object",
      "description": "by name: {\"card_payments\": {\"requested\": true}}",
      "additionalProperties": {"type": "object", "additionalProperties": false,
                               "properties": {"requested": {"type": "boolean"}}}
    },
    "company": {"type": "object"},
    "default_currency": {"type": "string", "minLength": 3, "maxLength": 3},
    "documents": {"type": "object"},
    "email": {"type": "string"},
    "external_account": {"type": "string", "description": "a bank account's token"},
    "individual": {"type": "object"},
    "settings": {"type": "object"},
    "tos_acceptance": {"type": "object", "additionalProperties": false, "properties": {
      "date": {"type": "integer"}, "ip": {"type": "string"},
      "service_agreement": {"type": "string"}, "user_agent": {"type": "string"}}}
  })json");
  properties["metadata"] = metadata_schema();
  return properties;
}

Json account() {
  return object_schema("account", literal(R"json({
    "type": {"type": "string"},
    "country": {"type": "string"},
    "email": {"type": ["string", "null"]},
    "charges_enabled": {"type": "boolean"},
    "payouts_enabled": {"type": "boolean"},
    "details_submitted": {"type": "boolean"},
    "capabilities": {"type": "object"},
    "requirements": {"type": ["object", "null"], "properties": {
      "currently_due": {"type": ["array", "null"]}, "past_due": {"type": ["array", "null"]},
      "disabled_reason": {"type": ["string", "null"]}}},
    "metadata": {"type": "object"},
    "deleted": {"type": "boolean"}
  })json"));
}

Json account_id() {
  return literal(R"({"account": {"type": "string", "pattern": "^acct_"}})");
}

// Accounts can be listed by their creation alone.
std::vector<Search> account_searches(const Json&, const runtime::Attempt& attempt) {
  return {Search{created_since(attempt), true}};
}

Operation create_account() {
  Json properties = writable_account();
  properties.update(literal(R"json({
    "type": {"enum": ["custom", "express", "standard"]},
    "controller": {"type": "object"},
    "country": {"type": "string", "minLength": 2, "maxLength": 2}
  })json"));
  Json schema = platform_schema(properties, {});
  schema["not"] = literal(R"({"required": ["type", "controller"]})");
  Operation operation = write_operation("stripe.accounts.create", "POST", "/v1/accounts",
                                        "Makes a connected account.", schema, account());
  operation.searches = account_searches;
  operation.already = Already::ours;
  operation.taken = {"token_already_used"};
  return operation;
}

Operation update_account() {
  Json properties = writable_account();
  properties.update(account_id());
  Operation operation =
      write_operation("stripe.accounts.update", "POST", "/v1/accounts/{account}",
                      "Sets members of a connected account; metadata is merged by key.",
                      platform_schema(properties, {"account"}), account());
  // All but the token are absolute values; a spent token was ours if an event names our key.
  operation.spec.idempotent = true;
  operation.already = Already::ours;
  operation.taken = {"token_already_used"};
  operation.told_by = {"account.updated"};
  return operation;
}

}  // namespace

/// POST and GET /v1/accounts, POST, GET and DELETE /v1/accounts/{account}: `account` is the account
/// itself. An express account can charge nobody before its onboarding: look at charges_enabled.
/// source  docs.stripe.com/api/accounts
Operations accounts() {
  Operations operations;
  operations.push_back(create_account());
  Json only_id = platform_schema(account_id(), {"account"});
  only_id["properties"].erase("expand");  // this read alone takes no parameter
  operations.push_back(read_operation("stripe.accounts.retrieve", "/v1/accounts/{account}",
                                      "Reads a connected account.", only_id, account()));
  operations.push_back(update_account());
  operations.push_back(delete_operation(
      "stripe.accounts.delete", "/v1/accounts/{account}",
      "Deletes a custom or express account without a balance; gone already is a success.",
      platform_schema(account_id(), {"account"}), account()));
  operations.push_back(read_operation(
      "stripe.accounts.list", "/v1/accounts", "Lists connected accounts, newest first.",
      platform_schema(list_properties(Json::object()), {}), list_schema("account")));
  for (Operation& operation : operations) operation.platform_only = true;
  return operations;
}

/// POST /v1/account_links: an address that can be opened once, within minutes. No key, for a kept
/// answer would be a link that is over.
/// source  docs.stripe.com/api/account_links
Operations account_links() {
  Operations operations;
  Operation create = write_operation(
      "stripe.account_links.create", "POST", "/v1/account_links",
      "Makes a link to the onboarding of a connected account; every call makes a new one.",
      platform_schema(literal(R"json({
        "account": {"type": "string", "pattern": "^acct_"},
        "type": {"enum": ["account_onboarding", "account_update"]},
        "return_url": {"type": "string"},
        "refresh_url": {"type": "string"},
        "collect": {"enum": ["currently_due", "eventually_due"]},
        "collection_options": {"type": "object", "additionalProperties": false, "properties": {
          "fields": {"enum": ["currently_due", "eventually_due"]},
          "future_requirements": {"enum": ["include", "omit"]}}}
      })json"),
                      {"account", "type"}),
      nameless_schema("account_link", literal(R"json({
        "url": {"type": "string"},
        "created": {"type": "integer"},
        "expires_at": {"type": "integer"}
      })json")));
  create.platform_only = true;
  create.keyed = false;
  create.spec.key_retention_ms = 0;
  create.spec.idempotent = true;
  operations.push_back(std::move(create));
  return operations;
}

}  // namespace sequent::activities::stripe
