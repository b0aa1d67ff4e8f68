// Messages as activities and as notifications that a node keeps.
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include "activities/aws/notification.hpp"
#include "activities/aws/notification_poller.hpp"
#include "tests/activities_aws/support.hpp"

using namespace sequent;
using namespace sequent::tests;
using activities::aws::event_of_message;
using machine::Outcome;

namespace {

struct FixedClock final : runtime::Clock {
  Timestamp at = noon;
  [[nodiscard]] Timestamp now() const override { return at; }
};

Json message(const Json& body) {
  return {{"MessageId", "m-1"},
          {"ReceiptHandle", "r-1"},
          {"Body", body.is_string() ? body.get<std::string>() : dump_json(body)},
          {"Attributes", {{"SentTimestamp", std::to_string(noon)}}}};
}

const Json bare{{"action", "subscribe-success"},
                {"customer-identifier", "cust-1"},
                {"product-code", "prod-1"},
                {"offer-identifier", "offer-1"},
                {"isFreeTrialTermPresent", "true"}};

/// A poller over the stand-in's queue, that keeps events as the test says, until `enough`.
struct Polling {
  AwsProvider aws;
  FixedClock clock;
  std::vector<Json> kept;
  std::vector<std::int64_t> deletes_before;  // deletions seen when an event was kept
  int refusals = 0;                          // of the first events
  boost::asio::awaitable<Result<void>> keep(Json event) {
    deletes_before.push_back(aws.calls("DeleteMessage"));
    if (refusals-- > 0) co_return fail(ErrorCode::unavailable, "the store is full");
    kept.push_back(std::move(event));
    co_return Result<void>{};
  }
  boost::asio::awaitable<bool> run(std::function<bool()> enough) {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto keeping = [this](Json event) { return keep(std::move(event)); };
    activities::aws::NotificationPoller poller(aws.config, aws.bench.client, clock,
                                               std::move(keeping), executor);
    poller.start();
    boost::asio::steady_timer timer(executor);
    for (int i = 0; i < 3'000 && !enough(); ++i) {
      timer.expires_after(std::chrono::milliseconds(10));
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    auto stopping = poller.stop();
    co_await std::move(stopping);
    co_return enough();
  }
  std::int64_t in_queue() {
    return aws.state().at("queues").at("marketplace-notifications").at("count");
  }
  void notify(const char* action, int copies = 1) {
    const Json who = aws.admin("tokens", {{"customerIdentifier", "cust-1"}});
    aws.admin("notifications", {{"action", action},
                                {"customerIdentifier", who.at("CustomerIdentifier")},
                                {"copies", copies}});
  }
};

}  // namespace

TEST_CASE("messages are received, come back, and are deleted with their newest handle",
          "[activities]") {
  AwsProvider aws;
  CHECK(aws.done(receive, {{"WaitTimeSeconds", 20}}) == Json{{"Messages", Json::array()}});
  aws.admin("messages", {{"body", "hello"}});
  const Json first = aws.done(receive, {{"VisibilityTimeout", 60}}).at("Messages").at(0);
  CHECK(first.at("Body") == "hello");
  CHECK(first.at("Attributes").at("ApproximateReceiveCount") == "1");
  CHECK(aws.done(receive, Json::object()).at("Messages").empty());
  aws.advance(60'000);
  const Json second = aws.done(receive, Json::object()).at("Messages").at(0);
  CHECK(second.at("MessageId") == first.at("MessageId"));
  for (int time = 1; time <= 2; ++time)  // gone already is a success too
    CHECK(aws.done(remove_message, {{"ReceiptHandle", second.at("ReceiptHandle")}}).empty());
  const auto refused = aws.failed(remove_message, {{"ReceiptHandle", "none"}});
  CHECK(refused.outcome == Outcome::permanent);
  CHECK(refused.problem.extensions.at("code") == "ReceiptHandleIsInvalid");
  const auto nowhere = aws.failed(receive, {{"QueueUrl", "http://127.0.0.1:1/1/none"}});
  CHECK(nowhere.problem.extensions.at("code") == "QueueDoesNotExist");
}

TEST_CASE("a notification is the same event in an envelope and bare", "[activities]") {
  const Json event = event_of_message(message(bare)).value();
  CHECK(event.at("source") == "aws-marketplace");
  CHECK(event.at("type") == "com.amazonaws.marketplace.subscribe-success");
  CHECK(event.at("id") == "m-1");
  CHECK(event.at("subject") == "cust-1");
  CHECK(event.at("time") == "2026-11-21T12:00:00.000Z");
  CHECK(event.at("data") == Json{{"action", "subscribe-success"},
                                 {"customerIdentifier", "cust-1"},
                                 {"productCode", "prod-1"},
                                 {"offerIdentifier", "offer-1"},
                                 {"isFreeTrialTermPresent", true}});
  const Json wrapped{{"Type", "Notification"},
                     {"MessageId", "sns-1"},
                     {"Message", dump_json(bare)},
                     {"Timestamp", "2026-11-21T11:59:00.000Z"}};
  const Json same = event_of_message(message(wrapped)).value();
  CHECK(same.at("data") == event.at("data"));
  CHECK(same.at("id") == "sns-1");  // of the publication: two deliveries of it are one event
  CHECK(same.at("time") == "2026-11-21T11:59:00.000Z");
}

TEST_CASE("concurrent agreements are told by events of EventBridge", "[activities]") {
  const Json body{{"id", "eb-1"},
                  {"source", "aws.agreement-marketplace"},
                  {"detail-type", "Purchase Agreement Created - Proposer"},
                  {"time", "2026-11-21T11:00:00Z"},
                  {"detail", {{"agreement", {{"id", "agmt-1"}}}}}};
  const Json event = event_of_message(message(body)).value();
  CHECK(event.at("source") == "aws-agreement-marketplace");
  CHECK(event.at("type") == "com.amazonaws.marketplace.purchase-agreement-created-proposer");
  CHECK(event.at("id") == "eb-1");
  CHECK(event.at("data") == body.at("detail"));
}

TEST_CASE("what is no notification is said so", "[activities]") {
  Json without_product = bare;
  without_product.erase("product-code");
  Json strange = bare;
  strange["action"] = "Subscribe Success";
  for (const Json& body :
       {Json("hello"), Json("[]"), Json::object(), without_product, strange,
        Json{{"Message", "hello"}, {"MessageId", "s"}}, Json{{"Message", dump_json(bare)}}}) {
    CAPTURE(dump_json(body));
    CHECK_FALSE(event_of_message(message(body)).has_value());
  }
}

TEST_CASE("a message is deleted once its event is kept, and not before", "[activities]") {
  Polling polling;
  polling.notify("subscribe-success", 2);
  const bool deleted =
      polling.aws.bench.await(polling.run([&] { return polling.aws.calls("DeleteMessage") == 2; }));
  CHECK(deleted);
  REQUIRE(polling.kept.size() == 2);
  CHECK(polling.kept[0].at("id") == polling.kept[1].at("id"));  // the inbox keeps one
  CHECK(polling.kept[0].at("data").at("action") == "subscribe-success");
  CHECK(polling.deletes_before == std::vector<std::int64_t>{0, 1});
  CHECK(polling.in_queue() == 0);
}

TEST_CASE("a message whose event could not be kept, or not be read, stays in the queue",
          "[activities]") {
  Polling polling;
  SECTION("not kept") {
    polling.refusals = 1;
    polling.notify("subscribe-success");
    const bool tried =
        polling.aws.bench.await(polling.run([&] { return !polling.deletes_before.empty(); }));
    CHECK(tried);
    CHECK(polling.kept.empty());
  }
  SECTION("not read") {
    polling.aws.admin("messages", {{"body", "poison"}});
    const bool read = polling.aws.bench.await(
        polling.run([&] { return polling.aws.calls("ReceiveMessage") >= 2; }));
    CHECK(read);
    CHECK(polling.deletes_before.empty());
  }
  CHECK(polling.aws.calls("DeleteMessage") == 0);
  CHECK(polling.in_queue() == 1);
}

TEST_CASE("polling goes on after a failure, and a long poll is broken off to stop",
          "[activities]") {
  Polling polling;
  polling.notify("unsubscribe-pending");
  polling.aws.admin("faults",
                    {{"kind", "server-error"}, {"path", "*ReceiveMessage"}, {"times", 1}});
  polling.aws.admin("faults", {{"kind", "hang"}, {"path", "*DeleteMessage"}, {"times", 1}});
  const auto before = std::chrono::steady_clock::now();
  const bool kept = polling.aws.bench.await(polling.run([&] { return polling.kept.size() == 1; }));
  CHECK(kept);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(20));
  CHECK(polling.in_queue() == 1);  // kept, not deleted: it comes back and is known
}
