// Every kind of bad request gets its own answer: a problem with a stable type and words that help.
#include <catch2/catch.hpp>

#include "net/http_message.hpp"
#include "support.hpp"

using namespace sequent;
using namespace sequent::api::test;
using Catch::Contains;

namespace {

struct Bad {
  const char* what;
  const char* method;
  std::string path;
  std::string body;
  HeaderList headers;
  int status;
  const char* problem;
  const char* says;
};

const HeaderList json{{"Content-Type", "application/json"}};
const HeaderList yaml{{"Content-Type", "application/yaml"}};
const std::string echo_runs = "/api/v1/workflows/test/echo/runs";
const std::string no_run = "/api/v1/runs/0197a6c2-8d1b-7c3e-9f00-5b2d7a1e0003";

std::vector<Bad> bad_starts() {
  return {
      {"malformed JSON", "POST", echo_runs, "{\"name\": }", json, 400, "invalid-json", "line 1"},
      {"JSON that is too deep", "POST", echo_runs, std::string(200, '['), json, 400, "invalid-json",
       "deeper than the limit of 128"},
      {"wrong content type",
       "POST",
       echo_runs,
       "name=x",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       415,
       "unsupported-media-type",
       "application/json"},
      {"unknown workflow", "POST", "/api/v1/workflows/test/ecko/runs", "{}", json, 404, "not-found",
       "test/echo"},
      {"unknown version", "POST", echo_runs + "?version=9.9.9", "{}", json, 404, "not-found",
       "it has 1.0.0"},
      {"input that its schema refuses", "POST", "/api/v1/workflows/test/strict/runs",
       "{\"amount\": \"ten\"}", json, 422, "invalid-input", "schema"},
      {"unknown onConflict", "POST", echo_runs + "?onConflict=maybe", "{}", json, 400,
       "invalid-request", "restart-if-faulted"},
      {"unknown query parameter", "POST", echo_runs + "?versoin=1.0.0", "{}", json, 400,
       "invalid-request", "`version`"},
      {"a query parameter twice", "POST", echo_runs + "?version=1.0.0&version=1.0.0", "{}", json,
       400, "invalid-request", "twice"},
      {"a wait that is no number",
       "POST",
       echo_runs,
       "{}",
       {{"Content-Type", "application/json"}, {"Prefer", "wait=soon"}},
       400,
       "invalid-request",
       "wait=N"},
      {"an Idempotency-Key that is too long",
       "POST",
       echo_runs,
       "{}",
       {{"Content-Type", "application/json"}, {"Idempotency-Key", std::string(300, 'k')}},
       400,
       "invalid-request",
       "255"},
      {"an answer in a format that there is not",
       "POST",
       echo_runs,
       "{}",
       {{"Content-Type", "application/json"}, {"Accept", "text/csv"}},
       406,
       "not-acceptable",
       "application/json"},
  };
}

std::vector<Bad> bad_routes() {
  return {
      {"unknown route", "GET", "/api/v1/run", "", {}, 404, "not-found", "/api/v1/runs"},
      {"unknown verb", "POST", no_run + ":retri", "{}", json, 404, "not-found", ":retry`"},
      {"route of another world", "GET", "/wp-login.php", "", {}, 404, "not-found", "openapi"},
      {"wrong method", "DELETE", "/api/v1/runs", "", {}, 405, "method-not-allowed", "GET"},
      {"wrong method of an action",
       "GET",
       no_run + ":retry",
       "",
       {},
       405,
       "method-not-allowed",
       "POST"},
      {"unknown run", "GET", no_run, "", {}, 404, "not-found", "There is no run"},
      {"an id that is none", "GET", "/api/v1/runs/seven", "", {}, 404, "not-found", "UUID"},
      {"result of an unknown run", "GET", no_run + "/result", "", {}, 404, "not-found", "no run"},
      {"journal of an unknown run", "GET", no_run + "/journal", "", {}, 404, "not-found", "no run"},
      {"watch of an unknown run", "GET", no_run + "/watch", "", {}, 404, "not-found", "no run"},
      {"a page that is too large",
       "GET",
       "/api/v1/runs?limit=501",
       "",
       {},
       400,
       "invalid-request",
       "1 to 500"},
      {"a page of nothing", "GET", "/api/v1/runs?limit=0", "", {}, 400, "invalid-request", "limit"},
      {"a cursor of nobody",
       "GET",
       "/api/v1/runs?cursor=zzz",
       "",
       {},
       400,
       "invalid-request",
       "cursor"},
      {"an unknown status",
       "GET",
       "/api/v1/runs?status=fauted",
       "",
       {},
       400,
       "invalid-request",
       "`faulted`"},
      {"an unknown filter", "POST", "/api/v1/runs:search", R"({"filter":{"statsu":"x"}})", json,
       400, "invalid-request", "`status`"},
      {"an unknown dimension", "POST", "/api/v1/runs:aggregate", R"({"by":["stauts"]})", json, 400,
       "invalid-request", "`status`"},
      {"no dimension", "POST", "/api/v1/runs:aggregate", "{}", json, 400, "invalid-request",
       "at least one"},
      {"an action without a reason", "POST", no_run + ":suspend", "{}", json, 400,
       "invalid-request", "why"},
      {"an action with an unknown member", "POST", no_run + ":retry", R"({"reason":"x","inptu":1})",
       json, 400, "invalid-request", "`input`"},
      {"a reason that is no text", "POST", no_run + ":cancel", R"({"reason":5})", json, 400,
       "invalid-request", "number 5"},
      {"a body that is no object", "POST", no_run + ":cancel", "[]", json, 400, "invalid-request",
       "a list"},
      {"an action on an unknown run", "POST", no_run + ":suspend", R"({"reason":"x"})", json, 404,
       "not-found", "no run"},
      {"a rewind without a task", "POST", no_run + ":rewind", R"({"reason":"x"})", json, 400,
       "invalid-request", "task"},
      {"an event without a type",
       "POST",
       "/api/v1/events",
       R"({"specversion":"1.0","id":"1","source":"s"})",
       {{"Content-Type", "application/cloudevents+json"}},
       400,
       "invalid-request",
       "/type"},
      {"an unknown inbox entry", "GET", "/api/v1/inbox/77", "", {}, 404, "not-found", "77"},
      {"an unknown inbox state",
       "GET",
       "/api/v1/inbox?state=hold",
       "",
       {},
       400,
       "invalid-request",
       "`held`"},
      {"an unknown record", "GET", "/api/v1/records/links/a:b", "", {}, 404, "not-found", "a:b"},
      {"an unknown workflow",
       "GET",
       "/api/v1/workflows/test/nope",
       "",
       {},
       404,
       "not-found",
       "no workflow"},
      {"an unknown problem", "GET", "/problems/not-fund", "", {}, 404, "not-found", "not-found"},
  };
}

std::vector<Bad> bad_definitions() {
  const std::string bound = "http: {method: get, path: /api/v1/runs}";
  return {
      {"a definition of another type",
       "POST",
       "/api/v1/workflows",
       "x",
       {{"Content-Type", "text/csv"}},
       415,
       "unsupported-media-type",
       "application/yaml"},
      {"a definition that is no YAML", "POST", "/api/v1/workflows", "do: [", yaml, 422,
       "invalid-definition", ""},
      {"a definition with a mistake", "POST", "/api/v1/workflows",
       workflow("wrong", "  - a: {call: debug.ecko}\n"), yaml, 422, "invalid-definition", ""},
      {"the same version with other content", "POST", "/api/v1/workflows",
       workflow("echo", failing_tasks), yaml, 409, "conflict", "1.0.0"},
      {"a route of the engine itself", "POST", "/api/v1/workflows",
       workflow("thief", echo_tasks, bound), yaml, 409, "conflict", "/api/v1/runs"},
  };
}

}  // namespace

TEST_CASE("every bad request is answered by its own problem", "[api]") {
  TestNode node;
  REQUIRE(node.deploy(workflow("echo", echo_tasks)).status == 201);
  const std::string schema =
      "input: {schema: {document: {type: object, properties: {amount: {type: integer}}}}}\n";
  REQUIRE(node.deploy(workflow("strict", echo_tasks) + schema).status == 201);
  auto all = bad_starts();
  for (auto&& more : {bad_routes(), bad_definitions()})
    all.insert(all.end(), more.begin(), more.end());
  for (const auto& bad : all) {
    const auto reply = node.call(bad.method, bad.path, bad.body, bad.headers);
    CAPTURE(bad.what, reply.text);
    CHECK(reply.status == bad.status);
    CHECK(reply.headers.value("Content-Type") == "application/problem+json");
    CHECK(reply.problem() == bad.problem);
    CHECK_THAT(reply.headers.value("Date"), Catch::EndsWith(" GMT"));
    CHECK_THAT(reply.json.value("detail", "") + reply.json.value("errors", Json()).dump(),
               Contains(bad.says));
    CHECK((bad.status != 405 || !reply.headers.value("Allow").empty()));
    const auto page = node.get(reply.json.value("type", "/"));
    CHECK(page.status == 200);
    CHECK_THAT(page.headers.value("Content-Type"), Contains("text/html"));
  }
  CHECK(node.get("/api/v1/runs").json.at("items").empty());
}

TEST_CASE("a mistake in a definition is said with its line", "[api]") {
  TestNode node;
  const auto reply = node.deploy(workflow("wrong", "  - a: {call: debug.ecko}\n"));
  REQUIRE(reply.status == 422);
  REQUIRE_FALSE(reply.json.at("errors").empty());
  const auto& error = reply.json.at("errors")[0];
  CHECK(error.at("line") == 7);
  CHECK(error.at("column").get<int>() > 0);
  CHECK_THAT(error.at("pointer").get<std::string>(), Contains("/do/0/a"));
}

TEST_CASE("what the server refuses before a handler sees it is a problem too", "[api]") {
  net::ServerLimits limits;
  limits.max_body_bytes = 1'000;
  limits.max_header_bytes = 2'000;
  TestNode node{{}, TestNode::Begin::started, limits};
  const auto large = node.post("/api/v1/workflows/test/echo/runs", std::string(1'001, ' '));
  CHECK(large.status == 413);
  CHECK(large.problem() == "too-large");
  CHECK_THAT(large.headers.value("Date"), Catch::EndsWith(" GMT"));
  const auto header = node.get("/healthz", {{"X-Long", std::string(3'000, 'x')}});
  CHECK(header.status == 431);
  CHECK(header.problem() == "too-large");
}

TEST_CASE("a node that has not started answers 503 and lives", "[api]") {
  TestNode node{{}, TestNode::Begin::not_started};
  const auto start = node.post("/api/v1/workflows/test/echo/runs", "{}");
  CHECK(start.status == 503);
  CHECK(start.problem() == "unavailable");
  CHECK_FALSE(start.headers.value("Retry-After").empty());
  const auto ready = node.get("/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.json.at("status") == "starting");
  CHECK(node.get("/healthz").status == 200);
  CHECK(node.get("/openapi.json").status == 200);
}
