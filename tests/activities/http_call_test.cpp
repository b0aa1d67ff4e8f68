#include <catch2/catch.hpp>

#include "activities/http/call.hpp"
#include "base/digest.hpp"
#include "tests/activities/support.hpp"

using namespace sequent;
using namespace sequent::tests;
using activities::HttpConfig;
using activities::http::HttpCall;
using machine::Outcome;

namespace {

Json get(const std::string& uri) {
  return {{"method", "get"}, {"endpoint", {{"uri", uri}}}};
}

Json post(const std::string& uri, Json body) {
  return {{"method", "post"}, {"endpoint", {{"uri", uri}}}, {"body", std::move(body)}};
}

runtime::ActivityResult call(Bench& bench, const Json& input,
                             const runtime::Attempt& attempt = first_attempt(),
                             HttpConfig config = {}) {
  HttpCall activity(config, bench.client);
  return bench.await(activity.run(attempt, input));
}

}  // namespace

TEST_CASE("call http gives JSON content as a value", "[activities][http]") {
  Bench bench;
  const auto url = bench.serve(always(json_response(200, {{"id", 1}, {"name", "milou"}})));
  const auto output = call(bench, get(url + "/pet/1"));
  REQUIRE(output.has_value());
  CHECK(*output == Json{{"id", 1}, {"name", "milou"}});
  REQUIRE(bench.requests().size() == 1);
  CHECK(bench.requests()[0].method == "GET");
  CHECK(bench.requests()[0].path == "/pet/1");
  CHECK(bench.requests()[0].headers.find("Idempotency-Key") == nullptr);
}

TEST_CASE("call http gives text as text, other content as base64, none as null",
          "[activities][http]") {
  Bench bench;
  SECTION("text") {
    const auto url = bench.serve(always(text_response(200, "text/plain; charset=utf-8", "pong")));
    CHECK(call(bench, get(url)).value() == "pong");
  }
  SECTION("an image") {
    const std::string bytes("\x89PNG\0\xff", 6);
    const auto url = bench.serve(always(text_response(200, "image/png", bytes)));
    CHECK(call(bench, get(url)).value() == base64_encode(bytes));
  }
  SECTION("nothing") {
    const auto url = bench.serve(always(net::ServerResponse{.status = 204}));
    CHECK(call(bench, get(url)).value() == Json());
  }
  SECTION("raw is base64 of whatever came") {
    const auto url = bench.serve(always(json_response(200, {{"id", 1}})));
    Json input = get(url);
    input["output"] = "raw";
    CHECK(call(bench, input).value() == base64_encode(R"({"id":1})"));
  }
}

TEST_CASE("the response output has the request, the status, headers and content",
          "[activities][http]") {
  Bench bench;
  auto answer = json_response(200, {{"id", 1}});
  answer.headers.add("x-trace", "abc");
  const auto url = bench.serve(always(answer));
  Json input = get(url + "/pet/1");
  input["output"] = "response";
  input["headers"] = {{"X-Api-Key", "hidden"}, {"x-mine", "shown"}};
  input["endpoint"]["authentication"] = {{"bearer", {{"token", "hidden"}}}};
  const auto output = call(bench, input);
  REQUIRE(output.has_value());
  CHECK(output->at("request").at("method") == "get");
  CHECK(output->at("request").at("uri") == url + "/pet/1");
  CHECK(output->at("request").at("headers").at("X-Mine") == "shown");
  CHECK(output->at("statusCode") == 200);
  CHECK(output->at("headers").at("X-Trace") == "abc");
  CHECK(output->at("headers").at("Content-Type") == "application/json");
  CHECK(output->at("content") == Json{{"id", 1}});
  CHECK(output->dump().find("hidden") == std::string::npos);
  CHECK(bench.requests().at(0).headers.value("X-Api-Key") == "hidden");
}

TEST_CASE("queries, headers and bodies are sent as the author wrote them", "[activities][http]") {
  Bench bench;
  const auto url = bench.serve(always(json_response(200, Json::object())));
  SECTION("a query is added to the one in the URI") {
    Json input = get(url + "/find?a=1");
    input["query"] = {{"status", "sold out"}, {"tag", {"x", "y"}}, {"none", nullptr}, {"n", 3}};
    REQUIRE(call(bench, input).has_value());
    CHECK(bench.requests().at(0).query == "a=1&n=3&status=sold%20out&tag=x&tag=y");
  }
  SECTION("an object is JSON, with the attempt's key") {
    REQUIRE(call(bench, post(url, {{"a", 1}})).has_value());
    const auto& request = bench.requests().at(0);
    CHECK(request.body == R"({"a":1})");
    CHECK(request.headers.value("Content-Type") == "application/json");
    CHECK(request.headers.value("Idempotency-Key") == "key-1");
  }
  SECTION("the author's own key stays") {
    Json input = post(url, {{"a", 1}});
    input["headers"] = {{"idempotency-key", "mine"}};
    REQUIRE(call(bench, input).has_value());
    CHECK(bench.requests().at(0).headers.value("Idempotency-Key") == "mine");
  }
  SECTION("text goes out with its own content type") {
    Json input = post(url, "<a/>");
    input["headers"] = {{"Content-Type", "application/xml"}};
    REQUIRE(call(bench, input).has_value());
    CHECK(bench.requests().at(0).body == "<a/>");
    CHECK(bench.requests().at(0).headers.value("Content-Type") == "application/xml");
  }
  SECTION("a form") {
    Json input = post(url, {{"a", "x y"}, {"b", {1, 2}}});
    input["headers"] = {{"Content-Type", "application/x-www-form-urlencoded"}};
    REQUIRE(call(bench, input).has_value());
    CHECK(bench.requests().at(0).body == "a=x%20y&b=1&b=2");
  }
}

TEST_CASE("call http refuses what is no request without sending it", "[activities][http]") {
  Bench bench;
  const auto url = bench.serve(always(json_response(200, Json::object())));
  Json input = get(url);
  std::string type = "https://serverlessworkflow.io/spec/1.0.0/errors/validation";
  SECTION("no host") {
    input = get("https://");
    type = "https://serverlessworkflow.io/spec/1.0.0/errors/communication";
  }
  SECTION("another scheme") {
    input = get("file:///etc/passwd");
    type = "https://serverlessworkflow.io/spec/1.0.0/errors/communication";
  }
  SECTION("a header that smuggles another") {
    input["headers"] = {{"X-A", "1\r\nX-B: 2"}};
  }
  SECTION("a nested query") {
    input["query"] = {{"a", {{"b", 1}}}};
  }
  SECTION("no method") {
    input.erase("method");
  }
  const auto output = call(bench, input);
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().outcome == Outcome::permanent);
  CHECK(output.error().problem.type == type);
  CHECK(bench.requests().empty());
}

TEST_CASE("redirect says which statuses are errors, and none is followed", "[activities][http]") {
  Bench bench;
  net::ServerResponse moved{.status = 302};
  moved.headers.set("Location", "/elsewhere");
  const auto url = bench.serve(always(moved));
  Json input = get(url);
  SECTION("absent: 3xx is an error") {
    const auto output = call(bench, input);
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.status == 302);
  }
  SECTION("true: 3xx is a result") {
    input["redirect"] = true;
    input["output"] = "response";
    const auto output = call(bench, input);
    REQUIRE(output.has_value());
    CHECK(output->at("statusCode") == 302);
    CHECK(output->at("headers").at("Location") == "/elsewhere");
  }
  CHECK(bench.requests().size() == 1);
}

TEST_CASE("a status decides whether a call is repeated", "[activities][http]") {
  struct Row {
    std::string method;
    int status;
    bool retry_after;
    Outcome outcome;
  };
  const auto row = GENERATE(values<Row>({
      {"get", 400, false, Outcome::permanent},
      {"get", 404, false, Outcome::permanent},
      {"get", 408, false, Outcome::transient},
      {"get", 429, false, Outcome::transient},
      {"get", 500, false, Outcome::transient},
      {"put", 503, false, Outcome::transient},
      {"delete", 502, false, Outcome::transient},
      {"get", 501, false, Outcome::permanent},
      {"post", 400, false, Outcome::permanent},
      {"post", 408, false, Outcome::unknown},
      {"post", 425, false, Outcome::transient},
      {"post", 429, true, Outcome::transient},
      {"post", 500, false, Outcome::unknown},
      {"post", 500, true, Outcome::unknown},
      {"post", 503, true, Outcome::transient},
      {"post", 503, false, Outcome::unknown},
      {"patch", 504, false, Outcome::unknown},
  }));
  CAPTURE(row.method, row.status, row.retry_after);
  Bench bench;
  auto answer = json_response(row.status, {{"message", "no"}});
  if (row.retry_after) answer.headers.set("Retry-After", "7");
  const auto url = bench.serve(always(answer));
  Json input = get(url);
  input["method"] = row.method;
  const auto output = call(bench, input);
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().outcome == row.outcome);
  CHECK(output.error().problem.status == row.status);
  CHECK(output.error().retry_after_ms == (row.retry_after ? 7000 : 0));
  CHECK_FALSE(output.error().problem.title.empty());
  CHECK(output.error().problem.extensions.at("content") == Json{{"message", "no"}});
}

TEST_CASE("Retry-After may be a date", "[activities][http]") {
  Bench bench;
  auto answer = json_response(503, Json::object());
  answer.headers.set("Retry-After", "Sat, 21 Nov 2026 12:01:30 GMT");
  const auto output = call(bench, get(bench.serve(always(answer))));
  REQUIRE_FALSE(output.has_value());
  CHECK(output.error().retry_after_ms == 90'000);
}

TEST_CASE("a request that got no answer is repeated only where that is safe",
          "[activities][http]") {
  Bench bench;
  auto attempt = first_attempt();
  attempt.timeout_ms = 300;
  const auto silent = bench.serve([](const auto&) { return std::nullopt; });
  SECTION("a read") {
    const auto output = call(bench, get(silent), attempt);
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::transient);
    CHECK(output.error().problem.type == "https://serverlessworkflow.io/spec/1.0.0/errors/timeout");
  }
  SECTION("a write") {
    const auto output = call(bench, post(silent, 1), attempt);
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::unknown);
  }
  SECTION("a write that was never sent") {
    const auto output = call(bench, post("http://127.0.0.1:1/", 1), attempt);
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::transient);
    CHECK(output.error().problem.status == 503);
  }
}

TEST_CASE("answers that are not what was asked for are told apart", "[activities][http]") {
  Bench bench;
  SECTION("HTML where JSON was announced") {
    const auto url = bench.serve(
        always(text_response(200, "application/json", "<!DOCTYPE html><html>login</html>")));
    const auto output = call(bench, get(url));
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.detail.find("HTML") != std::string::npos);
  }
  SECTION("HTML where the author accepts JSON alone") {
    const auto url = bench.serve(always(text_response(200, "text/html", "<html>login</html>")));
    Json input = get(url);
    input["headers"] = {{"accept", "application/json"}};
    const auto output = call(bench, input);
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().problem.detail.find("HTML") != std::string::npos);
  }
  SECTION("more than the payload limit") {
    const auto url =
        bench.serve(always(text_response(200, "text/plain", std::string(3 << 20, 'x'))));
    const auto output = call(bench, get(url));
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().outcome == Outcome::permanent);
    CHECK(output.error().problem.title == "Answer too large");
  }
}

TEST_CASE("no problem repeats a credential", "[activities][http]") {
  Bench bench;
  const auto url = bench.serve([](const net::ServerRequest& request) {
    return json_response(403, {{"you sent", request.headers.value("Authorization")}});
  });
  Json input = get(url + "/a?api_key=hidden-in-query");
  input["endpoint"]["authentication"] = {{"bearer", {{"token", "hidden-token"}}}};
  const auto output = call(bench, input);
  REQUIRE_FALSE(output.has_value());
  const std::string shown = machine::to_json(output.error().problem).dump();
  CHECK(shown.find("hidden") == std::string::npos);
  CHECK(output.error().problem.type ==
        "https://serverlessworkflow.io/spec/1.0.0/errors/authorization");
}
