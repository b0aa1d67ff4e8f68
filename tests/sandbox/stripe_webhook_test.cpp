#include "base/digest.hpp"
#include "support.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::sandbox {
namespace {

stripe::StripeOptions with_endpoint() {
  stripe::StripeOptions options;
  options.webhook_url = "http://receiver.test/webhooks/stripe";
  options.webhook_secret = "whsec_one";
  return options;
}

std::vector<WebhookSend> due(StripeTest& test) {
  return test.stand_in.webhooks_due(test.stripe.now);
}

TEST_CASE("signatures agree with the published scheme") {
  const auto file = test::shared_contract("stripe-webhook-signature-vectors.json");
  if (!file) return;
  int checked = 0;
  for (const auto& vector : file->at("vectors")) {
    if (vector.at("name") != "valid" && vector.at("name") != "valid-utf8") continue;
    CAPTURE(vector.at("name"));
    const auto header = vector.at("stripe_signature").get<std::string>();
    const auto at = std::stoll(header.substr(2));
    CHECK(stripe::sign_webhook(vector.at("secrets").get<std::vector<std::string>>(), at,
                               vector.at("payload").get<std::string>()) == header);
    ++checked;
  }
  CHECK(checked == 2);
}

TEST_CASE("an event is sent signed, with its raw bytes, at the endpoint's version") {
  StripeTest test(with_endpoint());
  const auto id = test.customer();
  const auto sends = due(test);
  REQUIRE(sends.size() == 1);
  const WebhookSend& send = sends.front();
  CHECK(send.url == "http://receiver.test/webhooks/stripe");
  const auto time = std::to_string(test_start / 1000);
  CHECK(send.signature ==
        "t=" + time + ",v1=" + hmac_sha256_hex("whsec_one", time + "." + send.body));
  const Json event = *parse_json(send.body);
  CHECK(event["object"] == "event");
  CHECK(event["type"] == "customer.created");
  CHECK(event["data"]["object"]["id"] == id);
  CHECK(event["request"]["id"].is_string());
  CHECK(event["pending_webhooks"] == 1);
  CHECK(due(test).empty());
  test.stand_in.webhook_answered(send.delivery, 200, test.stripe.now);
  CHECK(test.read("/v1/events/" + event["id"].get<std::string>())["pending_webhooks"] == 0);
  CHECK(test.read("/v1/events?delivery_success=true")["data"].size() == 1);
}

TEST_CASE("what is not answered with 2xx is sent again later, signed anew, and then given up") {
  stripe::StripeOptions options = with_endpoint();
  options.webhook_retry = {.max_attempts = 3, .first_delay_ms = 1'000, .max_delay_ms = 60'000};
  StripeTest test(options);
  test.customer();
  const auto first = due(test);
  REQUIRE(first.size() == 1);
  test.stand_in.webhook_answered(first[0].delivery, 302, test.stripe.now);
  CHECK(due(test).empty());
  CHECK(test.stand_in.next_due() == test.stripe.now + 1'000);
  test.stripe.now += 1'000;
  const auto second = due(test);
  REQUIRE(second.size() == 1);
  CHECK(second[0].body == first[0].body);
  CHECK(second[0].signature != first[0].signature);
  test.stand_in.webhook_answered(second[0].delivery, 0, test.stripe.now);
  test.stripe.now += 1'999;
  CHECK(due(test).empty());
  test.stripe.now += 1;
  const auto third = due(test);
  REQUIRE(third.size() == 1);
  test.stand_in.webhook_answered(third[0].delivery, 500, test.stripe.now);
  test.stripe.now += 86'400'000;
  CHECK(due(test).empty());
  const Json deliveries = test.stripe.get("/_sandbox/webhook-deliveries").body["deliveries"];
  CHECK(deliveries[0]["state"] == "given-up");
  CHECK(deliveries[0]["statuses"] == Json{302, 0, 500});
}

TEST_CASE("duplicates carry the same event") {
  StripeTest test(with_endpoint());
  test.stripe.admin(
      "faults",
      {{"kind", "webhook-duplicate"}, {"copies", 3}, {"event", "customer.*"}, {"times", 1}});
  test.customer();
  const auto sends = due(test);
  REQUIRE(sends.size() == 3);
  CHECK(sends[0].body == sends[2].body);
  CHECK(sends[0].delivery != sends[2].delivery);
}

TEST_CASE("a reordered event arrives after the one that followed it") {
  StripeTest test(with_endpoint());
  test.stripe.admin("faults",
                    {{"kind", "webhook-reorder"}, {"event", "customer.created"}, {"times", 1}});
  const auto id = test.customer();
  CHECK(due(test).empty());
  test.stripe.post("/v1/customers/" + id, "name=Later");
  test.stripe.now += 50;
  const auto sends = due(test);
  REQUIRE(sends.size() == 2);
  CHECK(sends[0].type == "customer.updated");
  CHECK(sends[1].type == "customer.created");
}

TEST_CASE("a reordered event that nothing follows arrives all the same") {
  StripeTest test(with_endpoint());
  test.stripe.admin("faults", {{"kind", "webhook-reorder"}, {"times", 1}});
  test.customer();
  test.stripe.now += 5'000;
  CHECK(due(test).size() == 1);
}

TEST_CASE("webhooks come late, wrongly signed or with an old time on command") {
  StripeTest test(with_endpoint());
  SECTION("late") {
    test.stripe.admin("faults", {{"kind", "webhook-delay"}, {"ms", 700}});
    test.customer();
    test.stripe.now += 699;
    CHECK(due(test).empty());
    test.stripe.now += 1;
    CHECK(due(test).size() == 1);
  }
  SECTION("wrongly signed") {
    test.stripe.admin("faults", {{"kind", "webhook-wrong-signature"}, {"times", 1}});
    test.customer();
    const auto sends = due(test);
    REQUIRE(sends.size() == 1);
    const auto time = std::to_string(test_start / 1000);
    CHECK(sends[0].signature.starts_with("t=" + time + ",v1="));
    CHECK(sends[0].signature !=
          stripe::sign_webhook({"whsec_one"}, test_start / 1000, sends[0].body));
  }
  SECTION("old time, correctly signed") {
    test.stripe.admin("faults", {{"kind", "webhook-old-timestamp"}, {"times", 1}});
    test.customer();
    const auto sends = due(test);
    REQUIRE(sends.size() == 1);
    CHECK(sends[0].signature ==
          stripe::sign_webhook({"whsec_one"}, test_start / 1000 - 3600, sends[0].body));
  }
}

TEST_CASE("endpoints choose events, versions and secrets of their own") {
  StripeTest test;
  test.stripe.admin("webhook-endpoints", {{"url", "http://old.test"},
                                          {"secrets", {"whsec_new", "whsec_old"}},
                                          {"version", "2023-08-16"},
                                          {"events", {"invoice.paid"}}});
  const auto session = test.session("payment", "price_mug", "&invoice_creation[enabled]=true");
  test.stripe.admin("checkout/" + session + "/pay", {{"outcome", "paid"}});
  const auto sends = due(test);
  REQUIRE(sends.size() == 1);
  const Json event = *parse_json(sends[0].body);
  CHECK(event["type"] == "invoice.paid");
  CHECK(event["api_version"] == "2023-08-16");
  CHECK(event["data"]["object"]["paid"] == true);
  CHECK(sends[0].signature ==
        stripe::sign_webhook({"whsec_new", "whsec_old"}, test_start / 1000, sends[0].body));
  CHECK(std::count(sends[0].signature.begin(), sends[0].signature.end(), ',') == 2);
}

TEST_CASE("events of connected accounts go to Connect endpoints and name their account") {
  StripeTest test(with_endpoint());
  test.account("acct_1");
  test.stripe.post("/v1/customers", "name=A", {{"Stripe-Account", "acct_1"}});
  const auto sends = due(test);
  REQUIRE_FALSE(sends.empty());
  for (const auto& send : sends) {
    CHECK(send.url == "http://receiver.test/webhooks/stripe");
    CHECK((*parse_json(send.body))["account"] == "acct_1");
  }
  CHECK((*parse_json(sends.back().body))["type"] == "customer.created");
}

TEST_CASE("an endpoint made over the API shows its secret once, and stops when it is deleted") {
  StripeTest test;
  const auto made = test.stripe.post("/v1/webhook_endpoints",
                                     "url=http://x.test&enabled_events[]=customer.created");
  REQUIRE(made.status == 200);
  const auto id = made.body["id"].get<std::string>();
  CHECK(made.body["secret"].get<std::string>().starts_with("whsec_"));
  CHECK_FALSE(test.read("/v1/webhook_endpoints/" + id).contains("secret"));
  test.customer();
  test.customer();
  const auto sends = due(test);
  REQUIRE(sends.size() == 2);
  CHECK(sends[0].signature == stripe::sign_webhook({made.body["secret"].get<std::string>()},
                                                   test_start / 1000, sends[0].body));
  test.stand_in.webhook_answered(sends[0].delivery, 500, test.stripe.now);
  CHECK(test.stripe.call("DELETE", "/v1/webhook_endpoints/" + id).status == 200);
  test.stripe.now += 86'400'000;
  CHECK(due(test).empty());
}

TEST_CASE("an event remembers the request that caused it") {
  StripeTest test;
  const auto made = test.stripe.post("/v1/customers", "name=A", {{"Idempotency-Key", "key-7"}});
  const Json events = test.read("/v1/events?types[]=customer.created&types[]=customer.deleted");
  REQUIRE(events["data"].size() == 1);
  CHECK(events["data"][0]["request"]["idempotency_key"] == "key-7");
  CHECK(events["data"][0]["request"]["id"] == made.headers.value("Request-Id"));
}

}  // namespace
}  // namespace sequent::sandbox
