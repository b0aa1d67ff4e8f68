// Subscriptions and invoices in every state, in the layouts of the two published descriptions.
#include "billing_support.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::sandbox {
namespace {

void check_members(const Json& schemas, const Json& object, bool closed) {
  const auto kind = text_of(object, "object");
  CAPTURE(kind);
  REQUIRE(schemas.contains(kind));
  for (const auto& name : schemas.at(kind).at("required")) {
    CAPTURE(name);
    CHECK(object.contains(name.get<std::string>()));
  }
  if (!closed) return;
  for (const auto& member : object.items()) {
    CAPTURE(member.key());
    CHECK(schemas.at(kind).at("properties").contains(member.key()));
  }
}

// Every object that stands in the members of another one, lists included.
void check_all(const Json& schemas, const Json& value, bool closed) {
  if (value.is_object() && schemas.contains(text_of(value, "object")))
    check_members(schemas, value, closed);
  if (value.is_structured())
    for (const auto& member : value) check_all(schemas, member, closed);
}

void live_through_everything(BillingTest& test) {
  const auto active = text_of(test.subscribe(test.payer()), "id");
  test.stripe.admin("subscriptions/" + active + "/renew", {{"outcome", "declined"}});
  test.post("/v1/subscriptions/" + active,
            "cancel_at_period_end=true&pause_collection[behavior]=void");
  test.subscribe(test.payer(), "&trial_period_days=7");
  const auto open = test.subscribe(test.customer(), "&payment_behavior=default_incomplete");
  test.post("/v1/invoices/" + text_of(open, "latest_invoice") + "/mark_uncollectible", "");
  const auto item = text_of(test.subscription(active).at("items").at("data").at(0), "id");
  test.post("/v1/subscriptions/" + active, "items[0][id]=" + item +
                                               "&items[0][quantity]=2"
                                               "&proration_behavior=always_invoice");
  test.post("/v1/invoices", "customer=" + test.payer());
  test.stripe.call("DELETE", "/v1/subscriptions/" + active);
}

TEST_CASE("subscriptions, items, invoices and lines are as published, today and in 2023") {
  const bool today = GENERATE(true, false);
  CAPTURE(today);
  const auto description = test::shared_contract(today ? "stripe-openapi-subset.json"
                                                       : "stripe-openapi-2023-08-16-subset.json");
  if (!description) return;
  const Json& schemas = description->at("components").at("schemas");
  BillingTest test;
  live_through_everything(test);
  test.headers = {{"Stripe-Version", today ? "2026-07-29.dahlia" : "2023-08-16"}};
  std::size_t seen = 0;
  // The description of 2023 leaves out what was to go; only today's is complete.
  for (const char* path : {"/v1/subscriptions?status=all&limit=100", "/v1/invoices?limit=100",
                           "/v1/prices?limit=100", "/v1/products?limit=100"}) {
    const Json list = test.get(path);
    seen += list.at("data").size();
    check_all(schemas, list.at("data"), today);
  }
  CHECK(seen >= 15);
}

}  // namespace
}  // namespace sequent::sandbox
