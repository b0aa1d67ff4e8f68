// Outages as operators see and steer them, and why a run stands still.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace sequent;
using namespace sequent::api::test;
using Catch::Contains;

namespace {

const std::string providers = "/api/v1/providers";
const std::string reason = R"({"reason":"they called us"})";

Json provider_in(const Json& list, const std::string& name) {
  for (const auto& one : list.at("items"))
    if (text_of(one, "provider") == name) return one;
  return nullptr;
}

}  // namespace

TEST_CASE("a run that is parked says on whom, since when and what wakes it", "[api][outages]") {
  TestNode node;
  REQUIRE(node.deploy(workflow("echo", echo_tasks)).status == 201);
  REQUIRE(node.deploy(workflow("parent",
                               "  - child: {run: {workflow: {namespace: test, name: echo, "
                               "version: 1.0.0, input: {name: Ada}}}}\n"))
              .status == 201);
  const auto opened = node.post(providers + "/debug:open", reason);
  REQUIRE(opened.status == 200);
  CHECK(opened.json.at("items").at(0).at("state") == "open");

  // A start is accepted all the same, and answered in time.
  const auto waited =
      node.post("/api/v1/workflows/test/echo/runs", R"({"name":"Ada"})", {{"Prefer", "wait=1"}});
  REQUIRE(waited.status == 201);
  CHECK(waited.json.at("status") == "waiting");
  CHECK(waited.json.at("waitingFor").at("kind") == "parked");
  CHECK(waited.json.at("waitingFor").at("provider") == "debug");
  CHECK(waited.json.at("waitingFor").at("reason") == "provider_open");
  const auto id = text_of(waited.json, "id");
  const auto result = node.get("/api/v1/runs/" + id + "/result");
  CHECK(result.status == 202);
  CHECK(result.json.at("waitingFor").at("kind") == "parked");
  const auto run = node.await_status(id, "waiting");
  CHECK(run.at("waitingFor").at("kind") == "parked");
  CHECK(run.at("waitingFor").at("reason") == "provider_open");
  CHECK(run.at("waitingFor").at("circuit") == "debug//read");
  CHECK_THAT(text_of(run, "why"), Contains("parked on debug, open since"));
  CHECK_THAT(text_of(run, "why"), Contains("(they called us), until an operator closes it"));
  CHECK(run.at("chain").back().at("provider") == "debug");

  const auto parent = node.start("parent");
  const auto standing = node.await_status(parent, "waiting");
  for (int i = 0; i < 1'000; ++i) {
    const auto child = text_of(node.get("/api/v1/runs/" + parent).json.at("waitingFor"), "run");
    if (!child.empty() && text_of(node.get("/api/v1/runs/" + child).json, "status") == "waiting")
      break;
  }
  const auto chain = node.get("/api/v1/runs/" + parent).json;
  CHECK_THAT(text_of(chain, "why"), Contains("it waits for child"));
  CHECK_THAT(text_of(chain, "why"), Contains("which is parked on debug, open since"));
  CHECK(chain.at("chain").size() == 2);

  const auto list = node.get(providers);
  const auto debug = provider_in(list.json, "debug");
  REQUIRE(debug.is_object());
  std::int64_t parked = 0;
  for (const auto& one : list.json.at("items"))
    parked += one.at("parked").at("calls").get<std::int64_t>();
  CHECK(parked == 2);
  CHECK_THAT(node.get("/metrics").text, Contains("sequent_provider_parked{provider=\"debug\""));
  CHECK(node.get("/api/v1/runs?stuck=true").json.at("items").empty());

  REQUIRE(node.post(providers + "/debug:close", reason).status == 200);
  CHECK(node.await_status(id, "completed").at("output") == Json{{"hello", "Ada"}});
  node.await_status(parent, "completed");
  CHECK_FALSE(node.get("/api/v1/runs/" + id).json.contains("why"));
  CHECK_THAT(node.get("/metrics").text,
             Contains("sequent_provider_latency_seconds{provider=\"debug\""));
}

TEST_CASE("who waits for a start that parks hears so", "[api][outages]") {
  TestNode node;
  const std::string route = "key: .name, http: {method: post, path: /api/greetings}";
  REQUIRE(node.deploy(workflow("echo", echo_tasks, route)).status == 201);
  REQUIRE(node.post(providers + "/debug:open", reason).status == 200);
  const std::string runs = "/api/v1/workflows/test/echo/runs", ada = R"({"name":"Ada"})";

  const auto at_once = node.post(runs, ada);
  REQUIRE(at_once.status == 201);
  CHECK(at_once.json.at("status") == "running");
  CHECK(at_once.json.at("waitingFor").is_null());
  node.await_status(text_of(at_once.json, "id"), "waiting");
  const auto replayed = node.post(runs, ada);
  CHECK(replayed.status == 200);
  CHECK(replayed.json.at("status") == "waiting");
  CHECK(replayed.json.at("waitingFor").at("kind") == "parked");
  const auto whole =
      node.post(runs, R"({"name":"Bob"})", {{"Prefer", "wait=1, return=representation"}});
  CHECK(whole.json.at("waitingFor").at("kind") == "parked");

  const auto bound = node.post("/api/greetings", R"({"name":"Eva"})", {{"Prefer", "wait=1"}});
  CHECK(bound.status == 202);
  CHECK(bound.json.at("status") == "waiting");
  CHECK(bound.json.at("waitingKind") == "parked");
  CHECK(bound.json.at("waitingFor").at("kind") == "parked");
  CHECK(bound.json.at("waitingFor").at("circuit") == "debug//read");
}

TEST_CASE("a parked run says how old its key is and when the provider forgets it",
          "[api][outages]") {
  TestNode node;
  REQUIRE(node.deploy(workflow("fails",
                               "  - charge: {call: debug.fail, with: {outcome: unknown, times: 1, "
                               "retryAfterMs: 1000}}\n"))
              .status == 201);
  const auto id = node.start("fails");
  Json run;
  for (int i = 0; i < 10'000; ++i) {
    run = node.get("/api/v1/runs/" + id).json;
    if (run.at("waitingFor").is_object() && run.at("waitingFor").contains("keyBornAt")) break;
  }
  CHECK(run.at("waitingFor").at("kind") == "activity");
  REQUIRE(node.post(providers + "/debug:open", reason).status == 200);
  for (int i = 0; i < 10'000; ++i) {
    run = node.get("/api/v1/runs/" + id).json;
    if (run.at("waitingFor").is_object() && run.at("waitingFor").at("kind") == "parked") break;
  }
  const auto& waiting = run.at("waitingFor");
  REQUIRE(waiting.at("kind") == "parked");
  CHECK(waiting.at("attempt") == 2);
  CHECK(waiting.at("tried") == 1);
  CHECK(waiting.at("outcomeUnknown") == true);
  const auto born = parse_time(text_of(waiting, "keyBornAt"));
  const auto forgotten = parse_time(text_of(waiting, "keyForgottenAt"));
  REQUIRE((born && forgotten));
  CHECK(*forgotten - *born == 24 * 3'600'000);
  CHECK(run.at("attempts") == 2);
  CHECK(run.at("uncountedAttempts") == 0);

  const auto found = node.get("/api/v1/runs?where=key.born%3C%3Dnow").json.at("items");
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("waitingFor").at("keyBornAt") == waiting.at("keyBornAt"));
  CHECK(found.at(0).at("waitingFor").at("keyForgottenAt") == waiting.at("keyForgottenAt"));
  CHECK(node.get("/api/v1/runs?where=key.bornAt%3C1h").json.at("items").empty());
}

TEST_CASE("a run that a limit holds back names the limit, and no outage", "[api][outages]") {
  TestNode node;
  REQUIRE(node.deploy(workflow("echo", echo_tasks)).status == 201);
  REQUIRE(
      node.post(providers + "/debug:limit", R"({"reason":"contract","perSecond":0.02})").status ==
      200);
  const auto first = node.start("echo", R"({"name":"Ada"})");
  node.await_status(first, "completed");
  const auto id = node.start("echo", R"({"name":"Ada"})");
  auto run = node.await_status(id, "waiting");
  CHECK(run.at("waitingFor").at("reason") == "limit");
  CHECK(text_of(run, "why") ==
        "it is parked on debug until its turn comes: debug takes at most 1 a minute");
  CHECK(run.at("chain").back().at("state") == "closed");

  REQUIRE(
      node.post(providers + "/debug:limit", R"({"reason":"contract","perSecond":0.02,"atOnce":2})")
          .status == 200);
  run = node.get("/api/v1/runs/" + id).json;
  CHECK(text_of(run, "why") ==
        "it is parked on debug until its turn comes: debug takes at most 2 calls at once (0 are "
        "under way), at most 1 a minute");

  // After an outage the limit is named beside what wakes it.
  REQUIRE(node.post(providers + "/debug:open", reason).status == 200);
  const auto parked = node.start("echo", R"({"name":"Ada"})");
  CHECK_THAT(text_of(node.await_status(parked, "waiting"), "why"), Contains("debug, open since"));
  REQUIRE(node.post(providers + "/debug:close", reason).status == 200);
  CHECK_THAT(text_of(node.get("/api/v1/runs/" + parked).json, "why"),
             Contains("it is parked on debug, which is back: parked calls leave in order") &&
                 Contains("; debug takes at most 2 calls at once"));
  REQUIRE(node.post(providers + "/debug:limit", R"({"reason":"lifted","perSecond":0,"atOnce":0})")
              .status == 200);
  node.await_status(id, "completed");
  node.await_status(parked, "completed");
}

TEST_CASE("what is done to a provider is audited, and refused without a reason", "[api][outages]") {
  TestNode node;
  CHECK(node.post(providers + "/debug:open", "{}").status == 400);
  CHECK(node.post(providers + "/debug:limit", reason).status == 400);
  CHECK(node.post(providers + "/debug:maintenance", reason).status == 400);
  CHECK(node.post(providers + "/nobody:open", reason).status == 404);
  CHECK(node.post(providers + "/debug:open", R"({"reason":"x","until":"2001-01-01T00:00:00Z"})")
            .status == 400);
  CHECK(node.get(providers).json.at("items").empty());
  const auto limited = node.post(providers + "/debug:limit",
                                 R"({"reason":"contract","perSecond":5,"atOnce":2,"account":"a"})");
  REQUIRE(limited.status == 200);
  CHECK(limited.json.at("items").at(0).at("limit").at("perSecond") == 5);
  CHECK(limited.json.at("items").at(0).at("limit").at("atOnce") == 2);
  const auto declared = node.post(
      providers + "/debug:maintenance",
      R"({"reason":"upgrade","from":"2999-01-01T00:00:00Z","to":"2999-01-01T02:00:00Z"})");
  REQUIRE(declared.status == 200);
  CHECK(declared.json.at("items").at(0).at("maintenance").at(0).at("reason") == "upgrade");
  CHECK(declared.json.at("items").at(0).at("state") == "closed");
  const auto audit = node.get("/api/v1/audit?target=providers/debug").json.at("items");
  CHECK(audit.size() >= 4);
  std::size_t refused = 0;
  for (const auto& entry : audit) refused += entry.at("outcome") != "done";
  CHECK(refused >= 3);
}
