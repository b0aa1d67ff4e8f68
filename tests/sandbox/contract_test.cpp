// Answers have the members that Stripe's published description requires, and no unknown ones.
#include "support.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::sandbox {
namespace {

void check_object(const Json& schemas, const Json& object) {
  const auto kind = text_of(object, "object");
  CAPTURE(kind);
  REQUIRE(schemas.contains(kind));
  const Json& schema = schemas.at(kind);
  for (const auto& name : schema.at("required")) {
    CAPTURE(name);
    CHECK(object.contains(name.get<std::string>()));
  }
  for (const auto& member : object.items()) {
    CAPTURE(member.key());
    CHECK(schema.at("properties").contains(member.key()));
  }
}

TEST_CASE("every object has the members of the published description, and no others") {
  const auto description = test::shared_contract("stripe-openapi-subset.json");
  if (!description) return;
  const Json& schemas = description->at("components").at("schemas");
  StripeTest test;
  const auto customer = test.customer();
  for (const char* mode : {"payment", "subscription"}) {
    const bool once = std::string(mode) == "payment";
    const auto session =
        test.session(mode, once ? "price_mug" : "price_website_monthly",
                     "&customer=" + customer + (once ? "&invoice_creation[enabled]=true" : ""));
    test.stripe.admin("checkout/" + session + "/pay", {{"outcome", "paid"}});
  }
  const Json intents = test.read("/v1/payment_intents");
  test.stripe.post("/v1/refunds",
                   "payment_intent=" + text_of(intents.at("data").at(0), "id") + "&amount=1");
  test.stripe.post("/v1/webhook_endpoints", "url=http://x.test&enabled_events[]=*");
  test.account("acct_1");
  test.stripe.post("/v1/tokens", "account[business_type]=company");
  test.stripe.post("/v1/accounts", "type=custom&company[name]=A&company[tax_id]=1");
  test.stripe.post("/v1/account_links",
                   "account=acct_1&type=account_onboarding&return_url=https://x.test"
                   "&refresh_url=https://x.test");
  const Json kinds = test.stripe.get("/_sandbox/state").body.at("accounts").at("platform");
  CHECK(kinds.size() >= 14);
  for (const auto& kind : kinds.items())
    for (const auto& object : kind.value().at("objects")) check_object(schemas, object);
}

}  // namespace
}  // namespace sequent::sandbox
