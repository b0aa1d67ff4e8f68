#include "tests/sandbox_aws/support.hpp"

namespace sequent::sandbox {
namespace {

constexpr DurationMs hour_ms = 3'600'000;

Json record(const AwsTest& test, const Json& buyer, std::int64_t quantity = 3,
            DurationMs ago_ms = hour_ms) {
  return {{"Timestamp", (test.caller.now - ago_ms) / 1'000},
          {"CustomerIdentifier", buyer.at("CustomerIdentifier")},
          {"Dimension", "PlusAccount"},
          {"Quantity", quantity}};
}

Json batch(Json records) {
  return {{"ProductCode", "sandbox-product"}, {"UsageRecords", std::move(records)}};
}

std::string meter(AwsTest& test, const Json& one) {
  const Json answer = test.done(metering + std::string("BatchMeterUsage"), batch({one}));
  REQUIRE(answer.at("Results").size() == 1);
  return text_of(answer.at("Results").at(0), "Status");
}

const std::string resolve = metering + std::string("ResolveCustomer");
const std::string batch_meter = metering + std::string("BatchMeterUsage");
const std::string entitlements = entitlement + std::string("GetEntitlements");

TEST_CASE("only what is signed with known credentials, for this service and now, is let in") {
  AwsTest test;
  const Json buyer = test.buyer();
  const Json body{{"RegistrationToken", buyer.at("token")}};
  CHECK(test.call(resolve, body).status == 200);
  CHECK(test.refused(resolve, body, {.key = "AKIAOTHER"}) == "UnrecognizedClientException");
  CHECK(test.refused(resolve, body, {.secret = "wrong"}) == "InvalidSignatureException");
  CHECK(test.refused(resolve, body, {.region = "eu-west-1"}) == "InvalidSignatureException");
  CHECK(test.refused(resolve, body, {.service = "sqs"}) == "InvalidSignatureException");
  CHECK(test.refused(resolve, body, {.skew_ms = -301'000}) == "InvalidSignatureException");
  CHECK(test.refused(resolve, body, {.skew_ms = 301'000}) == "InvalidSignatureException");
  CHECK(test.call(resolve, body, {.skew_ms = -299'000}).status == 200);
  SECTION("a body that was changed after signing") {
    const auto headers = test.headers(resolve, dump_json(body), {});
    const auto answered = test.caller.call("POST", "/", dump_json(body) + " ", headers);
    CHECK(code_of(answered) == "InvalidSignatureException");
  }
  SECTION("a header of AWS that was not signed") {
    auto headers = test.headers(resolve, dump_json(body), {});
    headers["X-Amz-Meta"] = "x";
    CHECK(code_of(test.caller.call("POST", "/", dump_json(body), headers)) ==
          "InvalidSignatureException");
  }
  SECTION("no signature at all") {
    const auto answered =
        test.caller.call("POST", "/", dump_json(body), {{"X-Amz-Target", resolve}});
    CHECK(answered.status == 403);
    CHECK(code_of(answered) == "MissingAuthenticationTokenException");
  }
}

TEST_CASE("temporary credentials come from the container's endpoint and run out") {
  AwsTest test;
  const Json body{{"RegistrationToken", test.buyer().at("token")}};
  CHECK(test.caller.get("/credentials").status == 403);
  const auto got = test.caller.get("/credentials", {{"Authorization", "sandbox-container-token"}});
  REQUIRE(got.status == 200);
  const Signing signing{.key = text_of(got.body, "AccessKeyId"),
                        .secret = text_of(got.body, "SecretAccessKey"),
                        .token = text_of(got.body, "Token")};
  CHECK(test.call(resolve, body, signing).status == 200);
  CHECK(test.refused(resolve, body, {.key = signing.key, .secret = signing.secret}) ==
        "UnrecognizedClientException");
  test.caller.admin("credentials", {{"ttlSeconds", 60}});
  const auto late = test.call(resolve, body, signing);
  CHECK(code_of(late) == "ExpiredTokenException");
  CHECK(late.headers.value("x-amzn-ErrorType").starts_with("ExpiredTokenException"));
}

TEST_CASE("a registration token is known, unknown or past its time") {
  AwsTest test;
  const Json buyer = test.buyer(Json{{"ttlSeconds", 60}});
  const Json body{{"RegistrationToken", buyer.at("token")}};
  const Json who = test.done(resolve, body);
  CHECK(who.at("CustomerIdentifier") == buyer.at("CustomerIdentifier"));
  CHECK(who.at("CustomerAWSAccountId") == buyer.at("CustomerAWSAccountId"));
  CHECK(who.at("ProductCode") == "sandbox-product");
  CHECK(test.refused(resolve, {{"RegistrationToken", "nobody's"}}) == "InvalidTokenException");
  CHECK(test.refused(resolve, Json::object()) == "ValidationException");
  test.caller.admin("clock", {{"advanceSeconds", 61}});
  CHECK(test.refused(resolve, body) == "ExpiredTokenException");
  const Json once{{"RegistrationToken", test.buyer(Json{{"singleUse", true}}).at("token")}};
  CHECK(test.call(resolve, once).status == 200);
  CHECK(test.refused(resolve, once) == "ExpiredTokenException");
  const Json concurrent = test.buyer(Json{{"concurrent", true}});
  const Json agreement = test.done(resolve, {{"RegistrationToken", concurrent.at("token")}});
  CHECK_FALSE(agreement.contains("CustomerIdentifier"));
  CHECK(text_of(agreement, "LicenseArn").starts_with("arn:aws:"));
}

TEST_CASE("an hour of a dimension is charged once, whatever is sent for it") {
  AwsTest test;
  const Json buyer = test.buyer();
  const Json one = record(test, buyer);
  const Json first = test.done(batch_meter, batch({one}));
  const Json again = test.done(batch_meter, batch({one}));
  CHECK(first == again);  // the same record id too
  CHECK(meter(test, record(test, buyer, 4)) == "DuplicateRecord");
  CHECK(meter(test, record(test, buyer, 4, 2 * hour_ms)) == "Success");
  const Json usage = test.caller.get("/_sandbox/state").body.at("usage");
  CHECK(usage.size() == 2);
}

TEST_CASE("usage of who has not subscribed is answered so and not charged") {
  AwsTest test;
  const Json buyer = test.buyer(Json::object());
  const Json who = buyer.at("CustomerIdentifier");
  const auto notify = [&](const char* action) {
    test.caller.admin("notifications", {{"action", action}, {"customerIdentifier", who}});
  };
  const auto now_record = [&] { return record(test, buyer, 1, 0); };
  CHECK(meter(test, now_record()) == "CustomerNotSubscribed");
  notify("subscribe-success");
  CHECK(meter(test, now_record()) == "Success");
  notify("unsubscribe-pending");
  CHECK(meter(test, now_record()) == "Success");
  notify("unsubscribe-success");
  CHECK(meter(test, now_record()) == "Success");  // within the hour
  test.caller.admin("clock", {{"advanceSeconds", 3'600}});
  CHECK(meter(test, now_record()) == "CustomerNotSubscribed");
}

TEST_CASE("one record that is wrong refuses its whole batch") {
  AwsTest test;
  const Json buyer = test.buyer();
  const Json good = record(test, buyer);
  const auto with = [&](const Json& change) {
    Json bad = record(test, buyer, 3, 2 * hour_ms);
    bad.update(change);
    return test.refused(batch_meter, batch({good, bad}));
  };
  const auto now = test.caller.now / 1'000;
  CHECK(with({{"Timestamp", now - 24 * 3'600}}) == "TimestampOutOfBoundsException");
  CHECK(with({{"Timestamp", now + 600}}) == "TimestampOutOfBoundsException");
  CHECK(with({{"Timestamp", "2026-11-21T12:00:00Z"}}) == "SerializationException");
  CHECK(with({{"CustomerIdentifier", "nobody"}}) == "InvalidCustomerIdentifierException");
  CHECK(with({{"Dimension", "Unknown"}}) == "InvalidUsageDimensionException");
  CHECK(with({{"Quantity", -1}}) == "ValidationException");
  CHECK(with({{"UsageAllocations", {{{"AllocatedUsageQuantity", 2}}}}}) ==
        "InvalidUsageAllocationsException");
  CHECK(test.refused(batch_meter, {{"ProductCode", "other"}, {"UsageRecords", {good}}}) ==
        "InvalidProductCodeException");
  Json many = Json::array();
  for (int i = 0; i < 26; ++i) many.push_back(good);
  CHECK(test.refused(batch_meter, batch(many)) == "ValidationException");
  CHECK(test.caller.get("/_sandbox/state").body.at("usage").empty());
}

TEST_CASE("the month before closes at six on the first") {
  AwsTest test;
  const Json buyer = test.buyer();
  const auto at = [&](const char* now, const char* usage) {
    test.caller.now = parse_time(now).value();
    Json one = record(test, buyer);
    one["Timestamp"] = parse_time(usage).value() / 1'000;
    return code_of(test.call(batch_meter, batch({one})));
  };
  CHECK(at("2027-02-01T05:59:00Z", "2027-01-31T23:00:00Z").empty());
  CHECK(at("2027-02-01T06:00:00Z", "2027-01-31T22:00:00Z") == "TimestampOutOfBoundsException");
  CHECK(at("2027-02-01T06:00:00Z", "2027-02-01T00:00:00Z").empty());
}

TEST_CASE("records that are left unprocessed are named and not charged") {
  AwsTest test;
  const Json buyer = test.buyer();
  test.caller.admin("unprocessed", {{"records", 1}});
  const Json records{record(test, buyer), record(test, buyer, 3, 2 * hour_ms)};
  const Json answer = test.done(batch_meter, batch(records));
  CHECK(answer.at("UnprocessedRecords") == Json{records.at(0)});
  CHECK(answer.at("Results").size() == 1);
  CHECK(test.done(batch_meter, batch(records)).at("UnprocessedRecords").empty());
}

TEST_CASE("entitlements come in pages, of which some are empty") {
  AwsTest test;
  const Json first = test.buyer();
  const Json second = test.buyer();
  for (int i = 0; i < 3; ++i)
    test.caller.admin("entitlements",
                      {{"customerIdentifier", first.at("CustomerIdentifier")}, {"value", i}});
  test.caller.admin("entitlements",
                    {{"customerIdentifier", second.at("CustomerIdentifier")}, {"value", true}});
  Json request{{"ProductCode", "sandbox-product"},
               {"MaxResults", 2},
               {"Filter", {{"CUSTOMER_IDENTIFIER", {second.at("CustomerIdentifier")}}}}};
  const Json page = test.done(entitlements, request);
  CHECK(page.at("Entitlements").empty());
  request["NextToken"] = page.at("NextToken");
  const Json last = test.done(entitlements, request);
  REQUIRE(last.at("Entitlements").size() == 1);
  CHECK(last.at("Entitlements").at(0).at("Value") == Json{{"BooleanValue", true}});
  CHECK_FALSE(last.contains("NextToken"));
  request["Filter"]["CUSTOMER_AWS_ACCOUNT_ID"] = {"1"};
  CHECK(test.refused(entitlements, request) == "InvalidParameterException");
}

TEST_CASE("throttling and breakdowns are worded as each service words them") {
  AwsTest test;
  const Json body{{"RegistrationToken", test.buyer().at("token")}};
  const auto fault = [&](const char* kind, const char* path) {
    test.caller.admin("faults", {{"kind", kind}, {"path", path}, {"times", 1}});
  };
  fault("rate-limit", "*ResolveCustomer");
  fault("server-error", "*ReceiveMessage");
  CHECK(test.refused(resolve, body) == "ThrottlingException");
  CHECK(test.call(resolve, body).status == 200);
  const auto broken = test.call(sqs + std::string("ReceiveMessage"), {{"QueueUrl", queue_url}});
  CHECK(broken.status == 500);
  CHECK(code_of(broken) == "InternalError");
}

}  // namespace
}  // namespace sequent::sandbox
