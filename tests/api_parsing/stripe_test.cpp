#include <catch2/catch.hpp>

#include "api/stripe_event.hpp"
#include "api/webhook_signature.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "tests/support/shared_folder.hpp"

using namespace sequent;
using namespace sequent::api;
using Catch::Contains;

namespace {

std::string signed_header(const std::string& secret, const std::string& time,
                          const std::string& body) {
  return "t=" + time + ",v1=" + hmac_sha256_hex(secret, time + "." + body);
}

Result<void> check_stripe_signature(const std::string& header, const std::string& body,
                                    const std::vector<std::string>& secrets, Timestamp now,
                                    int tolerance_seconds) {
  net::Headers headers;
  headers.add("Stripe-Signature", header);
  return check_signature(stripe_signature_rule(tolerance_seconds), headers, body, secrets, now);
}

}  // namespace

TEST_CASE("Stripe's signature scheme, by the shared vectors", "[api]") {
  const auto vectors = test::shared_contract("stripe-webhook-signature-vectors.json");
  if (!vectors) return;
  REQUIRE(vectors->at("vectors").size() > 10);
  for (const auto& vector : vectors->at("vectors")) {
    CAPTURE(vector.at("name").get<std::string>(), vector.at("reason").get<std::string>());
    const auto secrets = vector.at("secrets").get<std::vector<std::string>>();
    const auto checked = check_stripe_signature(
        text_of(vector, "stripe_signature"), text_of(vector, "payload"), secrets,
        vector.at("now").get<std::int64_t>() * 1'000, vector.at("tolerance_seconds").get<int>());
    CHECK(checked.has_value() == vector.at("expect").get<bool>());
  }
}

TEST_CASE("a signature counts for any secret and any v1, and never by v0", "[api]") {
  const std::vector<std::string> secrets{"old", "new"};
  const std::string body = R"({"id":"evt_1"})";
  const Timestamp now = 1'700'000'000'000;
  const auto check = [&](const std::string& header) {
    return check_stripe_signature(header, body, secrets, now, 300);
  };
  CHECK(check(signed_header("old", "1700000000", body)));
  CHECK(check(signed_header("new", "1699999700", body) + ",v1=00,v0=00"));
  const auto late = check(signed_header("new", "1699999699", body));
  REQUIRE_FALSE(late);
  CHECK_THAT(late.error().detail, Contains("301 s old"));
  const auto other = check(signed_header("other", "1700000000", body));
  REQUIRE_FALSE(other);
  CHECK_THAT(other.error().detail, !Contains("old\"") && !Contains("new"));
  auto header = signed_header("new", "1700000000", body);
  header.replace(header.find("v1="), 3, "v0=");
  CHECK_FALSE(check(header));
  for (const char* broken : {"", "t=,v1=00", "v1=00", "t=1700000000", "t=1e9,v1=00", "t=-5,v1=0"}) {
    CAPTURE(broken);
    CHECK_FALSE(check(broken));
  }
  CHECK_FALSE(check_stripe_signature(signed_header("", "1700000000", body), body, {}, now, 300));
}

TEST_CASE("a Stripe event becomes a CloudEvent", "[api]") {
  const Json event{{"id", "evt_1"},
                   {"object", "event"},
                   {"api_version", "2025-03-31.basil"},
                   {"created", 1'700'000'000},
                   {"livemode", false},
                   {"account", "acct_9"},
                   {"type", "charge.refunded"},
                   {"request", {{"id", "req_1"}, {"idempotency_key", "k1"}}},
                   {"data", {{"object", {{"id", "ch_1"}, {"amount", 5}}}}}};
  const auto out = cloud_event_of_stripe(event);
  REQUIRE(out);
  CHECK(*out == Json{{"specversion", "1.0"},
                     {"id", "evt_1"},
                     {"source", "stripe/acct_9"},
                     {"type", "com.stripe.charge.refunded"},
                     {"subject", "ch_1"},
                     {"time", "2023-11-14T22:13:20.000Z"},
                     {"datacontenttype", "application/json"},
                     {"stripeaccount", "acct_9"},
                     {"livemode", false},
                     {"apiversion", "2025-03-31.basil"},
                     {"idempotencykey", "k1"},
                     {"data", event.at("data")}});
}

TEST_CASE("a thin Stripe event is never taken for a state", "[api]") {
  const Json thin{{"id", "evt_2"},
                  {"object", "v2.core.event"},
                  {"type", "v1.billing.meter.error_report_triggered"},
                  {"created", "2026-01-02T03:04:05.000Z"},
                  {"related_object", {{"id", "mtr_1"}, {"type", "billing.meter"}}}};
  const auto out = cloud_event_of_stripe(thin);
  REQUIRE(out);
  CHECK(out->at("stripethin") == true);
  CHECK(out->at("source") == "stripe");
  CHECK(out->at("subject") == "mtr_1");
  CHECK(out->at("data") == Json{{"related_object", thin.at("related_object")}});
}

TEST_CASE("what is no event of Stripe is refused with what is missing", "[api]") {
  const auto bare = cloud_event_of_stripe(Json{{"object", {{"id", "ch_1"}}}});
  REQUIRE_FALSE(bare);
  CHECK(bare.error().findings.size() == 4);  // object, id, type, created
  CHECK_FALSE(cloud_event_of_stripe(Json::array()));
  const auto no_data = cloud_event_of_stripe(
      Json{{"id", "evt_1"}, {"object", "event"}, {"type", "t"}, {"created", 1}});
  REQUIRE_FALSE(no_data);
  CHECK(no_data.error().findings[0].pointer == "/data/object");
  const auto far = cloud_event_of_stripe(
      Json{{"id", "evt_1"}, {"object", "v2.core.event"}, {"type", "t"}, {"created", UINT64_MAX}});
  CHECK_FALSE(far);
}
