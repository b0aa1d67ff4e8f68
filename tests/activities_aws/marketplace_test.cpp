#include <catch2/catch.hpp>

#include "tests/activities_aws/support.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;

namespace {

Json record(const Json& who, Timestamp at, std::int64_t quantity = 1) {
  return {{"Timestamp", format_time(at)},
          {"CustomerIdentifier", who},
          {"Dimension", "PlusAccount"},
          {"Quantity", quantity}};
}

Json batch(Json all) {
  return {{"ProductCode", "sandbox-product"}, {"UsageRecords", std::move(all)}};
}

/// Buyers who may be metered, each with its identifier.
Json buyers(AwsProvider& aws, int count) {
  Json all = Json::array();
  for (int i = 0; i < count; ++i)
    all.push_back(aws.admin("tokens", {{"subscribed", true}}).at("CustomerIdentifier"));
  return all;
}

std::vector<std::string> statuses(const Json& output) {
  std::vector<std::string> found;
  for (const auto& result : output.at("Results")) found.push_back(text_of(result, "Status"));
  return found;
}

}  // namespace

TEST_CASE("a registration token gives the buyer, or says for good that it cannot", "[activities]") {
  AwsProvider aws;
  const Json buyer = aws.admin("tokens", {{"ttlSeconds", 60}});
  const Json input{{"RegistrationToken", buyer.at("token")}};
  const Json who = aws.done(resolve, input);
  CHECK(who.at("CustomerIdentifier") == buyer.at("CustomerIdentifier"));
  CHECK(who.at("ProductCode") == "sandbox-product");
  const auto unknown = aws.failed(resolve, {{"RegistrationToken", "nobody's"}});
  CHECK(unknown.outcome == Outcome::permanent);
  CHECK(unknown.problem.status == 400);
  CHECK(unknown.problem.extensions.at("code") == "InvalidTokenException");
  CHECK(unknown.problem.detail.find("nobody's") == std::string::npos);
  aws.advance(61'000);
  const auto expired = aws.failed(resolve, input);
  CHECK(expired.outcome == Outcome::permanent);  // new credentials would not mend it
  CHECK(expired.problem.extensions.at("code") == "ExpiredTokenException");
  CHECK(aws.failed(resolve, {{"Token", "x"}}).problem.status == 400);
}

TEST_CASE("every way in which AWS fails to answer is worth another try", "[activities]") {
  AwsProvider aws;
  const Json input{{"RegistrationToken", aws.admin("tokens", Json::object()).at("token")}};
  const std::string kind =
      GENERATE("rate-limit", "server-error", "reset-after-effect", "outage", "html");
  CAPTURE(kind);
  aws.admin("faults", {{"kind", kind}, {"path", "*ResolveCustomer"}, {"times", 1}});
  CHECK(aws.failed(resolve, input).outcome == Outcome::transient);
  CHECK(aws.call(resolve, input, 2).has_value());
}

TEST_CASE("wrong credentials are refused for good, and their refusal repeats nothing",
          "[activities]") {
  auto config = AwsProvider::static_keys();
  SECTION("a wrong secret") {
    config.credentials = [] { return activities::AwsCredentials{"AKIASANDBOX", "wrong", ""}; };
    AwsProvider aws(config);
    const auto refused = aws.failed(resolve, {{"RegistrationToken", "t"}});
    CHECK(refused.outcome == Outcome::permanent);
    CHECK(refused.problem.extensions.at("code") == "InvalidSignatureException");
    CHECK(refused.problem.detail.find("calculated") == std::string::npos);
  }
  SECTION("none at all") {
    config.credentials = nullptr;
    AwsProvider aws(config);
    const auto refused = aws.failed(resolve, {{"RegistrationToken", "t"}});
    CHECK(refused.outcome == Outcome::permanent);
    CHECK(refused.problem.detail.find("providers.aws") != std::string::npos);
    CHECK(aws.bench.requests().empty());
  }
  SECTION("a clock that is off") {
    AwsProvider aws(config);
    aws.skew_ms = GENERATE(-600'000, 600'000);
    const auto late = aws.failed(resolve, {{"RegistrationToken", "t"}});
    CHECK(late.outcome == Outcome::transient);
    CHECK(late.problem.detail.find("clock") != std::string::npos);
  }
}

TEST_CASE("a container's credentials are fetched once, and anew when they have run out",
          "[activities]") {
  activities::AwsConfig config;
  config.container_url = "/credentials";
  config.container_token = [] { return "sandbox-container-token"; };
  AwsProvider aws(config);
  const Json input{{"RegistrationToken", aws.admin("tokens", Json::object()).at("token")}};
  const auto fetches = [&] {
    std::size_t count = 0;
    for (const auto& request : aws.bench.requests()) count += request.path == "/credentials";
    return count;
  };
  aws.done(resolve, input);
  aws.done(resolve, input);
  CHECK(fetches() == 1);
  aws.advance(hour_ms);  // past their end, which was told
  aws.done(entitlements, {{"ProductCode", "sandbox-product"}});
  CHECK(fetches() == 2);
  aws.admin("credentials", Json::object());  // ended early: AWS says so, and the call is made again
  aws.done(entitlements, {{"ProductCode", "sandbox-product"}});
  CHECK(fetches() == 3);
}

TEST_CASE("an endpoint that gives no credentials is told apart from one that is away",
          "[activities]") {
  activities::AwsConfig config;
  config.container_url = "/credentials";
  SECTION("refused") {
    AwsProvider aws(config);
    const auto refused = aws.failed(resolve, {{"RegistrationToken", "t"}});
    CHECK(refused.outcome == Outcome::permanent);
    CHECK(refused.problem.status == 401);
  }
  SECTION("away") {
    config.container_token = [] { return "sandbox-container-token"; };
    AwsProvider aws(config);
    aws.admin("faults", {{"kind", "outage"}, {"path", "/credentials"}});
    CHECK(aws.failed(resolve, {{"RegistrationToken", "t"}}).outcome == Outcome::transient);
  }
}

TEST_CASE("usage goes out in batches of twenty-five, each record with its outcome",
          "[activities]") {
  AwsProvider aws;
  const Json who = buyers(aws, 60);
  Json all = Json::array();
  for (const auto& one : who) all.push_back(record(one, aws.time() - hour_ms));
  const Json output = aws.done(meter, batch(all));
  CHECK(aws.calls("BatchMeterUsage") == 3);
  CHECK(output.at("Accepted") == 60);
  CHECK(output.at("Refused") == 0);
  for (std::size_t i = 0; i < 60; ++i) {
    CHECK(output.at("Results").at(i).at("UsageRecord").at("CustomerIdentifier") == who.at(i));
    CHECK_FALSE(text_of(output.at("Results").at(i), "MeteringRecordId").empty());
  }
  CHECK(aws.done(meter, batch(all)) == output);  // repeated: the same records, charged once
  CHECK(aws.state().at("usage").size() == 60);
}

TEST_CASE("no usage is no call", "[activities]") {
  AwsProvider aws;
  const Json output = aws.done(meter, batch(Json::array()));
  CHECK(output == Json{{"Results", Json::array()}, {"Accepted", 0}, {"Refused", 0}});
  CHECK(aws.bench.requests().empty());
}

TEST_CASE("records that would spoil their batch are found, and the others are charged",
          "[activities]") {
  AwsProvider aws;
  const Json who = buyers(aws, 30);
  const Json pending = aws.admin("tokens", Json::object()).at("CustomerIdentifier");
  Json all = Json::array();
  for (const auto& one : who) all.push_back(record(one, aws.time() - hour_ms));
  all[3]["Timestamp"] = (aws.time() - 25 * hour_ms) / 1'000;
  all[7]["CustomerIdentifier"] = "nobody";
  all[20]["Dimension"] = "Unknown";
  all[25]["CustomerIdentifier"] = pending;
  aws.done(meter, batch({record(who.at(28), aws.time() - hour_ms, 9)}));
  const Json output = aws.done(meter, batch(all));
  const auto found = statuses(output);
  CHECK(found[3] == "TimestampOutOfBoundsException");
  CHECK(found[7] == "InvalidCustomerIdentifierException");
  CHECK(found[20] == "InvalidUsageDimensionException");
  CHECK(found[25] == "CustomerNotSubscribed");
  CHECK(found[28] == "DuplicateRecord");
  CHECK(output.at("Accepted") == 25);
  CHECK(output.at("Refused") == 5);
  CHECK(output.at("Results").at(3).at("MayBeRecorded") == false);
  CHECK(aws.state().at("usage").size() == 26);
}

TEST_CASE("a record that is refused as late may have been charged by an attempt without an answer",
          "[activities]") {
  AwsProvider aws;
  const Json who = buyers(aws, 1);
  const Json input = batch({record(who.at(0), aws.time() - 23 * hour_ms)});
  aws.admin("faults", {{"kind", "reset-after-effect"}, {"times", 1}});
  CHECK(aws.failed(meter, input).outcome == Outcome::unknown);
  aws.advance(2 * hour_ms);
  const auto again = aws.call(meter, input, 2);
  REQUIRE(again.has_value());
  CHECK(statuses(*again) == std::vector<std::string>{"TimestampOutOfBoundsException"});
  CHECK(again->at("Results").at(0).at("MayBeRecorded") == true);
  CHECK(aws.state().at("usage").size() == 1);
}

TEST_CASE("records that AWS leaves unprocessed are sent again, and in the end the whole attempt",
          "[activities]") {
  AwsProvider aws;
  const Json who = buyers(aws, 2);
  const Json input = batch({record(who.at(0), aws.time()), record(who.at(1), aws.time())});
  aws.admin("unprocessed", {{"records", 1}});
  CHECK(aws.done(meter, input).at("Accepted") == 2);
  CHECK(aws.calls("BatchMeterUsage") == 2);
  aws.admin("unprocessed", {{"records", 6}});
  const auto left = aws.failed(meter, input);
  CHECK(left.outcome == Outcome::unknown);
  CHECK(left.problem.extensions.at("code") == "UnprocessedRecords");
  CHECK(aws.done(meter, input).at("Accepted") == 2);
}

TEST_CASE("what is wrong with a whole request is no outcome of its records", "[activities]") {
  AwsProvider aws;
  const Json who = buyers(aws, 1);
  Json input = batch({record(who.at(0), aws.time())});
  SECTION("another product") {
    input["ProductCode"] = "other";
    const auto refused = aws.failed(meter, input);
    CHECK(refused.outcome == Outcome::permanent);
    CHECK(refused.problem.extensions.at("code") == "InvalidProductCodeException");
    CHECK(aws.calls("BatchMeterUsage") == 1);
  }
  SECTION("throttled") {
    for (const auto& more : buyers(aws, 30))
      input["UsageRecords"].push_back(record(more, aws.time()));
    aws.admin("faults", {{"kind", "rate-limit"}, {"times", 1}, {"path", "*BatchMeterUsage"}});
    CHECK(aws.failed(meter, input).outcome == Outcome::transient);
    CHECK(aws.done(meter, input).at("Accepted") == 31);
  }
}

TEST_CASE("usage that AWS would not count as it is meant is refused before it is sent",
          "[activities]") {
  AwsProvider aws;
  const auto refused = [&](const Json& input) {
    const auto failure = aws.failed(meter, input);
    CHECK(failure.outcome == Outcome::permanent);
    CHECK(failure.problem.type == machine::standard_type(machine::ErrorKind::validation));
    return failure.problem.detail;
  };
  using Catch::Contains;
  const Json one = record("c", aws.time());
  CHECK_THAT(refused(batch({one, record("c", aws.time() + 60'000, 4)})),
             Contains("/UsageRecords/1") && Contains("/UsageRecords/0; add them up first"));
  Json licensed = one;
  licensed["LicenseArn"] = "arn:aws:license-manager::1:license:l-1";
  CHECK_THAT(refused(batch({licensed})), Contains("either ProductCode"));
  CHECK_THAT(refused({{"UsageRecords", {one}}}), Contains("either ProductCode"));
  Json timeless = one;
  timeless["Timestamp"] = "soon";
  CHECK_THAT(refused(batch({timeless})), Contains("Timestamp"));
  Json nobody = one;
  nobody.erase("CustomerIdentifier");
  static_cast<void>(refused(batch({nobody})));
  CHECK(aws.bench.requests().empty());
}

TEST_CASE("concurrent agreements are metered by account and license", "[activities]") {
  AwsProvider aws;
  const Json token = aws.admin("tokens", {{"concurrent", true}, {"subscribed", true}}).at("token");
  const Json who = aws.done(resolve, {{"RegistrationToken", token}});
  CHECK_FALSE(who.contains("CustomerIdentifier"));
  const Json one{{"Timestamp", aws.time() / 1'000},
                 {"CustomerAWSAccountId", who.at("CustomerAWSAccountId")},
                 {"LicenseArn", who.at("LicenseArn")},
                 {"Dimension", "PlusAccount"}};
  CHECK(statuses(aws.done(meter, {{"UsageRecords", {one}}})) ==
        std::vector<std::string>{"Success"});
}

TEST_CASE("entitlements are read to the last page", "[activities]") {
  AwsProvider aws;
  const Json who = buyers(aws, 2);
  for (int i = 0; i < 30; ++i)
    aws.admin("entitlements", {{"customerIdentifier", who.at(0)}, {"value", i}});
  aws.admin("entitlements", {{"customerIdentifier", who.at(1)}, {"value", "gold"}});
  const Json all = aws.done(entitlements, {{"ProductCode", "sandbox-product"}});
  CHECK(all.at("Entitlements").size() == 31);
  const Json one = aws.done(entitlements, {{"ProductCode", "sandbox-product"},
                                           {"Filter", {{"CUSTOMER_IDENTIFIER", {who.at(1)}}}}});
  REQUIRE(one.at("Entitlements").size() == 1);  // the first page was empty
  CHECK(one.at("Entitlements").at(0).at("Value") == Json{{"StringValue", "gold"}});
  CHECK(aws.calls("GetEntitlements") == 4);
}
