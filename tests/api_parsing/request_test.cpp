#include <catch2/catch.hpp>

#include "api/request.hpp"

using namespace sequent;
using namespace sequent::api;
using Catch::Contains;

namespace {

net::ServerRequest with(std::string name, std::string value) {
  net::ServerRequest request;
  request.headers.add(std::move(name), std::move(value));
  return request;
}

}  // namespace

TEST_CASE("Prefer says how long a caller waits", "[api]") {
  CHECK(preferences(with("Prefer", "wait=10"))->wait_seconds == 10);
  CHECK(preferences(with("prefer", "return=representation, Wait=\"3\""))->wait_seconds == 3);
  CHECK(preferences(with("Prefer", "return=representation; x=1"))->representation);
  CHECK(preferences(with("Prefer", "respond-async"))->wait_seconds == 0);
  CHECK_FALSE(preferences(with("Prefer", "handling=lenient"))->wait_seconds);
  CHECK(preferences(with("Prefer", "wait=999999999"))->wait_seconds == 86'400);
  for (const char* wrong : {"wait=soon", "wait=-1", "wait", "wait=1.5"}) {
    CAPTURE(wrong);
    const auto result = preferences(with("Prefer", wrong));
    REQUIRE_FALSE(result);
    CHECK_THAT(result.error().detail, Contains("wait=N"));
  }
}

TEST_CASE("an Idempotency-Key is 1 to 255 readable bytes, quoted or not", "[api]") {
  CHECK(*idempotency_key({}) == "");
  CHECK(*idempotency_key(with("Idempotency-Key", "order-7")) == "order-7");
  CHECK(*idempotency_key(with("idempotency-key", " \"order-7\" ")) == "order-7");
  CHECK_FALSE(idempotency_key(with("Idempotency-Key", "")));
  CHECK_FALSE(idempotency_key(with("Idempotency-Key", "\"\"")));
  CHECK_FALSE(idempotency_key(with("Idempotency-Key", std::string(256, 'x'))));
  CHECK_FALSE(idempotency_key(with("Idempotency-Key", std::string("a\x01b"))));
  CHECK(idempotency_key(with("Idempotency-Key", std::string(255, 'x'))));
}

TEST_CASE("Accept is honoured with wildcards and q=0", "[api]") {
  CHECK(accepts({}, "application/json"));
  CHECK(accepts(with("Accept", "*/*"), "application/json"));
  CHECK(accepts(with("Accept", "text/html;q=0.3, application/*;q=0.5"), "application/json"));
  CHECK(accepts(with("Accept", "application/json;q=0.001"), "application/json"));
  CHECK_FALSE(accepts(with("Accept", "text/html"), "application/json"));
  CHECK_FALSE(accepts(with("Accept", "application/json;q=0"), "application/json"));
  CHECK(prefers(with("Accept", "Application/YAML"), "application/yaml"));
  CHECK_FALSE(prefers(with("Accept", "*/*"), "application/yaml"));
}

TEST_CASE("a body that is no JSON is refused with its place, another type with 415", "[api]") {
  net::ServerRequest request = with("Content-Type", "application/json; charset=utf-8");
  request.body = "{\n  \"a\": 1,\n  b\n}";
  const auto broken = json_body(request, 10);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == ErrorCode::invalid_json);
  REQUIRE(broken.error().findings.size() == 1);
  CHECK(broken.error().findings[0].line == 3);
  request.body = "[[[[1]]]]";
  CHECK_FALSE(json_body(request, 3));
  CHECK(json_body(request, 4));
  const auto form = json_body(with("Content-Type", "application/x-www-form-urlencoded"), 10);
  REQUIRE_FALSE(form);
  CHECK(form.error().code == ErrorCode::unsupported_media_type);
}

TEST_CASE("a strict object names every member that is unknown or of the wrong kind", "[api]") {
  const Json json{{"reson", "x"}, {"limit", "many"}, {"since", "yesterday"}, {"parent", "p"}};
  Faults faults;
  StrictObject object{json, faults};
  CHECK(object.text("reason").empty());
  CHECK_FALSE(object.whole("limit", 1, 500));
  CHECK_FALSE(object.time("since"));
  CHECK_FALSE(object.id("parent"));
  object.finish();
  const Error error = faults.error("The body");
  CHECK(error.code == ErrorCode::invalid_request);
  REQUIRE(error.findings.size() == 4);
  CHECK(error.findings[3].pointer == "/reson");
  CHECK_THAT(error.findings[3].hint, Contains("`reason`"));
  CHECK_THAT(error.findings[0].message, Contains("\"many\""));
}

TEST_CASE("a whole number stays within its bounds", "[api]") {
  const Json json{{"a", 0}, {"b", 501}, {"c", 1.5}, {"d", UINT64_MAX}, {"e", 500}};
  Faults faults;
  StrictObject object{json, faults};
  for (const char* name : {"a", "b", "c", "d"}) CHECK_FALSE(object.whole(name, 1, 500));
  CHECK(object.whole("e", 1, 500) == 500);
  CHECK(faults.error("It").findings.size() == 4);
}
