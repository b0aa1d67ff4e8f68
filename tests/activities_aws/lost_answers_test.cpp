// Every activity of AWS with its answer lost: repeated at once, and more than a day later.
#include <catch2/catch.hpp>

#include "tests/activities_aws/support.hpp"

using namespace sequent;
using namespace sequent::tests;
using machine::Outcome;

namespace {

Json usage(AwsProvider& aws, int buyers) {
  Json records = Json::array();
  for (int i = 0; i < buyers; ++i) {
    const Json buyer = aws.admin("tokens", {{"subscribed", true}});
    records.push_back({{"Timestamp", format_time(aws.time())},
                       {"CustomerIdentifier", buyer.at("CustomerIdentifier")},
                       {"Dimension", "PlusAccount"},
                       {"Quantity", 1}});
  }
  return {{"ProductCode", "sandbox-product"}, {"UsageRecords", records}};
}

void fault(AwsProvider& aws, const char* kind, const char* target) {
  aws.admin("faults", {{"kind", kind}, {"path", target}, {"times", 1}});
}

const Json& first_result(const Json& output) {
  return output.at("Results").at(0);
}

}  // namespace

TEST_CASE("no activity of AWS is left out of these tests", "[activities]") {
  AwsProvider aws;
  CHECK(aws.registry.names() ==
        std::vector<std::string>{meter, entitlements, resolve, remove_message, receive});
}

TEST_CASE("a read whose answer was lost is repeated", "[activities]") {
  AwsProvider aws;
  SECTION("who has bought, until the token has run out") {
    const Json input{{"RegistrationToken", aws.admin("tokens", {{"ttlSeconds", 60}}).at("token")}};
    fault(aws, "reset-after-effect", "*ResolveCustomer");
    CHECK(aws.failed(resolve, input).outcome == Outcome::transient);
    CHECK(aws.call(resolve, input, 2).has_value());
    aws.advance(25 * hour_ms);
    CHECK(aws.call(resolve, input, 3).error().outcome == Outcome::permanent);
  }
  SECTION("what was bought") {
    const Json input{{"ProductCode", "sandbox-product"}};
    fault(aws, "reset-after-effect", "*GetEntitlements");
    CHECK(aws.failed(entitlements, input).outcome == Outcome::transient);
    CHECK(aws.call(entitlements, input, 2).has_value());
    aws.advance(25 * hour_ms);
    CHECK(aws.call(entitlements, input, 3).has_value());
  }
}

TEST_CASE("a message whose receipt or whose deletion got no answer is lost in neither case",
          "[activities]") {
  AwsProvider aws;
  aws.admin("messages", {{"body", "hello"}});
  const Json reading{{"VisibilityTimeout", 60}};
  fault(aws, "reset-after-effect", "*ReceiveMessage");
  CHECK(aws.failed(receive, reading).outcome == Outcome::transient);
  CHECK(aws.call(receive, reading, 2).value().at("Messages").empty());  // nobody knows its handle
  aws.advance(61'000);
  const Json again = aws.call(receive, reading, 3).value().at("Messages");
  REQUIRE(again.size() == 1);
  const Json handle{{"ReceiptHandle", again.at(0).at("ReceiptHandle")}};
  fault(aws, "reset-after-effect", "*DeleteMessage");
  CHECK(aws.failed(remove_message, handle).outcome == Outcome::transient);
  CHECK(aws.call(remove_message, handle, 2).has_value());
  aws.advance(25 * hour_ms);
  CHECK(aws.call(remove_message, handle, 3).has_value());
  CHECK(aws.done(receive, reading).at("Messages").empty());
}

TEST_CASE("usage whose answer was lost is charged once, and a day later says what is in doubt",
          "[activities]") {
  AwsProvider aws;
  const Json input = usage(aws, 1);
  const std::string kind = GENERATE("reset-after-effect", "html", "outage", "server-error");
  const bool happened = kind == "reset-after-effect";
  CAPTURE(kind);
  fault(aws, kind.c_str(), "*BatchMeterUsage");
  CHECK(aws.failed(meter, input).outcome == Outcome::unknown);
  CHECK(aws.state().at("usage").size() == (happened ? 1 : 0));
  SECTION("within the day it is sent again, which charges nothing twice") {
    CHECK(first_result(aws.call(meter, input, 2).value()).at("Status") == "Success");
    CHECK(aws.state().at("usage").size() == 1);
  }
  SECTION("later AWS takes it no more, and it may have been charged") {
    aws.advance(25 * hour_ms);
    const Json late = aws.call(meter, input, 2).value();
    CHECK(first_result(late).at("Status") == "TimestampOutOfBoundsException");
    CHECK(first_result(late).at("MayBeRecorded") == true);
    CHECK(late.at("Accepted") == 0);
    CHECK(aws.state().at("usage").size() == (happened ? 1 : 0));
  }
}

TEST_CASE("usage that AWS had no time for was charged only where an earlier batch was",
          "[activities]") {
  AwsProvider aws;
  const bool second = GENERATE(false, true);
  const Json input = usage(aws, 30);  // two batches
  const auto limit = [&] { fault(aws, "rate-limit", "*BatchMeterUsage"); };
  if (second)
    aws.when_answered = [&, calls = 0]() mutable {
      if (++calls == 1) limit();
    };
  else
    limit();
  CHECK(aws.failed(meter, input).outcome == (second ? Outcome::unknown : Outcome::transient));
  CHECK(aws.state().at("usage").size() == (second ? 25 : 0));
  aws.advance(25 * hour_ms);
  const Json late = aws.call(meter, input, 2).value();
  for (const auto& result : late.at("Results")) CHECK(result.at("MayBeRecorded") == second);
}
