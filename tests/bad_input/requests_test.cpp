// Requests that are wrong in themselves. Each kind has its own problem, and nothing is started.
#include <catch2/catch.hpp>
#include <future>

#include "tests/bad_input/support.hpp"

namespace sequent::bad_input {
namespace {

using Catch::Contains;

const std::string echo = "  - sayIt: {call: debug.echo, with: {word: '${ .word }'}}\n";
const std::string echo_runs = "/api/v1/workflows/test/echo/runs";
const HeaderList json_type{{"Content-Type", "application/json"}};

void check_nothing_started(Engine& engine) {
  CHECK(engine.get("/api/v1/runs").json.at("items").empty());
  CHECK(engine.stop() == 0);
}

TEST_CASE("a caller who waits when the server stops keeps its run", "[bad-input]") {
  const Folder folder;
  std::string id;
  Answer heard;
  {
    Engine engine{folder};
    engine.deploy("nap", "  - nap: {wait: {hours: 1}}\n");
    Client patient;
    auto waiting = std::async(std::launch::async, [&] {
      net::ClientRequest request;
      request.method = "POST";
      request.url = engine.url() + "/api/v1/workflows/test/nap/runs";
      request.headers.add("Prefer", "wait=30");
      return patient.send(std::move(request));
    });
    id = text_of(engine.await_one_run("waiting"), "id");
    CHECK(engine.stop() == 0);
    heard = waiting.get();
  }
  CAPTURE(heard.text);
  CHECK(heard.status == 503);
  CHECK(heard.problem() == "unavailable");
  CHECK_FALSE(heard.headers.value("Retry-After").empty());
  CHECK(heard.headers.value("Location") == "/api/v1/runs/" + id);
  CHECK_THAT(heard.says(), Contains("Run " + id + " keeps its id") && !Contains("artition"));
  Engine again{folder};
  CHECK(again.get("/api/v1/runs/" + id).json.at("status") == "waiting");
  CHECK(again.stop() == 0);
}

TEST_CASE("malformed bodies", "[bad-input]") {
  const Folder folder;
  Engine engine{folder};
  engine.deploy("echo", echo);
  const auto refused = [&](const std::string& body, const std::string& says) {
    check_refusal(engine, engine.post(echo_runs, body), 400, "invalid-json", says);
  };
  refused(R"({"word": )", "line 1");
  refused("{'word': 1}", "line 1, column 2");
  refused(R"({"word": "a"} more)", "line 1");
  refused("\xFF\xFE{}", "");
  refused("{\"word\": \"\xC3\x28\"}", "UTF-8");
  refused(std::string(100'000, '['), "deeper than the limit of 128");
  check_refusal(
      engine,
      engine.call("POST", "/api/v1/workflows", "do: [\n", {{"Content-Type", "application/yaml"}}),
      422, "invalid-definition", "line");
  check_refusal(engine, engine.post("/api/v1/events", "no JSON"), 400, "invalid-json", "line 1");
  const auto garbage = engine.raw("no HTTP at all\r\n\r\n");
  CHECK_THAT(garbage, Catch::StartsWith("HTTP/1.1 400"));
  CHECK_THAT(garbage, Contains("application/problem+json") && Contains("Expected an HTTP/1.1"));
  check_nothing_started(engine);
}

TEST_CASE("oversized bodies", "[bad-input]") {
  const Folder folder;
  Engine engine{folder, "http: {maxBodyBytes: 100000}\nengine: {maxPayloadBytes: 10000}\n"};
  engine.deploy("echo", echo);
  check_refusal(engine, engine.post(echo_runs, std::string(100'001, ' ')), 413, "too-large",
                "the limit of 100000 bytes");
  check_refusal(engine, engine.post(echo_runs, Json{{"word", std::string(20'000, 'x')}}.dump()),
                413, "too-large", "maxPayloadBytes");
  // A body that never says how long it is meets the same bound.
  std::string chunked = "POST " + echo_runs +
                        " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 30; ++i) chunked += "1000\r\n" + std::string(0x1000, ' ') + "\r\n";
  CHECK_THAT(engine.raw(chunked + "0\r\n\r\n"), Catch::StartsWith("HTTP/1.1 413"));
  check_refusal(engine, engine.call("GET", "/healthz", "", {{"X-Long", std::string(40'000, 'x')}}),
                431, "too-large", "the limit of 32768 bytes");
  check_nothing_started(engine);
}

TEST_CASE("unknown routes and methods", "[bad-input]") {
  const Folder folder;
  Engine engine{folder};
  check_refusal(engine, engine.get("/api/v1/run"), 404, "not-found", "/api/v1/runs");
  check_refusal(engine, engine.get("/wp-login.php"), 404, "not-found", "/openapi.json");
  check_refusal(engine, engine.get("/api/v1/runs/seven"), 404, "not-found", "UUID");
  for (const char* method : {"DELETE", "PATCH", "TRACE", "BREW"}) {
    CAPTURE(method);
    const auto answer = engine.call(method, "/api/v1/runs", "", {});
    check_refusal(engine, answer, 405, "method-not-allowed", "GET");
    CHECK_THAT(answer.headers.value("Allow"), Contains("GET"));
  }
  check_nothing_started(engine);
}

TEST_CASE("wrong types", "[bad-input]") {
  const Folder folder;
  Engine engine{folder};
  engine.deploy("echo", echo);
  check_refusal(engine,
                engine.call("POST", echo_runs, "word=a",
                            {{"Content-Type", "application/x-www-form-urlencoded"}}),
                415, "unsupported-media-type", "application/json");
  check_refusal(engine,
                engine.call("POST", "/api/v1/workflows", "x", {{"Content-Type", "text/csv"}}), 415,
                "unsupported-media-type", "application/yaml");
  check_refusal(engine, engine.get("/api/v1/runs?limit=many"), 400, "invalid-request", "limit");
  check_refusal(engine, engine.post("/api/v1/runs:search", R"({"filter": [], "limit": "x"})"), 400,
                "invalid-request", "/filter");
  check_refusal(engine, engine.post("/api/v1/runs:search", "[]"), 400, "invalid-request", "a list");
  check_refusal(
      engine,
      engine.post("/api/v1/runs/0197a6c2-8d1b-7c3e-9f00-5b2d7a1e0003:cancel", R"({"reason": 5})"),
      400, "invalid-request", "number 5");
  check_refusal(engine, engine.post("/api/v1/events", R"([{"specversion": 1}])"), 400,
                "invalid-request", "specversion");
  check_refusal(engine,
                engine.call("POST", echo_runs, "{}",
                            {{"Content-Type", "application/json"}, {"Accept", "text/csv"}}),
                406, "not-acceptable", "application/json");
  check_nothing_started(engine);
}

TEST_CASE("an unknown workflow, an unknown version", "[bad-input]") {
  const Folder folder;
  Engine engine{folder};
  engine.deploy("echo", echo);
  check_refusal(engine, engine.post("/api/v1/workflows/test/ecko/runs"), 404, "not-found",
                "test/echo");
  check_refusal(engine, engine.post(echo_runs + "?version=9.9.9"), 404, "not-found",
                "it has 1.0.0");
  const auto told = sequent({"start", "test/ecko", "--server", engine.url()});
  CHECK(told.code == 1);
  CHECK_THAT(told.error, Contains("test/echo"));
  check_nothing_started(engine);
}

TEST_CASE("input that breaks its schema, and a schema that is none", "[bad-input]") {
  const Folder folder;
  Engine engine{folder};
  engine.deploy("strict", echo,
                "input: {schema: {document: {type: object, required: [word], properties: "
                "{word: {type: string}, amount: {type: integer}}}}}\n");
  const auto strict = "/api/v1/workflows/test/strict/runs";
  const auto answer = engine.post(strict, R"({"amount": "ten"})");
  check_refusal(engine, answer, 422, "invalid-input", "/amount");
  CHECK_THAT(answer.says(), Contains("integer") && Contains("word"));  // every violation at once
  const auto broken =
      engine.call("POST", "/api/v1/workflows",
                  "document: {dsl: 1.0.3, namespace: test, name: broken, version: 1.0.0}\n"
                  "input: {schema: {document: {type: objekt}}}\ndo: [{a: {set: {b: 1}}}]\n",
                  {{"Content-Type", "application/yaml"}});
  check_refusal(engine, broken, 422, "invalid-definition", "objekt");
  CHECK(broken.json.at("errors")[0].at("line") == 2);
  check_nothing_started(engine);
}

TEST_CASE("a key that another start has", "[bad-input]") {
  const Folder folder;
  Engine engine{folder};
  engine.deploy("keyed", echo, "", "key: .word");
  const std::string keyed = "/api/v1/workflows/test/keyed/runs";
  const auto first = engine.run("keyed", R"({"word": "a"})");
  REQUIRE(first.status == 200);
  const auto id = text_of(first.json, "id");
  check_refusal(engine, engine.post(keyed, R"({"word": "a", "more": 1})"), 422,
                "idempotency-mismatch", id);
  check_refusal(engine, engine.post(keyed + "?onConflict=reject", R"({"word": "a"})"), 409,
                "key-taken", id);
  const HeaderList sent{{"Content-Type", "application/json"}, {"Idempotency-Key", "k1"}};
  CHECK(engine.call("POST", keyed, R"({"word": "b"})", sent).status == 201);
  check_refusal(engine, engine.call("POST", keyed, R"({"word": "c"})", sent), 422,
                "idempotency-mismatch", "Idempotency-Key");
  CHECK(engine.get("/api/v1/runs").json.at("items").size() == 2);
  CHECK(engine.stop() == 0);
}

}  // namespace
}  // namespace sequent::bad_input
