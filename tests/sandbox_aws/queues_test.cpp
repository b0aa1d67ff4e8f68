#include "tests/sandbox_aws/support.hpp"

namespace sequent::sandbox {
namespace {

struct QueueTest : AwsTest {
  Json receive(Json more = Json::object()) {
    more["QueueUrl"] = queue_url;
    const Json answer = done(sqs + std::string("ReceiveMessage"), more);
    return answer.value("Messages", Json::array());
  }
  void send(const std::string& body) {
    done(sqs + std::string("SendMessage"), {{"QueueUrl", queue_url}, {"MessageBody", body}});
  }
  void remove(const Json& message) {
    done(sqs + std::string("DeleteMessage"),
         {{"QueueUrl", queue_url}, {"ReceiptHandle", message.at("ReceiptHandle")}});
  }
  void pass(int seconds) { caller.admin("clock", {{"advanceSeconds", seconds}}); }
};

TEST_CASE("a message that was received is hidden, and comes back unless it is deleted") {
  QueueTest test;
  test.send("hello");
  const Json first = test.receive({{"VisibilityTimeout", 60}, {"AttributeNames", {"All"}}});
  REQUIRE(first.size() == 1);
  CHECK(first.at(0).at("Body") == "hello");
  CHECK(first.at(0).at("MD5OfBody") == "5d41402abc4b2a76b9719d911017c592");
  CHECK(first.at(0).at("Attributes").at("ApproximateReceiveCount") == "1");
  CHECK(test.receive().empty());
  test.pass(60);
  const Json second = test.receive({{"AttributeNames", {"All"}}});
  REQUIRE(second.size() == 1);
  CHECK(second.at(0).at("MessageId") == first.at(0).at("MessageId"));
  CHECK(second.at(0).at("ReceiptHandle") != first.at(0).at("ReceiptHandle"));
  CHECK(second.at(0).at("Attributes").at("ApproximateReceiveCount") == "2");
  SECTION("a handle of an earlier receive deletes nothing and says nothing") {
    test.remove(first.at(0));
    test.pass(30);
    CHECK(test.receive().size() == 1);
  }
  SECTION("the newest handle deletes, twice as well as once") {
    test.remove(second.at(0));
    test.remove(second.at(0));
    test.pass(30);
    CHECK(test.receive().empty());
  }
}

TEST_CASE("a long poll is answered when a message comes, or when its time is over") {
  QueueTest test;
  const Json request{{"QueueUrl", queue_url}, {"WaitTimeSeconds", 20}};
  const auto poll = test.call(sqs + std::string("ReceiveMessage"), request);
  REQUIRE(poll.reply.delivery == Delivery::later);
  const auto ticket = poll.reply.ticket;
  CHECK_FALSE(test.stand_in.resume(ticket, test.caller.now).has_value());
  SECTION("a message") {
    test.caller.admin("messages", {{"body", {{"a", 1}}}});
    const auto reply = test.stand_in.resume(ticket, test.caller.now + 5'000);
    REQUIRE(reply.has_value());
    const Json body = parse_json(reply->response.body).value();
    CHECK(body.at("Messages").at(0).at("Body") == R"({"a":1})");
  }
  SECTION("nothing") {
    const auto reply = test.stand_in.resume(ticket, test.caller.now + 20'000);
    REQUIRE(reply.has_value());
    CHECK(reply->response.body == "{}");
  }
}

TEST_CASE("what SQS refuses is refused") {
  QueueTest test;
  const auto refused = [&](const char* operation, Json body) {
    return test.refused(sqs + std::string(operation), body);
  };
  CHECK(refused("ReceiveMessage", Json::object()) == "MissingParameter");
  CHECK(refused("ReceiveMessage", {{"QueueUrl", "http://x/1/none"}}) == "QueueDoesNotExist");
  CHECK(refused("ReceiveMessage", {{"QueueUrl", queue_url}, {"MaxNumberOfMessages", 11}}) ==
        "InvalidParameterValue");
  CHECK(refused("ReceiveMessage", {{"QueueUrl", queue_url}, {"WaitTimeSeconds", 21}}) ==
        "InvalidParameterValue");
  CHECK(refused("DeleteMessage", {{"QueueUrl", queue_url}, {"ReceiptHandle", "x"}}) ==
        "ReceiptHandleIsInvalid");
  CHECK(refused("PurgeQueue", {{"QueueUrl", queue_url}}) == "UnknownOperationException");
}

TEST_CASE("a message that is received too often becomes a dead letter") {
  QueueTest test;
  test.caller.admin("queues", {{"name", "poison"}, {"visibilitySeconds", 1}, {"maxReceives", 2}});
  test.caller.admin("messages", {{"queue", "poison"}, {"body", "?"}});
  const Json request{{"QueueUrl", "http://127.0.0.1:1/000000000000/poison"}};
  for (int time = 1; time <= 3; ++time) {
    const Json answer = test.done(sqs + std::string("ReceiveMessage"), request);
    CHECK(answer.contains("Messages") == (time <= 2));
    test.pass(1);
  }
  const Json state = test.caller.get("/_sandbox/state").body.at("queues").at("poison");
  CHECK(state.at("deadLetters") == 1);
  CHECK(state.at("count") == 0);
}

TEST_CASE("a notification arrives in the envelope of its topic, or bare where that was asked for") {
  QueueTest test;
  const Json who = test.buyer().at("CustomerIdentifier");
  const Json asked{{"action", "subscribe-success"}, {"customerIdentifier", who}, {"copies", 2}};
  test.caller.admin("notifications", asked);
  const Json messages = test.receive({{"MaxNumberOfMessages", 10}});
  REQUIRE(messages.size() == 2);
  const Json one = parse_json(text_of(messages.at(0), "Body")).value();
  const Json two = parse_json(text_of(messages.at(1), "Body")).value();
  CHECK(one.at("Type") == "Notification");
  CHECK(one.at("MessageId") == two.at("MessageId"));  // one publication, delivered twice
  const Json notification = parse_json(text_of(one, "Message")).value();
  CHECK(notification.at("action") == "subscribe-success");
  CHECK(notification.at("customer-identifier") == who);
  CHECK(notification.at("isFreeTrialTermPresent") == "false");
  Json bare = asked;
  bare["raw"] = true;
  bare["copies"] = 1;
  test.caller.admin("notifications", bare);
  CHECK(parse_json(text_of(test.receive().at(0), "Body")).value() == notification);
}

}  // namespace
}  // namespace sequent::sandbox
