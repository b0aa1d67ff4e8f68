// The activities against the stand-ins, which keep keys, store failures and forget as Stripe does.
#include <catch2/catch.hpp>

#include "activities/auth/auth.hpp"
#include "sandbox/auth/auth.hpp"
#include "tests/activities/stripe_provider.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;
using Found = runtime::Reconciliation::Found;

namespace {

std::size_t customers_of(StripeProvider& provider) {
  auto list =
      provider.stripe.call("stripe.customers.list", {{"limit", 100}}, provider.attempt("list"));
  return list.value().at("data").size();
}

const Json jean = {{"email", "jean@example.com"}, {"name", "Jean"}, {"metadata", {{"user", "42"}}}};

}  // namespace

TEST_CASE("a customer lives and dies in the stand-in", "[activities][sandbox]") {
  StripeProvider provider;
  auto& stripe = provider.stripe;
  const auto made = stripe.call("stripe.customers.create", jean, provider.attempt());
  REQUIRE(made.has_value());
  const Json id = {{"customer", made->at("id")}};
  Json change = id;
  change["name"] = "Jean Dupont";
  const auto changed = stripe.call("stripe.customers.update", change, provider.attempt("key-2"));
  CHECK(changed.value().at("name") == "Jean Dupont");
  CHECK(changed.value().at("metadata").at("sequent_key") == "key-1");
  CHECK(changed.value().at("metadata").at("user") == "42");
  for (int time = 1; time <= 2; ++time)  // gone already is a success too
    CHECK(stripe.call("stripe.customers.delete", id, provider.attempt("key-3"))
              .value()
              .at("deleted") == true);
}

TEST_CASE("a lost answer makes no second customer, with the key or a day later",
          "[activities][sandbox]") {
  StripeProvider provider;
  provider.fault({{"kind", "reset-after-effect"}, {"path", "/v1/customers"}, {"times", 1}});
  const auto lost = provider.stripe.call("stripe.customers.create", jean, provider.attempt());
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().outcome == Outcome::unknown);
  SECTION("the same key within the day") {
    provider.now += 3'600'000;
    const auto again =
        provider.stripe.call("stripe.customers.create", jean, provider.attempt("key-1", 2));
    REQUIRE(again.has_value());
  }
  SECTION("a search once the key is forgotten") {
    provider.now += 25 * 3'600'000LL;
    const auto looked =
        provider.stripe.look("stripe.customers.create", jean, provider.attempt("key-1", 2));
    REQUIRE(looked.found == Found::adopted);
    CHECK(looked.object.at("metadata").at("user") == "42");
  }
  CHECK(customers_of(provider) == 1);
}

TEST_CASE("a request that was lost on its way is found to have made nothing",
          "[activities][sandbox]") {
  StripeProvider provider;
  provider.fault({{"kind", "reset-before-effect"}, {"path", "/v1/customers"}, {"times", 1}});
  const auto lost = provider.stripe.call("stripe.customers.create", jean, provider.attempt());
  CHECK(lost.error().outcome == Outcome::unknown);
  provider.now += 25 * 3'600'000LL;
  CHECK(provider.stripe.look("stripe.customers.create", jean, provider.attempt("key-1", 2)).found ==
        Found::absent);
}

TEST_CASE("a stored 500 is replayed until a new key is taken", "[activities][sandbox]") {
  StripeProvider provider;
  const bool effect = GENERATE(false, true);
  CAPTURE(effect);
  provider.fault({{"kind", "server-error"},
                  {"path", "/v1/customers"},
                  {"method", "POST"},
                  {"stored", true},
                  {"effect", effect},
                  {"times", 1}});
  auto& stripe = provider.stripe;
  const auto first = stripe.call("stripe.customers.create", jean, provider.attempt());
  REQUIRE_FALSE(first.has_value());
  CHECK(first.error().outcome == Outcome::unknown);
  const auto replayed = stripe.call("stripe.customers.create", jean, provider.attempt("key-1", 2));
  REQUIRE_FALSE(replayed.has_value());
  CHECK(replayed.error().outcome == Outcome::unknown);
  CHECK(replayed.error().key_spent);
  const auto settled =
      stripe.call("stripe.customers.create", jean, provider.attempt("key-1_r1", 3));
  REQUIRE(settled.has_value());
  CHECK(settled->at("metadata").at("sequent_key") == (effect ? "key-1" : "key-1_r1"));
  CHECK(customers_of(provider) == 1);
}

TEST_CASE("every way in which the stand-in fails has its outcome", "[activities][sandbox]") {
  StripeProvider provider;
  const auto failed = [&](Json fault, const std::string& key) {
    fault["times"] = 1;
    fault["path"] = "/v1/customers";
    provider.fault(fault);
    const auto output =
        provider.stripe.call("stripe.customers.create", jean, provider.attempt(key));
    REQUIRE_FALSE(output.has_value());
    return output.error();
  };
  const auto limited = failed({{"kind", "rate-limit"}, {"retryAfter", 2}}, "k1");
  CHECK(limited.outcome == Outcome::transient);
  CHECK(limited.retry_after_ms == 2000);
  CHECK(failed({{"kind", "hang"}, {"effect", true}}, "k2").outcome == Outcome::unknown);
  CHECK(failed({{"kind", "outage"}}, "k3").outcome == Outcome::unknown);
  CHECK(failed({{"kind", "html"}}, "k4").outcome == Outcome::unknown);
  CHECK(failed({{"kind", "huge"}}, "k5").outcome == Outcome::unknown);
}

TEST_CASE("a key that was used for something else is refused for good", "[activities][sandbox]") {
  StripeProvider provider;
  REQUIRE(provider.stripe.call("stripe.customers.create", jean, provider.attempt()).has_value());
  Json other = jean;
  other["name"] = "Jeanne";
  const auto output = provider.stripe.call("stripe.customers.create", other, provider.attempt());
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().outcome == Outcome::permanent);
  CHECK_FALSE(output.error().key_spent);
  CHECK(output.error().problem.title == "idempotency_error");
}

TEST_CASE("the first writer links a user, the second one learns of it", "[activities][sandbox]") {
  sandbox::auth::AuthStandIn stand_in({}, noon);
  Bench bench;
  activities::AuthConfig config;
  config.timeout_ms = 500;
  config.base_url =
      bench.serve([&](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
        const auto reply = stand_in.handle(request, noon);
        if (reply.delivery != sandbox::Delivery::answer) return std::nullopt;
        return reply.response;
      });
  runtime::ActivityRegistry registry;
  activities::auth::register_auth(registry, config, bench.client);
  const auto call = [&](const std::string& name, Json input) {
    return bench.await(registry.activity(name)->run(first_attempt(), std::move(input)));
  };
  const std::string token = "token-user-7";
  CHECK(call("auth.tokens.check", {{"token", token}}).value().at("valid") == true);
  CHECK(call("auth.tokens.check", {{"token", "forged"}}).error().outcome == Outcome::permanent);
  CHECK(call("auth.users.get", {{"userId", 7}, {"token", token}}).value().at("id_stripe") == "");
  const auto link = [&](const std::string& id) {
    return call("auth.users.update", {{"userId", 7}, {"stripeId", id}, {"token", token}}).value();
  };
  CHECK(link("cus_first").at("linked") == true);
  const Json second = link("cus_second");
  CHECK(second.at("linked") == false);
  CHECK(second.at("stripeId") == "cus_first");
  CHECK(link("cus_first").at("linked") == true);
}
