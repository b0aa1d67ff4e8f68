// POST /webhooks/{source}: what a configured sender signs is stored once, before it is answered.
#include <catch2/catch.hpp>

#include "base/digest.hpp"
#include "support.hpp"

using namespace sequent;
using namespace sequent::api::test;
using Catch::Contains;

namespace {

api::ApiConfig with_billing() {
  api::WebhookSource source;
  source.name = "billing";
  source.secrets = {"s-old", "s-new"};
  source.signature.header = "X-Signature";
  source.signature.prefix = "sha256=";
  source.type_prefix = "com.";
  api::ApiConfig config;
  config.webhook_sources = {source};
  return config;
}

HeaderList billing_signed(const std::string& secret, const std::string& body) {
  return {{"X-Signature", "sha256=" + hmac_sha256_hex(secret, body)},
          {"Content-Type", "application/json"}};
}

const std::string paid_by_card = R"({"id":"b1","type":"test.paid","amount":5})";

}  // namespace

TEST_CASE("a configured sender's event counts when it is signed, once", "[api]") {
  TestNode node{with_billing()};
  node.deploy(workflow("waits", listening_tasks));
  const auto id = node.start("waits");
  node.await_status(id, "waiting");
  const auto first =
      node.post("/webhooks/billing", paid_by_card, billing_signed("s-new", paid_by_card));
  CHECK(first.status == 200);
  CHECK(first.json.at("duplicate") == false);
  CHECK(first.json.at("runs") == 1);
  node.await_status(id, "completed");
  const auto again =
      node.post("/webhooks/billing", paid_by_card, billing_signed("s-old", paid_by_card));
  CHECK(again.status == 200);
  CHECK(again.json.at("duplicate") == true);
  const auto items = node.get("/api/v1/inbox").json.at("items");
  REQUIRE(items.size() == 1);
  CHECK(items[0].at("source") == "billing");
  CHECK(items[0].at("type") == "com.test.paid");
  CHECK(items[0].at("origin") == "webhook");
  CHECK(items[0].at("deliveries") == 2);
}

TEST_CASE("a webhook that comes before its run is held for it, and can be replayed", "[api]") {
  TestNode node{with_billing()};
  node.deploy(workflow("waits", listening_tasks));
  const auto early =
      node.post("/webhooks/billing", paid_by_card, billing_signed("s-new", paid_by_card));
  CHECK(early.json.at("held") == true);
  node.await_status(node.start("waits"), "completed");
  const auto second = node.start("waits");
  node.await_status(second, "waiting");
  const auto entry = "/api/v1/inbox/" + early.json.at("id").dump();
  const auto replayed = node.post(entry + ":replay", R"({"reason":"lost"})");
  CHECK(replayed.json.at("runs") == 1);
  node.await_status(second, "completed");
}

TEST_CASE("what is not signed, not readable or not configured is not stored", "[api]") {
  TestNode node{with_billing()};
  const auto forged =
      node.post("/webhooks/billing", paid_by_card, billing_signed("other", paid_by_card));
  CHECK(forged.status == 400);
  CHECK_THAT(forged.text, !Contains("s-old") && !Contains("s-new"));
  CHECK(node.post("/webhooks/billing", paid_by_card).status == 400);
  CHECK(node.post("/webhooks/billing?manual=true", paid_by_card).status == 403);
  CHECK(node.post("/webhooks/billing?manual=maybe", paid_by_card,
                  billing_signed("s-new", paid_by_card))
            .status == 400);
  const std::string nameless = R"({"type":"test.paid"})";
  const auto refused = node.post("/webhooks/billing", nameless, billing_signed("s-new", nameless));
  CHECK(refused.status == 400);
  CHECK_THAT(refused.text, Contains("/id"));
  CHECK(node.post("/webhooks/billing", "{", billing_signed("s-new", "{")).problem() ==
        "invalid-json");
  const auto other =
      node.post("/webhooks/other", paid_by_card, billing_signed("s-new", paid_by_card));
  CHECK(other.status == 404);
  CHECK_THAT(other.text, Contains("webhooks.sources"));
  CHECK(node.get("/webhooks/billing").status == 405);
  CHECK(node.get("/api/v1/inbox").json.at("items").empty());
}

TEST_CASE("two senders may use the same id", "[api]") {
  auto config = with_billing();
  config.webhook_sources.push_back(config.webhook_sources.front());
  config.webhook_sources.back().name = "shop";
  TestNode node{config};
  const auto headers = billing_signed("s-new", paid_by_card);
  CHECK(node.post("/webhooks/billing", paid_by_card, headers).json.at("duplicate") == false);
  CHECK(node.post("/webhooks/shop", paid_by_card, headers).json.at("duplicate") == false);
  CHECK(node.post("/webhooks/shop", paid_by_card, headers).json.at("duplicate") == true);
}

TEST_CASE("outside of production a webhook may come by hand, and is audited", "[api]") {
  auto config = with_billing();
  config.allow_unsigned_webhooks = true;
  TestNode node{config};
  CHECK(node.post("/webhooks/billing?manual=true", paid_by_card).json.at("duplicate") == false);
  const auto audit = node.get("/api/v1/audit?target=b1").json.at("items");
  REQUIRE(audit.size() == 1);
  CHECK(audit[0].at("action") == "webhook-by-hand");
}
