#include <catch2/catch.hpp>

#include "tests/activities/stripe_support.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using Found = runtime::Reconciliation::Found;

namespace {

Json object(const std::string& kind, const std::string& id, const std::string& key) {
  return {{"id", id}, {"object", kind}, {"metadata", {{"sequent_key", key}}}};
}

}  // namespace

TEST_CASE("a customer that an unknown attempt made is adopted", "[activities][stripe]") {
  StripeBench stripe([](const net::ServerRequest& request) {
    if (request.path == "/v1/customers/cus_2")
      return json_response(200, {{"id", "cus_2"}, {"object", "customer"}, {"name", "now"}});
    return stripe_list(
        Json::array({object("customer", "cus_1", "other"), object("customer", "cus_2", "key-1")}));
  });
  const auto looked =
      stripe.look("stripe.customers.create", {{"email", "jean@example.com"}}, next_day());
  CHECK(looked.found == Found::adopted);
  CHECK(looked.object.at("name") == "now");
  const auto query = decoded(stripe.request(0).query);
  CHECK(query.at("email") == "jean@example.com");
  CHECK(query.at("created[gte]") == std::to_string(noon / 1000 - 600));
}

TEST_CASE("only the list of all customers proves that there is none", "[activities][stripe]") {
  StripeBench stripe([](const net::ServerRequest& request) {
    const auto query = decoded(request.query);
    if (query.contains("email")) return stripe_list(Json::array());
    if (!query.contains("starting_after"))
      return stripe_list(Json::array({object("customer", "cus_9", "other")}), true);
    CHECK(query.at("starting_after") == "cus_9");
    return stripe_list(Json::array({object("customer", "cus_8", "another")}));
  });
  const auto looked =
      stripe.look("stripe.customers.create", {{"email", "jean@example.com"}}, next_day());
  CHECK(looked.found == Found::absent);
  CHECK(stripe.bench.requests().size() == 3);
  for (const auto& request : stripe.bench.requests()) {
    CHECK(request.method == "GET");
    CHECK(request.path.find("search") == std::string::npos);
  }
}

TEST_CASE("a search that can't be finished decides nothing", "[activities][stripe]") {
  SECTION("too many pages") {
    activities::StripeConfig config;
    config.reconcile_pages = 3;
    int next = 0;
    StripeBench stripe(
        [&](const net::ServerRequest&) {
          return stripe_list(
              Json::array({object("customer", "cus_" + std::to_string(++next), "other")}), true);
        },
        config);
    const auto looked = stripe.look("stripe.customers.create", Json::object(), next_day());
    CHECK(looked.found == Found::undecided);
    REQUIRE(looked.failure.has_value());
    CHECK(looked.failure->outcome == Outcome::unknown);
    CHECK(stripe.bench.requests().size() == 3);
  }
  SECTION("Stripe is down") {
    StripeBench stripe([](const auto&) { return stripe_error(503, Json::object()); });
    const auto looked = stripe.look("stripe.customers.create", Json::object(), next_day());
    CHECK(looked.found == Found::undecided);
    CHECK(looked.failure.value().outcome == Outcome::transient);
  }
}

TEST_CASE("a new key is used only once the spent one is known to have made nothing",
          "[activities][stripe]") {
  auto attempt = next_day();
  attempt.idempotency_key = "key-1_r1";
  bool made = false;
  StripeBench stripe([&](const net::ServerRequest& request) {
    if (request.method == "POST" || request.path != "/v1/customers")
      return json_response(200, {{"id", "cus_2"}, {"object", "customer"}});
    return made ? stripe_list(Json::array({object("customer", "cus_2", "key-1")}))
                : stripe_list(Json::array());
  });
  SECTION("it made one: that one") {
    made = true;
    CHECK(stripe.call("stripe.customers.create", Json::object(), attempt).has_value());
    for (const auto& request : stripe.bench.requests()) CHECK(request.method == "GET");
  }
  SECTION("it made none: a new one") {
    CHECK(stripe.call("stripe.customers.create", Json::object(), attempt).has_value());
    CHECK(stripe.bench.requests().back().method == "POST");
    CHECK(stripe.bench.requests().back().headers.value("Idempotency-Key") == "key-1_r1");
  }
}

TEST_CASE("a charge refunded already is a success only when the refund is ours",
          "[activities][stripe]") {
  std::string owner = "key-1";
  StripeBench stripe([&](const net::ServerRequest& request) {
    if (request.method == "POST") return stripe_error(400, {{"code", "charge_already_refunded"}});
    if (request.path == "/v1/refunds/re_1")
      return json_response(200, object("refund", "re_1", owner));
    CHECK(decoded(request.query).at("charge") == "ch_1");
    return stripe_list(Json::array({object("refund", "re_1", owner)}));
  });
  SECTION("ours") {
    const auto output = stripe.call("stripe.refunds.create", {{"charge", "ch_1"}});
    CHECK(output.value().at("id") == "re_1");
  }
  SECTION("somebody else's") {
    owner = "other";
    const auto output = stripe.call("stripe.refunds.create", {{"charge", "ch_1"}});
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.title == "charge_already_refunded");
  }
}

TEST_CASE("what is gone already has been deleted, what has expired already has expired",
          "[activities][stripe]") {
  SECTION("a customer") {
    StripeBench stripe([](const auto&) {
      return stripe_error(404, {{"code", "resource_missing"}});
    });
    const auto output = stripe.call("stripe.customers.delete", {{"customer", "cus_1"}});
    CHECK(output.value() == Json{{"id", "cus_1"}, {"object", "customer"}, {"deleted", true}});
    CHECK(stripe.request(0).method == "DELETE");
  }
  SECTION("a session") {
    std::string status = "expired";
    StripeBench stripe([&](const net::ServerRequest& request) {
      if (request.method == "POST") return stripe_error(400, Json::object());
      CHECK(request.path == "/v1/checkout/sessions/cs_1");
      return json_response(200,
                           {{"id", "cs_1"}, {"object", "checkout.session"}, {"status", status}});
    });
    CHECK(stripe.call("stripe.checkout.sessions.expire", {{"session", "cs_1"}}).has_value());
    status = "complete";
    const auto paid = stripe.call("stripe.checkout.sessions.expire", {{"session", "cs_1"}});
    CHECK(paid.error().outcome == Outcome::permanent);
  }
}
