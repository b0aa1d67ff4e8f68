// What a refusal or a lost answer proves: the breadth of Stripe's resources beyond customers.
#include <catch2/catch.hpp>

#include "tests/activities/stripe_support.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using Found = runtime::Reconciliation::Found;

namespace {

Json traced(const std::string& kind, const std::string& id, const std::string& key) {
  return {{"id", id}, {"object", kind}, {"metadata", {{"sequent_key", key}}}};
}

Json told(const std::string& key) {
  return {{"id", "evt_1"}, {"object", "event"}, {"request", {{"idempotency_key", key}}}};
}

net::ServerResponse missing() {
  return stripe_error(404, {{"type", "invalid_request_error"}, {"code", "resource_missing"}});
}

}  // namespace

TEST_CASE("a name that is taken is ours only if what took it was made by this task",
          "[activities][stripe]") {
  struct Case {
    const char* activity;
    Json input;
    Json error;
    const char* kind;
    const char* filter;
  };
  const Case one = GENERATE(values<Case>({
      {"stripe.products.create",
       {{"name", "Offer"}, {"id", "offer"}},
       {{"code", "resource_already_exists"}},
       "product",
       "ids[0]"},
      {"stripe.prices.create",
       {{"currency", "eur"}, {"unit_amount", 5}, {"product", "prod_1"}, {"lookup_key", "offer"}},
       {{"type", "invalid_request_error"}, {"param", "lookup_key"}},
       "price",
       "lookup_keys[0]"},
  }));
  CAPTURE(one.activity);
  std::string owner = "key-1";
  StripeBench stripe([&](const net::ServerRequest& request) {
    if (request.method == "POST") return stripe_error(400, one.error);
    if (request.query.empty()) return json_response(200, traced(one.kind, "offer", owner));
    const auto query = decoded(request.query);
    if (query.contains(one.filter)) CHECK(query.at(one.filter) == "offer");
    return stripe_list(Json::array({traced(one.kind, "offer", owner)}));
  });
  CHECK(stripe.call(one.activity, one.input).value().at("id") == "offer");
  owner = "somebody";
  const auto refused = stripe.call(one.activity, one.input);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().outcome == Outcome::permanent);
}

TEST_CASE("a spent token was spent by this task if an account carries its traces",
          "[activities][stripe]") {
  std::string owner = "key-1";
  StripeBench stripe([&](const net::ServerRequest& request) {
    CHECK(request.headers.find("Stripe-Account") == nullptr);
    if (request.method == "POST") return stripe_error(400, {{"code", "token_already_used"}});
    if (request.path == "/v1/accounts/acct_1")
      return json_response(200, traced("account", "acct_1", owner));
    return stripe_list(Json::array({traced("account", "acct_1", owner)}));
  });
  const Json input = {{"type", "custom"}, {"account_token", "ct_1"}};
  CHECK(stripe.call("stripe.accounts.create", input).value().at("id") == "acct_1");
  owner = "somebody";
  CHECK(stripe.call("stripe.accounts.create", input).error().outcome == Outcome::permanent);
}

TEST_CASE("a token spent on an update is proven by the event in that account",
          "[activities][stripe]") {
  std::string owner = "key-1";
  StripeBench stripe([&](const net::ServerRequest& request) {
    if (request.method == "POST") return stripe_error(400, {{"code", "token_already_used"}});
    if (request.path == "/v1/accounts/acct_1")
      return json_response(200, {{"id", "acct_1"}, {"object", "account"}});
    CHECK(request.path == "/v1/events");
    CHECK(request.headers.value("Stripe-Account") == "acct_1");
    CHECK(decoded(request.query).at("types[0]") == "account.updated");
    return stripe_list(Json::array({told(owner)}));
  });
  const Json input = {{"account", "acct_1"}, {"account_token", "ct_1"}};
  CHECK(stripe.call("stripe.accounts.update", input).value().at("id") == "acct_1");
  owner = "somebody";
  CHECK(stripe.call("stripe.accounts.update", input).error().outcome == Outcome::permanent);
}

TEST_CASE("a change whose answer was lost is proven by the event that names its key",
          "[activities][stripe]") {
  Json events = Json::array();
  StripeBench stripe([&](const net::ServerRequest& request) {
    if (request.path == "/v1/events") {
      const auto query = decoded(request.query);
      CHECK(query.at("types[0]") == "customer.subscription.updated");
      CHECK(query.at("created[gte]") == std::to_string(noon / 1000 - 600));
      CHECK(request.headers.value("Stripe-Account") == "acct_1");
      return stripe_list(events);
    }
    CHECK(request.path == "/v1/subscriptions/sub_1");
    return json_response(200, {{"id", "sub_1"}, {"object", "subscription"}, {"status", "active"}});
  });
  const Json input = {
      {"account", "acct_1"}, {"subscription", "sub_1"}, {"items", {{{"price", "price_2"}}}}};
  SECTION("the event is there: it was made") {
    events = Json::array({told("other"), told("key-1_r1")});
    const auto looked = stripe.look("stripe.subscriptions.update", input, next_day());
    CHECK(looked.found == Found::adopted);
    CHECK(looked.object.at("status") == "active");
  }
  SECTION("it is not: it was not made") {
    events = Json::array({told("other"), {{"id", "evt_2"}, {"request", nullptr}}});
    CHECK(stripe.look("stripe.subscriptions.update", input, next_day()).found == Found::absent);
  }
  SECTION("events are kept for a month: later nothing is certain") {
    auto late = next_day();
    late.now += 30 * 86'400'000LL;
    const auto looked = stripe.look("stripe.subscriptions.update", input, late);
    CHECK(looked.found == Found::undecided);
    CHECK(looked.failure.value().outcome == Outcome::unknown);
    CHECK(stripe.bench.requests().empty());
  }
}

TEST_CASE("a subscription is looked for among all of its customer's", "[activities][stripe]") {
  StripeBench stripe([](const net::ServerRequest& request) {
    if (request.path == "/v1/subscriptions/sub_2")
      return json_response(200, traced("subscription", "sub_2", "key-1"));
    const auto query = decoded(request.query);
    CHECK(query.at("customer") == "cus_1");
    CHECK(query.at("status") == "all");
    return stripe_list(Json::array({traced("subscription", "sub_2", "key-1")}));
  });
  const Json input = {{"customer", "cus_1"}, {"items", {{{"price", "price_1"}}}}};
  CHECK(stripe.look("stripe.subscriptions.create", input, next_day()).found == Found::adopted);
}

TEST_CASE("a subscription that has ended has been ended, one of nobody has not",
          "[activities][stripe]") {
  bool known = true;
  StripeBench stripe([&](const net::ServerRequest& request) {
    if (request.method == "DELETE" || !known) return missing();
    return json_response(200,
                         {{"id", "sub_1"}, {"object", "subscription"}, {"status", "canceled"}});
  });
  const Json input = {{"subscription", "sub_1"}};
  CHECK(stripe.call("stripe.subscriptions.cancel", input).value().at("status") == "canceled");
  known = false;
  CHECK(stripe.call("stripe.subscriptions.cancel", input).error().outcome == Outcome::permanent);
}

TEST_CASE("an invoice that has come as far has taken the step", "[activities][stripe]") {
  std::string status;
  StripeBench stripe([&](const net::ServerRequest& request) {
    if (request.method == "POST") return stripe_error(400, {{"type", "invalid_request_error"}});
    CHECK(request.path == "/v1/invoices/in_1");
    CHECK(decoded(request.query).at("expand[0]") == "payments");
    return json_response(200, {{"id", "in_1"}, {"object", "invoice"}, {"status", status}});
  });
  const auto taken = [&](const std::string& verb, const std::string& now) {
    status = now;
    return stripe.call("stripe.invoices." + verb, {{"invoice", "in_1"}}).has_value();
  };
  CHECK(taken("finalize", "open"));
  CHECK(taken("finalize", "paid"));
  CHECK_FALSE(taken("finalize", "draft"));
  CHECK(taken("pay", "paid"));
  CHECK_FALSE(taken("pay", "void"));
  CHECK(taken("void", "void"));
  CHECK_FALSE(taken("void", "paid"));
}

TEST_CASE("usage that was counted before is a success that says so", "[activities][stripe]") {
  bool counted = false;
  StripeBench stripe([&](const net::ServerRequest& request) {
    const auto form = decoded(request.body);
    if (counted)
      return stripe_error(400, {{"type", "invalid_request_error"},
                                {"message", "An event already exists with identifier key-1"}});
    return json_response(200, {{"object", "billing.meter_event"},
                               {"identifier", form.at("identifier")},
                               {"event_name", form.at("event_name")}});
  });
  const Json input = {{"event_name", "credits"},
                      {"payload", {{"stripe_customer_id", "cus_1"}, {"value", "3"}}}};
  const std::string activity = "stripe.billing.meter_events.create";
  const Json first = stripe.call(activity, input).value();
  CHECK(first.at("identifier") == "key-1");
  CHECK(first.at("duplicate") == false);
  counted = true;
  // Another revision of the key is the same usage.
  auto attempt = first_attempt();
  attempt.idempotency_key = "key-1_r1";
  const Json again = stripe.call(activity, input, attempt).value();
  CHECK(again.at("duplicate") == true);
  CHECK(again.at("identifier") == "key-1");
  CHECK(again.at("payload") == input.at("payload"));
}

TEST_CASE("nothing can tell whether old usage was counted", "[activities][stripe]") {
  StripeBench stripe([](const auto&) { return stripe_error(500, Json::object()); });
  const auto looked =
      stripe.look("stripe.billing.meter_events.create",
                  {{"event_name", "credits"}, {"payload", {{"value", "3"}}}}, next_day());
  CHECK(looked.found == Found::undecided);
}

TEST_CASE("links that can be opened once go without a key, each on its own connection",
          "[activities][stripe]") {
  StripeBench stripe([](const auto&) {
    return json_response(200, {{"object", "x"}, {"url", "https://x.example"}});
  });
  stripe.call("stripe.account_links.create",
              {{"account", "acct_1"}, {"type", "account_onboarding"}});
  stripe.call("stripe.billing_portal.sessions.create", {{"customer", "cus_1"}});
  stripe.call("stripe.subscriptions.cancel", {{"subscription", "sub_1"}});
  stripe.call("stripe.tokens.create", {{"account", {{"business_type", "company"}}}});
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(stripe.request(i).headers.find("Idempotency-Key") == nullptr);
  CHECK(stripe.request(3).headers.value("Idempotency-Key") == "key-1");
  CHECK(decoded(stripe.request(0).body).at("account") == "acct_1");
  CHECK(decoded(stripe.request(3).body).at("account[business_type]") == "company");
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(stripe.request(i).headers.find("Stripe-Account") == nullptr);
}

TEST_CASE("catalog and customers of a connected account are made in it", "[activities][stripe]") {
  StripeBench stripe([](const auto&) {
    return json_response(200, {{"id", "x"}, {"object", "x"}});
  });
  stripe.call("stripe.products.create", {{"account", "acct_1"}, {"name", "Offer"}});
  stripe.call("stripe.customers.create", {{"account", "acct_1"}});
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(stripe.request(i).headers.value("Stripe-Account") == "acct_1");
    CHECK_FALSE(decoded(stripe.request(i).body).contains("account"));
  }
}
