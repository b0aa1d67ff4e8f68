// What Flexprice itself refuses, allows and gets wrong, as PROVIDERS.md 4 and 8 tell it.
#include "sandbox/flexprice/flexprice.hpp"

#include "support.hpp"

namespace sequent::sandbox {
namespace {

struct FlexpriceTest {
  flexprice::FlexpriceStandIn stand_in{{}};
  Caller api{stand_in, test_start, {{"x-api-key", "sk_flexprice_sandbox"}}};

  Json must(const std::string& method, const std::string& path, const Json& body = Json()) {
    const auto answered = api.call(method, "/v1" + path, body.is_null() ? "" : dump_json(body));
    INFO(dump_json(answered.body));
    REQUIRE(answered.status < 300);
    return answered.body;
  }
  Answered ask(const std::string& method, const std::string& path, const Json& body = Json()) {
    return api.call(method, "/v1" + path, body.is_null() ? "" : dump_json(body));
  }
  std::string plan(const std::string& key) {
    const auto id = text_of(must("POST", "/plans", {{"name", key}, {"lookup_key", key}}), "id");
    api.admin("prices", {{"entity_id", id}, {"currency", "eur"}, {"billing_period", "MONTHLY"}});
    return id;
  }
  std::string subscription(const std::string& plan_id) {
    must("POST", "/customers", {{"external_id", "c" + plan_id}, {"name", "Jean"}});
    return text_of(must("POST", "/subscriptions",
                        {{"external_customer_id", "c" + plan_id},
                         {"plan_id", plan_id},
                         {"currency", "EUR"},
                         {"lookup_key", "sub_1"},
                         {"billing_period", "MONTHLY"}}),
                   "id");
  }
};

TEST_CASE("Flexprice refuses a wrong key in another shape than everything else") {
  FlexpriceTest test;
  const auto refused = test.api.get("/v1/plans/plan_1", {{"x-api-key", "sk_wrong"}});
  CHECK(refused.status == 401);
  CHECK(refused.body == Json{{"error", "Unauthorized"}});
  const auto missing = test.ask("GET", "/plans/plan_1");
  CHECK(missing.status == 404);
  CHECK(missing.body.at("code") == "not_found");
  CHECK(missing.body.at("http_status_code") == 404);
}

TEST_CASE("a published key is taken, a deleted one is free again") {
  FlexpriceTest test;
  const Json body{{"external_id", "c1"}, {"name", "Jean"}};
  const auto id = text_of(test.must("POST", "/customers", body), "id");
  const auto again = test.ask("POST", "/customers", body);
  CHECK(again.status == 409);
  CHECK(again.body.at("code") == "already_exists");
  test.must("DELETE", "/customers/" + id);
  CHECK(test.ask("GET", "/customers/external/c1").status == 404);
  CHECK(test.must("POST", "/customers", body).at("id") != id);
}

TEST_CASE("nothing prevents two subscriptions of one lookup key; the call log tells of them") {
  FlexpriceTest test;
  const auto plan = test.plan("gold");
  test.subscription(plan);
  test.must("POST", "/subscriptions",
            {{"external_customer_id", "c" + plan},
             {"plan_id", plan},
             {"currency", "EUR"},
             {"lookup_key", "sub_1"},
             {"billing_period", "MONTHLY"}});
  const Json log = test.api.get("/_sandbox/calls").body;
  REQUIRE(log.at("duplicateEffects").size() == 1);
  CHECK(log.at("duplicateEffects").at(0).at("kind") == "subscription");
}

TEST_CASE("an update without cancel_at_period_end clears it") {
  FlexpriceTest test;
  const auto id = test.subscription(test.plan("gold"));
  test.must("POST", "/subscriptions/" + id + "/cancel", {{"cancellation_type", "end_of_period"}});
  CHECK(test.must("GET", "/subscriptions/" + id).at("cancel_at_period_end") == true);
  test.must("PUT", "/subscriptions/" + id, {{"status", "paused"}});
  CHECK(test.must("GET", "/subscriptions/" + id).at("cancel_at_period_end") == false);
}

TEST_CASE("the first kind of change gives a new id, the second keeps it") {
  FlexpriceTest test;
  const auto gold = test.plan("gold"), silver = test.plan("silver");
  const auto id = test.subscription(gold);
  const Json target{{"target_plan_id", silver}, {"proration_behavior", "none"}};
  CHECK(test.must("POST", "/subscriptions/" + id + "/change/v2/execute", target)
            .at("subscription")
            .at("id") == id);
  const Json back{{"target_plan_id", gold},
                  {"proration_behavior", "none"},
                  {"billing_cadence", "RECURRING"},
                  {"billing_period", "MONTHLY"},
                  {"billing_cycle", "anniversary"}};
  const Json changed = test.must("POST", "/subscriptions/" + id + "/change/execute", back);
  CHECK(changed.at("new_subscription").at("id") != id);
  CHECK(test.must("GET", "/subscriptions/" + id).at("subscription_status") == "cancelled");
  CHECK(test.ask("POST", "/subscriptions/" + id + "/cancel", {{"cancellation_type", "immediate"}})
            .status == 400);
}

TEST_CASE("wrong words, wrong states and a plan without a price are refused") {
  FlexpriceTest test;
  const auto plan = test.plan("gold");
  const auto id = test.subscription(plan);
  CHECK(test.ask("POST", "/subscriptions/" + id + "/cancel", {{"cancellation_type", "later"}})
            .body.at("code") == "validation_error");
  CHECK(test.ask("DELETE", "/plans/" + plan).body.at("code") == "invalid_operation");
  Json wanted{{"external_customer_id", "c" + plan},
              {"plan_id", plan},
              {"currency", "EUR"},
              {"billing_period", "ANNUAL"}};
  CHECK(text_of(test.ask("POST", "/subscriptions", wanted).body, "message")
            .find("no valid prices found") == 0);
  test.api.admin("settings", {{"priceEverything", true}});
  CHECK(test.ask("POST", "/subscriptions", wanted).status == 201);
  wanted["billing_period"] = "FORTNIGHTLY";
  CHECK(test.ask("POST", "/subscriptions", wanted).status == 400);
}

TEST_CASE("Flexprice's effect may happen and its answer be lost") {
  FlexpriceTest test;
  test.api.admin("faults", {{"kind", "reset-after-effect"}, {"times", 1}});
  const auto lost = test.ask("POST", "/plans", {{"name", "Gold"}, {"lookup_key", "gold"}});
  CHECK(lost.reply.delivery == Delivery::reset);
  const Json state = test.api.get("/_sandbox/state").body;
  CHECK(state.at("plans").at("count") == 1);
  test.api.admin("reset", Json::object());
  CHECK(test.api.get("/_sandbox/state").body.at("plans").at("count") == 0);
}

}  // namespace
}  // namespace sequent::sandbox
