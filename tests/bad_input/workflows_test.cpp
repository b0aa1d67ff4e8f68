// Definitions and providers that misbehave. The run ends, or waits, with words that say why; the
// engine goes on serving.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/bad_input/support.hpp"

namespace sequent::bad_input {
namespace {

using Catch::Contains;

net::Handler page(int status) {
  return [status](const net::ServerRequest&) -> asio::awaitable<net::HandlerResult> {
    net::HandlerResult result;
    result.response.status = status;
    result.response.headers.set("Content-Type", "text/html");
    result.response.body = "<!DOCTYPE html><html><body>Bad gateway, token=hunter2</body></html>";
    co_return result;
  };
}

// The run between two attempts: a gateway that fails may come back.
Json await_failure(Engine& engine, const std::string& name) {
  const auto started = engine.post("/api/v1/workflows/test/" + name + "/runs");
  const auto path = "/api/v1/runs/" + text_of(started.json, "id");
  const auto until = std::chrono::steady_clock::now() + cli::test::patience;
  while (std::chrono::steady_clock::now() < until) {
    auto run = engine.get(path).json;
    const auto waiting = run.find("waitingFor");
    if (waiting != run.end() && waiting->is_object() &&
        text_of(*waiting, "detail").find(" failed") != std::string::npos)
      return run;
    std::this_thread::yield();
  }
  throw std::runtime_error("no attempt of " + name + " failed");
}

std::string fetch(const std::string& url, const std::string& more = "") {
  return "  - fetch: {call: http, with: {method: get, endpoint: '" + url + "'" + more + "}}\n";
}

TEST_CASE("a definition that refers to a missing secret", "[bad-input]") {
  const Folder folder;
  Engine engine{folder};
  engine.deploy("bank", "  - pay: {call: debug.echo, with: {token: '${ $secrets.bank }'}}\n",
                "use: {secrets: [bank]}\n", "http: {method: post, path: /api/bank}");
  const auto run = engine.run("bank");
  CHECK(run.json.at("status") == "faulted");
  const auto& error = run.json.at("error");
  CHECK(error.at("status") == 403);
  CHECK_THAT(text_of(error, "type"), Catch::EndsWith("/errors/authorization"));
  CHECK_THAT(text_of(error, "detail"),
             Contains("secret \"bank\" is not configured") && Contains("add it to the secrets"));
  const auto answer = engine.post("/api/bank");
  CHECK(answer.status == 403);
  CHECK(answer.headers.value("Content-Type") == "application/problem+json");
  CHECK_THAT(answer.says(), Contains("secret \"bank\""));
  CHECK(engine.stop() == 0);
}

TEST_CASE("an expression that never ends", "[bad-input]") {
  const Folder folder;
  // libjq 1.6 has no way to free what it was building when it was halted in the middle of a step: a
  // kilobyte or two of its own values. A build that looks for leaks is told to pass over libjq's
  // allocator, in this process alone; any other leak makes its exit code another one.
  const auto suppressions = folder.file("leaks", "leak:jv_mem_\n");
  Engine engine{folder,
                "engine: {expressionTimeoutMs: 200}\n",
                {{"LSAN_OPTIONS", "suppressions=" + suppressions + ":print_suppressions=0"}}};
  engine.deploy("spin", "  - spin: {set: {a: '${ def f: f; f }'}}\n");
  engine.deploy("grow", "  - grow: {set: {a: '${ [range(0; 1e12)] }'}}\n");
  engine.deploy("echo", "  - sayIt: {call: debug.echo, with: {a: 1}}\n");
  for (const char* name : {"spin", "grow"}) {
    const auto run = engine.run(name);
    CAPTURE(run.text);
    CHECK(run.json.at("status") == "faulted");
    const auto& error = run.json.at("error");
    CHECK_THAT(text_of(error, "type"), Catch::EndsWith("/errors/expression"));
    CHECK_THAT(text_of(error, "detail"), Contains("200 ms") && Contains("in the expression"));
  }
  CHECK(engine.run("echo").json.at("status") == "completed");
  CHECK(engine.stop() == 0);
}

TEST_CASE("a provider that answers HTML", "[bad-input]") {
  const Provider good{page(200)}, bad{page(502)};
  const Folder folder;
  Engine engine{
      folder, "providers: {stripe: {baseUrl: '" + bad.url() + "', apiKey: {value: sk_test_1}}}\n"};
  SECTION("where JSON was asked for: the run faults") {
    engine.deploy("asks", fetch(good.url() + "/a", ", headers: {Accept: application/json}"));
    const auto run = engine.run("asks");
    REQUIRE(run.json.at("status") == "faulted");
    const auto& error = run.json.at("error");
    CHECK_THAT(text_of(error, "type"), Catch::EndsWith("/errors/communication"));
    CHECK_THAT(text_of(error, "detail"), Contains("expected JSON") && Contains("an HTML page") &&
                                             Contains(good.url() + "/a"));
    CHECK_THAT(run.text, !Contains("hunter2"));  // somebody else's page is no error message
  }
  SECTION("in place of an API that fails: the run waits, and says for what") {
    engine.deploy("gets", fetch(bad.url() + "/a"));
    const auto run = await_failure(engine, "gets");
    CHECK_THAT(text_of(run.at("waitingFor"), "detail"), Contains("http failed (Bad Gateway)"));
  }
  SECTION("in place of Stripe: the outcome is unknown, and the same key is used again") {
    engine.deploy("buys", "  - buy: {call: stripe.customers.create, with: {email: a@b.example}}\n");
    const auto run = await_failure(engine, "buys");
    CHECK_THAT(text_of(run.at("waitingFor"), "detail"), Contains("(Not Stripe's answer)"));
    const auto journal = engine.get("/api/v1/runs/" + text_of(run, "id") + "/journal").text;
    CHECK_THAT(journal, Contains("expected JSON for POST /v1/customers, got an HTML page") &&
                            Contains("\"outcome\":\"unknown\"") && !Contains("hunter2"));
  }
  CHECK(engine.get("/readyz").json.at("status") == "ready");
  CHECK(engine.stop() == 0);
}

TEST_CASE("a hundred-megabyte answer", "[bad-input]") {
  constexpr std::size_t piece = 1 << 20, pieces = 100;
  std::atomic<std::size_t> written = 0;
  const auto endless = [&written](net::ResponseStream& out) -> asio::awaitable<void> {
    for (std::size_t i = 0; i < pieces; ++i) {
      std::string chunk(piece, 'x');
      const bool open = co_await out.write(std::move(chunk));
      if (!open) co_return;
      written += piece;
    }
  };
  const Provider provider{
      [&endless](const net::ServerRequest&) -> asio::awaitable<net::HandlerResult> {
        net::HandlerResult result;
        result.response.headers.set("Content-Type", "text/plain");
        result.stream = endless;
        co_return result;
      }};
  const Folder folder;
  Engine engine{folder};
  engine.deploy("fetch", fetch(provider.url() + "/dump"));
  const auto run = engine.run("fetch");
  CAPTURE(run.text);
  CHECK(run.json.at("status") == "faulted");
  const auto& error = run.json.at("error");
  CHECK(error.at("status") == 502);
  CHECK_THAT(text_of(error, "detail"), Contains("2097152 bytes"));
  CHECK(written < pieces * piece / 2);  // it hung up, and did not read on
  CHECK(engine.get("/readyz").json.at("status") == "ready");
  CHECK(engine.stop() == 0);
}

}  // namespace
}  // namespace sequent::bad_input
