#include <catch2/catch.hpp>

#include "api/cloud_events.hpp"

using namespace sequent;
using namespace sequent::api;
using Catch::Contains;

namespace {

const Json whole{{"specversion", "1.0"}, {"id", "1"}, {"source", "/s"}, {"type", "t"}};

net::ServerRequest request_with(std::string type, std::string body) {
  net::ServerRequest request;
  if (!type.empty()) request.headers.add("Content-Type", std::move(type));
  request.body = std::move(body);
  return request;
}

Result<IncomingEvents> read(const net::ServerRequest& request) {
  return read_events(request, 3, 32);
}

net::ServerRequest binary(std::string type, std::string body) {
  auto request = request_with(std::move(type), std::move(body));
  request.headers.add("ce-specversion", "1.0");
  request.headers.add("CE-ID", "1");
  request.headers.add("ce-source", "/caf%C3%A9");
  request.headers.add("ce-type", "t");
  request.headers.add("ce-region", "eu");
  return request;
}

}  // namespace

TEST_CASE("a structured event is its body", "[api]") {
  const auto in = read(request_with("application/cloudevents+json; charset=utf-8", whole.dump()));
  REQUIRE(in);
  CHECK_FALSE(in->batch);
  CHECK(in->events == std::vector<Json>{whole});
  CHECK(read(request_with("application/json", whole.dump())));
}

TEST_CASE("a binary event has its attributes in headers", "[api]") {
  const auto json = read(binary("application/json", R"({"a":1})"));
  REQUIRE(json);
  CHECK(json->events[0] == Json{{"specversion", "1.0"},
                                {"id", "1"},
                                {"source", "/café"},
                                {"type", "t"},
                                {"region", "eu"},
                                {"datacontenttype", "application/json"},
                                {"data", {{"a", 1}}}});
  CHECK(read(binary("text/plain", "hello"))->events[0].at("data") == "hello");
  CHECK(read(binary("application/octet-stream", "\xff\x01"))->events[0].at("data_base64") ==
        "/wE=");
  CHECK_FALSE(read(binary("", ""))->events[0].contains("data"));
}

TEST_CASE("a batch is a list, each with its own place in what is wrong", "[api]") {
  const auto type = "application/cloudevents-batch+json";
  const auto in = read(request_with(type, Json::array({whole, whole}).dump()));
  REQUIRE(in);
  CHECK(in->batch);
  CHECK(in->events.size() == 2);
  CHECK(read(request_with(type, "[]"))->events.empty());
  Json untyped = whole;
  untyped.erase("type");
  const auto wrong = read(request_with(type, Json::array({whole, untyped, 5}).dump()));
  REQUIRE_FALSE(wrong);
  REQUIRE(wrong.error().findings.size() == 2);
  CHECK(wrong.error().findings[0].pointer == "/1/type");
  CHECK(wrong.error().findings[1].pointer == "/2");
  const auto many = read(request_with(type, Json::array({1, 2, 3, 4}).dump()));
  REQUIRE_FALSE(many);
  CHECK(many.error().code == ErrorCode::too_large);
  CHECK_FALSE(read(request_with(type, whole.dump())));
}

TEST_CASE("an event that breaks CloudEvents is refused with every mistake", "[api]") {
  Json event = whole;
  event["specversion"] = "0.3";
  event["id"] = "";
  event["time"] = "now";
  event["Bad_Name"] = 1;
  event["nested"] = Json::object();
  event["data"] = 1;
  event["data_base64"] = "AA==";
  const auto wrong = read(request_with("application/cloudevents+json", event.dump()));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::invalid_request);
  CHECK(wrong.error().findings.size() == 6);
}

TEST_CASE("a body that is no event is refused", "[api]") {
  CHECK(read(request_with("application/cloudevents+json", "{")).error().code ==
        ErrorCode::invalid_json);
  CHECK(read(request_with("text/plain", "x")).error().code == ErrorCode::unsupported_media_type);
  CHECK(read(binary("application/json", "{")).error().code == ErrorCode::invalid_json);
}
