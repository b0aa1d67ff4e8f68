#include "support.hpp"

namespace sequent::sandbox {
namespace {

const HeaderMap key_k{{"Idempotency-Key", "k"}};

std::size_t customers(StripeTest& test) {
  return test.read("/v1/customers?limit=100").at("data").size();
}

TEST_CASE("a repeat with the same key gets the first answer and makes nothing") {
  StripeTest test;
  const auto first = test.stripe.post("/v1/customers", "email=a%40x.test&name=A", key_k);
  const auto second = test.stripe.post("/v1/customers", "name=A&email=a%40x.test", key_k);
  CHECK(first.status == 200);
  CHECK(first.headers.find("Idempotent-Replayed") == nullptr);
  CHECK(first.headers.value("Idempotency-Key") == "k");
  CHECK(second.reply.response.body == first.reply.response.body);
  CHECK(second.headers.value("Idempotent-Replayed") == "true");
  CHECK(second.headers.value("Original-Request") == first.headers.value("Request-Id"));
  CHECK(second.headers.value("Request-Id") != first.headers.value("Request-Id"));
  CHECK(customers(test) == 1);
}

TEST_CASE("a key used with other parameters or another endpoint is an idempotency error") {
  StripeTest test;
  test.stripe.post("/v1/customers", "email=a%40x.test", key_k);
  const auto other_parameters = test.stripe.post("/v1/customers", "email=b%40x.test", key_k);
  const auto other_endpoint = test.stripe.post("/v1/products", "name=Mug", key_k);
  for (const auto& answer : {other_parameters, other_endpoint}) {
    CHECK(answer.status == 400);
    CHECK(answer.body["error"]["type"] == "idempotency_error");
    CHECK_FALSE(answer.body["error"].contains("code"));
  }
  CHECK(customers(test) == 1);
}

TEST_CASE("each account has its own keys") {
  StripeTest test;
  test.account("acct_1");
  HeaderMap connected = key_k;
  connected["Stripe-Account"] = "acct_1";
  const auto platform = test.stripe.post("/v1/customers", "email=a%40x.test", key_k);
  const auto other = test.stripe.post("/v1/customers", "email=b%40x.test", connected);
  CHECK(platform.status == 200);
  CHECK(other.status == 200);
}

TEST_CASE("a key is in flight until its first answer has gone out") {
  StripeTest test;
  test.stripe.admin("faults", {{"kind", "latency"}, {"ms", 500}, {"times", 1}});
  const auto first = test.stripe.post("/v1/customers", "email=a%40x.test", key_k);
  CHECK(first.reply.latency_ms == 500);
  test.stripe.now += 100;
  const auto early = test.stripe.post("/v1/customers", "email=a%40x.test", key_k);
  CHECK(early.status == 409);
  CHECK(early.body["error"]["code"] == "idempotency_key_in_use");
  test.stripe.now += 400;
  const auto late = test.stripe.post("/v1/customers", "email=a%40x.test", key_k);
  CHECK(late.headers.value("Idempotent-Replayed") == "true");
  CHECK(customers(test) == 1);
}

TEST_CASE("validation failures, wrong keys and rate limits are not stored") {
  StripeTest test;
  SECTION("validation") {
    CHECK(test.stripe.post("/v1/customers", "nmae=A", key_k).status == 400);
  }
  SECTION("authentication") {
    HeaderMap wrong = key_k;
    wrong["Authorization"] = "Bearer sk_test_other";
    CHECK(test.stripe.post("/v1/customers", "name=A", wrong).status == 401);
  }
  SECTION("rate limit") {
    test.stripe.admin("faults", {{"kind", "rate-limit"}, {"times", 1}, {"retryAfter", 2}});
    const auto limited = test.stripe.post("/v1/customers", "name=A", key_k);
    CHECK(limited.status == 429);
    CHECK(limited.headers.value("Retry-After") == "2");
    CHECK(limited.headers.find("Stripe-Should-Retry") == nullptr);
  }
  SECTION("server error that is not stored") {
    test.stripe.admin("faults", {{"kind", "server-error"}, {"times", 1}});
    CHECK(test.stripe.post("/v1/customers", "name=A", key_k).status == 500);
  }
  const auto again = test.stripe.post("/v1/customers", "name=B", key_k);
  CHECK(again.status == 200);
  CHECK(again.headers.find("Idempotent-Replayed") == nullptr);
  CHECK(customers(test) == 1);
}

TEST_CASE("a stored 500 is replayed for a day, whether or not its effect happened") {
  StripeTest test;
  const bool effect = GENERATE(false, true);
  test.stripe.admin("faults",
                    {{"kind", "server-error"}, {"times", 1}, {"stored", true}, {"effect", effect}});
  const auto first = test.stripe.post("/v1/customers", "name=A", key_k);
  CHECK(first.status == 500);
  CHECK(first.body["error"]["type"] == "api_error");
  const auto replay = test.stripe.post("/v1/customers", "name=A", key_k);
  CHECK(replay.status == 500);
  CHECK(replay.headers.value("Idempotent-Replayed") == "true");
  CHECK(customers(test) == (effect ? 1 : 0));
  test.stripe.now += 24LL * 3600 * 1000;
  CHECK(test.stripe.post("/v1/customers", "name=A", key_k).status == 200);
}

TEST_CASE("a refusal by the state of things is stored, and forgotten after 24 hours") {
  StripeTest test;
  const std::string body = "payment_intent=pi_unknown";
  const auto first = test.stripe.post("/v1/refunds", body, key_k);
  CHECK(first.status == 400);
  CHECK(first.body["error"]["code"] == "resource_missing");
  CHECK(test.stripe.post("/v1/refunds", body, key_k).headers.value("Idempotent-Replayed") ==
        "true");
  test.stripe.admin("clock", {{"advanceSeconds", 24 * 3600}});
  CHECK(test.stripe.post("/v1/refunds", body, key_k).headers.find("Idempotent-Replayed") ==
        nullptr);
}

TEST_CASE("keys have no effect on reads and deletions, and are at most 255 characters long") {
  StripeTest test;
  const auto id = test.customer();
  CHECK(test.stripe.get("/v1/customers/" + id, key_k).status == 200);
  CHECK(test.stripe.get("/v1/customers", key_k).headers.find("Idempotent-Replayed") == nullptr);
  const auto long_key =
      test.stripe.post("/v1/customers", "", {{"Idempotency-Key", std::string(256, 'k')}});
  CHECK(long_key.status == 400);
}

TEST_CASE("an answer lost after the effect is found again under its key") {
  StripeTest test;
  test.stripe.admin("faults", {{"kind", "reset-after-effect"},
                               {"method", "POST"},
                               {"path", "/v1/customers"},
                               {"times", 1}});
  const auto lost = test.stripe.post("/v1/customers", "name=A", key_k);
  CHECK(lost.reply.delivery == Delivery::reset);
  const auto found = test.stripe.post("/v1/customers", "name=A", key_k);
  CHECK(found.status == 200);
  CHECK(found.headers.value("Idempotent-Replayed") == "true");
  CHECK(customers(test) == 1);
}

TEST_CASE("the call log shows repeats of a key and effects made twice") {
  StripeTest test;
  test.stripe.post("/v1/customers", "name=A", key_k);
  test.stripe.post("/v1/customers", "name=A", key_k);
  const Json once = test.stripe.get("/_sandbox/calls").body;
  CHECK(once.at("duplicateEffects").empty());
  REQUIRE(once.at("idempotencyKeys").size() == 1);
  CHECK(once.at("idempotencyKeys").at(0).at("count") == 2);
  CHECK(once.at("idempotencyKeys").at(0).at("replayed") == 1);
  CHECK(once.at("idempotencyKeys").at(0).at("effects").size() == 1);
  CHECK(once.at("effects") == Json{{"customer", 1}});

  test.stripe.post("/v1/customers", "name=A", {{"Idempotency-Key", "another"}});
  const Json twice = test.stripe.get("/_sandbox/calls").body;
  REQUIRE(twice.at("duplicateEffects").size() == 1);
  CHECK(twice.at("duplicateEffects").at(0).at("objects").size() == 2);
}

}  // namespace
}  // namespace sequent::sandbox
