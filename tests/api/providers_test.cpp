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
  const auto id = text_of(waited.json, "id");
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
