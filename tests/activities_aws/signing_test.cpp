// What libcurl signs for us, against the vectors of these calls; and requests and answers against
// the published service models.
#include <catch2/catch.hpp>

#include "activities/aws/client.hpp"
#include "tests/activities_aws/support.hpp"
#include "tests/support/shared_folder.hpp"

using namespace sequent;
using namespace sequent::tests;

namespace {

/// Sends what a vector describes and gives what arrived.
net::ServerRequest sent(const Json& vector) {
  Bench bench;
  net::ClientRequest request;
  request.method = "POST";
  request.url = bench.serve(always(json_response(200, Json::object()))) + "/";
  for (const auto& [name, value] : vector.at("headers").items())
    request.headers.set(name, value.get<std::string>());
  const Json& credentials = vector.at("credentials");
  request.basic_auth = {text_of(credentials, "access_key_id"),
                        text_of(credentials, "secret_access_key")};
  request.aws_sigv4 =
      "aws:amz:" + text_of(vector, "region") + ":" + text_of(vector, "signing_name");
  request.body = text_of(vector, "body");
  const auto result = bench.await(bench.client.send(std::move(request)));
  REQUIRE(result.has_value());
  REQUIRE(bench.requests().size() == 1);
  return bench.requests().front();
}

/// Members of `value` are members of the shape, of its type, and none that is required is missing.
void check_shape(const Json& shapes, const std::string& name, const Json& value) {
  CAPTURE(name);
  const Json& shape = shapes.at(name);
  const std::string type = text_of(shape, "type");
  if (type == "structure") {
    REQUIRE(value.is_object());
    for (const auto& required : shape.value("required", Json::array()))
      CHECK(value.contains(required.get<std::string>()));
    for (const auto& [member, inner] : value.items()) {
      CAPTURE(member);
      REQUIRE(shape.at("members").contains(member));
      check_shape(shapes, text_of(shape.at("members").at(member), "shape"), inner);
    }
  } else if (type == "list") {
    REQUIRE(value.is_array());
    if (shape.contains("max")) CHECK(value.size() <= shape.at("max").get<std::size_t>());
    for (const auto& item : value) check_shape(shapes, text_of(shape.at("member"), "shape"), item);
  } else if (type == "map") {
    REQUIRE(value.is_object());
    for (const auto& item : value.items())
      check_shape(shapes, text_of(shape.at("value"), "shape"), item.value());
  } else if (type == "string") {
    CHECK(value.is_string());
  } else if (type == "integer" || type == "long") {
    CHECK(value.is_number_integer());
  } else if (type == "timestamp" || type == "double") {
    CHECK(value.is_number());
  } else {
    CHECK(type == "boolean");
  }
}

}  // namespace

TEST_CASE("libcurl signs the calls of Marketplace and SQS as AWS expects", "[contract]") {
  const auto vectors = test::shared_contract("aws-sigv4-vectors.json");
  if (!vectors) return;
  for (const auto& vector : vectors->at("derived")) {
    CAPTURE(text_of(vector, "name"));
    const auto request = sent(vector);
    CHECK(request.headers.value("Authorization") == text_of(vector, "authorization"));
    for (const auto& [name, value] : vector.at("headers").items())
      CHECK(request.headers.value(name) == value);
  }
}

TEST_CASE("requests and answers are those of the published service models", "[contract]") {
  const auto metering = test::shared_contract("aws-meteringmarketplace-2016-01-14-service-2.json");
  const auto entitlement =
      test::shared_contract("aws-marketplace-entitlement-2017-01-11-service-2.json");
  const auto sqs = test::shared_contract("aws-sqs-2012-11-05-service-2-subset.json");
  if (!metering || !entitlement || !sqs) return;
  AwsProvider aws;
  const Json buyer = aws.admin("tokens", {{"subscribed", true}});
  const Json who = buyer.at("CustomerIdentifier");
  aws.admin("entitlements", {{"customerIdentifier", who}, {"value", 3}});
  aws.admin("messages", {{"body", "{}"}});
  const Json record{{"Timestamp", format_time(aws.time() - 3'600'000)},
                    {"CustomerIdentifier", who},
                    {"Dimension", "PlusAccount"},
                    {"Quantity", 3},
                    {"UsageAllocations", {{{"AllocatedUsageQuantity", 3}}}}};
  aws.done(resolve, {{"RegistrationToken", buyer.at("token")}});
  aws.done(meter, {{"ProductCode", "sandbox-product"}, {"UsageRecords", {record}}});
  aws.done(entitlements,
           {{"ProductCode", "sandbox-product"}, {"Filter", {{"CUSTOMER_IDENTIFIER", {who}}}}});
  const Json messages =
      aws.done(receive, {{"MaxNumberOfMessages", 10}, {"VisibilityTimeout", 5}}).at("Messages");
  REQUIRE(messages.size() == 1);
  aws.done(remove_message, {{"ReceiptHandle", messages.at(0).at("ReceiptHandle")}});
  REQUIRE(aws.bench.requests().size() == 5);
  for (const auto& request : aws.bench.requests()) {
    const std::string target = request.headers.value("X-Amz-Target");
    CAPTURE(target);
    const auto dot = target.find('.');
    const Json& model = target.starts_with("AmazonSQS")              ? *sqs
                        : target.starts_with("AWSMPMeteringService") ? *metering
                                                                     : *entitlement;
    CHECK(target.substr(0, dot) == text_of(model.at("metadata"), "targetPrefix"));
    CHECK(request.headers.value("Content-Type") ==
          "application/x-amz-json-" + text_of(model.at("metadata"), "jsonVersion"));
    CHECK(request.query.empty());
    const Json& operation = model.at("operations").at(target.substr(dot + 1));
    check_shape(model.at("shapes"), text_of(operation.at("input"), "shape"),
                parse_json(request.body).value());
    const auto answered = aws.answer(request);  // asked again: every call is harmless
    REQUIRE(answered.has_value());
    REQUIRE(answered->status == 200);
    if (operation.contains("output"))
      check_shape(model.at("shapes"), text_of(operation.at("output"), "shape"),
                  parse_json(answered->body).value());
  }
}

TEST_CASE("a queue of another region is asked there, and no host of an input is trusted") {
  // Nobody is asked: the addresses do not resolve here, and the error names the one that was tried.
  Bench bench;
  activities::AwsConfig config = AwsProvider::static_keys();
  config.timeout_ms = 50;
  activities::aws::Client client(config, bench.client);
  const auto asked = [&](activities::aws::Service service, const std::string& queue) {
    activities::aws::Call call;
    call.service = service;
    call.operation = "Any";
    call.body = Json::object();
    if (!queue.empty()) call.body["QueueUrl"] = queue;
    call.now = noon;
    const auto result = bench.await(client.send(std::move(call)));
    REQUIRE_FALSE(result.has_value());
    return result.error().problem.detail;
  };
  using activities::aws::Service;
  const auto names = [](const std::string& host) { return Catch::StartsWith(host + ":443: "); };
  CHECK_THAT(asked(Service::metering, ""), names("metering.marketplace.us-east-1.amazonaws.com"));
  CHECK_THAT(asked(Service::entitlement, ""),
             names("entitlement.marketplace.us-east-1.amazonaws.com"));
  CHECK_THAT(asked(Service::sqs, "https://sqs.eu-west-3.amazonaws.com/1/q"),
             names("sqs.eu-west-3.amazonaws.com"));
  CHECK_THAT(asked(Service::sqs, "https://evil.example/1/q"), names("sqs.us-east-1.amazonaws.com"));
  CHECK_THAT(asked(Service::sqs, "https://sqs.x.evil/y.amazonaws.com/1/q"),
             names("sqs.us-east-1.amazonaws.com"));
}
