// Routes that workflows bind.
#include <catch2/catch.hpp>

#include "api/openapi.hpp"
#include "api/routes.hpp"
#include "api/triggers.hpp"
#include "support.hpp"

using namespace sequent;
using namespace sequent::api;
using namespace sequent::api::test;
using Catch::Contains;

namespace {

const std::string checkout_tasks =
    "  - create: {set: {url: '${ \"https://pay.test/\" + .shop }', seen: '${ . }'}}\n"
    "  - awaitPayment: {listen: {to: {one: {with: {type: com.test.paid}}}}}\n";
const std::string checkout_route =
    "http: {method: post, path: '/api/shops/{shop}/checkouts', respond: create, "
    "headers: [X-Tenant]}";

}  // namespace

TEST_CASE("path wins over query, query over body, and forms become members", "[api]") {
  definition::HttpTrigger trigger;
  trigger.headers = {"x-tenant"};
  net::ServerRequest request;
  request.query = "b=query&c=query&c=second";
  request.headers.add("X-Tenant", "t1");
  request.body = R"({"a":"body","b":"body","d":1})";
  const Parameters path{{"c", "path"}};
  const auto merged = trigger_input(request, trigger, path, 10);
  REQUIRE(merged);
  CHECK(*merged == Json{{"a", "body"},
                        {"b", "query"},
                        {"c", "path"},
                        {"d", 1},
                        {"headers", {{"x-tenant", "t1"}}}});
  request.body = "[1,2]";
  CHECK(trigger_input(request, trigger, path, 10)->at("body") == Json{1, 2});
  request.body = "a=1&e=x+y";
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  CHECK(trigger_input(request, trigger, path, 10)->at("e") == "x y");
  request.headers.set("Content-Type", "text/plain");
  CHECK(trigger_input(request, trigger, path, 10).error().code ==
        ErrorCode::unsupported_media_type);
  request.headers.remove("Content-Type");
  request.body = "{";
  CHECK(trigger_input(request, trigger, path, 10).error().code == ErrorCode::invalid_json);
}

TEST_CASE("a bound route answers with its respond task while the run goes on", "[api]") {
  TestNode node;
  REQUIRE(node.deploy(workflow("checkout", checkout_tasks, checkout_route)).status == 201);
  const auto reply = node.post("/api/shops/s1/checkouts?coupon=c", R"({"basket":[1]})",
                               {{"X-Tenant", "t1"}, {"Idempotency-Key", "k"}});
  REQUIRE(reply.status == 200);
  CHECK(reply.json.at("url") == "https://pay.test/s1");
  CHECK(reply.json.at("seen") ==
        Json{{"shop", "s1"}, {"coupon", "c"}, {"basket", {1}}, {"headers", {{"x-tenant", "t1"}}}});
  const auto id = reply.headers.value("Sequent-Run");
  CHECK(reply.headers.value("Location") == "/api/v1/runs/" + id);
  node.await_status(id, "waiting");
  const auto again = node.post("/api/shops/s1/checkouts?coupon=c", R"({"basket":[1]})",
                               {{"X-Tenant", "t1"}, {"Idempotency-Key", "k"}});
  CHECK(again.headers.value("Sequent-Run") == id);
  CHECK(again.headers.value("Idempotency-Replayed") == "true");
  const auto wrong = node.get("/api/shops/s1/checkouts");
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.value("Allow") == "POST");
  CHECK(node.post("/api/shops/s1/checkout", "{}").status == 404);
}

TEST_CASE("a run that faults before it answers is a problem with the run's own error", "[api]") {
  TestNode node;
  node.deploy(workflow("fails", failing_tasks, "http: {method: post, path: /api/charges}"));
  const auto reply = node.post("/api/charges", "{}");
  CHECK(reply.status == 402);
  CHECK(reply.headers.value("Content-Type") == "application/problem+json");
  CHECK(reply.json.at("run") == reply.headers.value("Sequent-Run"));
  CHECK_THAT(reply.text, Contains("declined"));
}

TEST_CASE("a bound route whose answer takes longer than the wait is 202", "[api]") {
  TestNode node;
  node.deploy(workflow("waits", listening_tasks, "http: {method: post, path: /api/waits}"));
  const auto reply = node.post("/api/waits", "", {{"Prefer", "wait=0"}});
  CHECK(reply.status == 202);
  CHECK(reply.headers.value("Location") ==
        "/api/v1/runs/" + reply.json.at("id").get<std::string>());
}

TEST_CASE("two workflows cannot bind one route; a new version of one may", "[api]") {
  TestNode node;
  REQUIRE(
      node.deploy(workflow("one", echo_tasks, "http: {method: get, path: '/api/x/{a}'}")).status ==
      201);
  const auto second =
      node.deploy(workflow("two", echo_tasks, "http: {method: get, path: '/api/x/{b}'}"));
  CHECK(second.status == 409);
  CHECK_THAT(second.text, Contains("test/one:1.0.0"));
  CHECK(node.deploy(workflow("two", echo_tasks, "http: {method: get, path: /api/x/y}")).status ==
        201);
  CHECK(node.deploy(workflow("one", echo_tasks, "http: {method: get, path: '/api/x/{c}'}", "1.1.0"))
            .status == 201);
  CHECK(node.get("/api/x/y?name=literal").json == Json{{"hello", "literal"}});
  CHECK(node.get("/api/x/z?name=any").json == Json{{"hello", "any"}});
}

TEST_CASE("of two workflows that bind one route at the same moment one wins", "[api]") {
  TestNode node;
  for (int round = 0; round < 20; ++round) {
    const auto bound = "http: {method: get, path: /api/race/" + std::to_string(round) + "}";
    const auto deploy = [&](const std::string& name) {
      return node.deploy(workflow(name + std::to_string(round), echo_tasks, bound)).status;
    };
    auto other = std::async(std::launch::async, deploy, "a");
    const std::set<int> statuses{deploy("b"), other.get()};
    CHECK(statuses == std::set<int>{201, 409});
  }
}

TEST_CASE("/openapi.json names every route, and those that workflows bind", "[api]") {
  TestNode node;
  node.deploy(workflow("checkout", checkout_tasks, checkout_route));
  const auto document = node.get("/openapi.json").json;
  CHECK(document.at("openapi") == "3.1.0");
  std::set<std::string> operations;
  for (const Route& route : routes()) {
    CAPTURE(route.pattern);
    std::string method{route.method};
    std::transform(method.begin(), method.end(), method.begin(), ::tolower);
    const auto& operation = document.at("paths").at(std::string(route.pattern)).at(method);
    CHECK(operations.insert(operation.at("operationId").get<std::string>()).second);
    for (const auto& name : parameter_names(route.pattern)) {
      bool described = false;
      for (const auto& parameter : operation.at("parameters"))
        described = described || parameter.at("name") == name;
      CHECK(described);
    }
  }
  const auto& bound = document.at("paths").at("/api/shops/{shop}/checkouts").at("post");
  CHECK(bound.at("x-sequent-workflow") == "test/checkout:1.0.0");
  // Every reference leads somewhere.
  const std::string text = document.dump();
  const std::string mark = "#/components/schemas/";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const auto from = at + mark.size();
    const auto name = text.substr(from, text.find('"', from) - from);
    CAPTURE(name);
    CHECK(document.at("components").at("schemas").contains(name));
  }
}
