#include "sandbox/faults.hpp"

#include "support.hpp"

namespace sequent::sandbox {
namespace {

TEST_CASE("a fault hits the calls that it names, as often as told") {
  StripeTest test;
  test.stripe.admin(
      "faults", {{"kind", "outage"}, {"method", "GET"}, {"path", "/v1/customers/*"}, {"times", 2}});
  const auto id = test.customer();
  CHECK(test.stripe.get("/v1/customers").status == 200);
  CHECK(test.stripe.get("/v1/customers/" + id).status == 503);
  CHECK(test.stripe.get("/v1/customers/" + id).status == 503);
  CHECK(test.stripe.get("/v1/customers/" + id).status == 200);
  const Json faults = test.stripe.get("/_sandbox/faults").body["faults"];
  CHECK(faults[0]["used"] == 2);
  CHECK(faults[0]["timesLeft"] == 0);
}

TEST_CASE("a fault ends after its seconds, or when it is removed") {
  StripeTest test;
  const Json added = test.stripe.admin("faults", {{"kind", "outage"}, {"seconds", 5}});
  test.stripe.now += 4'999;
  CHECK(test.stripe.get("/v1/customers").status == 503);
  test.stripe.now += 1;
  CHECK(test.stripe.get("/v1/customers").status == 200);
  test.stripe.admin("faults", {{"kind", "outage"}});
  CHECK(test.stripe.get("/v1/customers").status == 503);
  CHECK(
      test.stripe
          .call("DELETE", "/_sandbox/faults/" + std::to_string(added["faults"][0]["id"].get<int>()))
          .body["removed"] == 1);
  CHECK(test.stripe.get("/v1/customers").status == 503);
  CHECK(test.stripe.call("DELETE", "/_sandbox/faults").body["removed"] == 1);
  CHECK(test.stripe.get("/v1/customers").status == 200);
}

TEST_CASE("a fault with a probability hits the same calls for the same seed") {
  const auto hits = [](std::uint64_t seed) {
    stripe::StripeOptions options;
    options.seed = seed;
    StripeTest test(options);
    test.stripe.admin("faults", {{"kind", "outage"}, {"probability", 0.3}});
    std::string pattern;
    for (int i = 0; i < 200; ++i)
      pattern += test.stripe.get("/v1/customers").status == 503 ? '1' : '0';
    return pattern;
  };
  const auto pattern = hits(7);
  const auto count = std::count(pattern.begin(), pattern.end(), '1');
  CHECK(count > 30);
  CHECK(count < 90);
  CHECK(hits(7) == pattern);
  CHECK(hits(8) != pattern);
}

TEST_CASE("resets and hangs before the effect leave nothing behind") {
  StripeTest test;
  const auto kind = GENERATE("reset-before-effect", "hang");
  test.stripe.admin("faults", {{"kind", kind}, {"times", 1}});
  const auto lost = test.stripe.post("/v1/customers", "name=A");
  CHECK(lost.reply.delivery != Delivery::answer);
  CHECK(test.read("/v1/customers")["data"].empty());
}

TEST_CASE("a hang may come after the effect") {
  StripeTest test;
  test.stripe.admin("faults", {{"kind", "hang"}, {"times", 1}, {"effect", true}});
  CHECK(test.stripe.post("/v1/customers", "name=A").reply.delivery == Delivery::hang);
  CHECK(test.read("/v1/customers")["data"].size() == 1);
}

TEST_CASE("HTML and huge answers come instead of JSON") {
  StripeTest test;
  test.stripe.admin("faults", {{"kind", "html"}, {"times", 1}});
  const auto html = test.stripe.get("/v1/customers");
  CHECK(html.status == 502);
  CHECK(html.headers.value("Content-Type").starts_with("text/html"));
  test.stripe.admin("faults", {{"kind", "huge"}, {"times", 1}});
  CHECK(test.stripe.get("/v1/customers").reply.huge_bytes == 100'000'000);
}

TEST_CASE("a lock time-out says that it may be retried") {
  StripeTest test;
  test.stripe.admin("faults", {{"kind", "rate-limit"}, {"code", "lock_timeout"}, {"times", 1}});
  const auto locked = test.stripe.post("/v1/customers", "name=A");
  CHECK(locked.status == 429);
  CHECK(locked.body["error"]["code"] == "lock_timeout");
  CHECK(locked.headers.value("Stripe-Should-Retry") == "true");
}

TEST_CASE("several faults are added together or not at all") {
  StripeTest test;
  const auto wrong =
      test.stripe.post("/_sandbox/faults", R"([{"kind":"hang"},{"kind":"explode"}])");
  CHECK(wrong.status == 400);
  CHECK(wrong.body["error"].get<std::string>().find("latency") != std::string::npos);
  CHECK(test.stripe.get("/_sandbox/faults").body["faults"].empty());
  for (const char* body :
       {R"({})", R"([1])", R"({"kind":"latency","ms":"x"})", R"({"kind":"latency","ms":-1})",
        R"({"kind":"latency","mss":1})", R"({"kind":"html","status":200})",
        R"({"kind":"outage","probability":2})", R"(nonsense)"}) {
    CAPTURE(body);
    CHECK(test.stripe.post("/_sandbox/faults", body).status == 400);
  }
}

TEST_CASE("a limit per second spares so many calls of each second", "[sandbox]") {
  sandbox::FaultPlan plan{1};
  REQUIRE(plan.add(Json{{"kind", "rate-limit"}, {"perSecond", 2}}, 0).has_value());
  const auto hit = [&](Timestamp now) { return !plan.take_for_call("GET", "/v1/x", now).empty(); };
  CHECK_FALSE(hit(10'000));
  CHECK_FALSE(hit(10'500));
  CHECK(hit(10'999));
  CHECK_FALSE(hit(11'000));
}

TEST_CASE("patterns match any text where they have a star") {
  CHECK(glob_matches("", "/v1/customers"));
  CHECK(glob_matches("/v1/*", "/v1/customers"));
  CHECK(glob_matches("*/expire", "/v1/checkout/sessions/cs_1/expire"));
  CHECK(glob_matches("/v1/*/cs_*", "/v1/checkout/sessions/cs_1"));
  CHECK_FALSE(glob_matches("/v1", "/v1/customers"));
  CHECK_FALSE(glob_matches("*/pay", "/v1/checkout/sessions/cs_1/expire"));
}

}  // namespace
}  // namespace sequent::sandbox
