// Repair of one run over HTTP, with a real engine and store.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace sequent;
using namespace sequent::api::test;
using Catch::Contains;

TEST_CASE("one run is retried with a patched input, and the audit log has the difference",
          "[api][audit]") {
  TestNode node;
  node.deploy(workflow("pays",
                       "  - charge: {call: debug.fail, with: {outcome: permanent, times: '${ "
                       ".times }', status: 402, message: declined}}\n",
                       "sensitive: [/card]"));
  const auto run = node.start("pays", R"({"times":9,"card":"4242-secret"})");
  node.await_status(run, "faulted");
  const auto path = "/api/v1/runs/" + run;
  const auto wrong = node.post(
      path + ":retry", R"({"reason":"x","patch":[{"op":"replace","path":"/none","value":1}]})");
  CHECK(wrong.status == 400);
  CHECK_THAT(wrong.text, Contains("does not fit"));
  const auto both = node.post(path + ":retry", R"({"reason":"x","input":{},"patch":[]})");
  CHECK(both.status == 400);
  const auto right = node.post(
      path + ":retry",
      R"({"reason":"a typing error","patch":[{"op":"replace","path":"/times","value":0}]})");
  INFO(right.text);
  REQUIRE(right.status == 200);
  node.await_status(run, "completed");
  const auto audit = node.get("/api/v1/audit?action=retry&target=" + run).json.at("items");
  REQUIRE(audit.size() == 3);
  CHECK(audit[0].at("before").at("status") == "faulted");
  CHECK(audit[0].at("before").at("input").at("times") == 9);
  CHECK(audit[0].at("after").at("input").at("times") == 0);
  CHECK(audit[0].at("after").at("diff").at(0).at("path") == "/times");
  CHECK_THAT(audit.dump(), !Contains("4242-secret"));
  CHECK(node.get("/api/v1/audit?refused=true&target=" + run).json.at("items").size() == 2);
  CHECK(node.get("/api/v1/audit?text=typing").json.at("items").size() == 1);
  CHECK(node.get("/api/v1/audit?since=monday").status == 400);
}

TEST_CASE("going back lists what would happen again, and wants to be confirmed", "[api]") {
  TestNode node;
  const std::string paid =
      "  - charge: {call: debug.fail, with: {times: 0}}\n"
      "  - look: {call: debug.echo, with: {a: 1}}\n"
      "  - tell: {emit: {event: {with: {type: com.test.told, source: 'https://test'}}}}\n";
  node.deploy(workflow("buys", paid + listening_tasks));
  const auto run = node.start("buys");
  node.await_status(run, "waiting");
  const auto path = "/api/v1/runs/" + run + ":rewind";
  const auto asked = node.post(path, R"({"reason":"wrong","task":"charge"})");
  REQUIRE(asked.status == 409);
  const auto& effects = asked.json.at("errors");
  REQUIRE(effects.size() == 2);
  CHECK_THAT(effects[0].dump(), Contains("calls debug.fail") && Contains("/do/0/charge"));
  CHECK_THAT(effects[1].dump(), Contains("com.test.told"));
  CHECK(node.post(path, R"({"reason":"wrong","task":"look"})").json.at("errors").size() == 1);
  const auto done = node.post(path, R"({"reason":"wrong","task":"charge","confirm":true})");
  INFO(done.text);
  CHECK(done.status == 200);
}

TEST_CASE("cancelling lists what it undoes, and wants to be confirmed", "[api]") {
  const std::string left = R"({"reason":"left"})";
  TestNode node;
  const std::string charge =
      "  - charge: {call: debug.echo, with: {id: ch_1}, metadata: {compensate: payBack}}\n";
  const std::string back =
      "  - over: {set: {a: 1}, then: end}\n"
      "  - payBack: {call: debug.echo, with: {back: '${ .output.id }'}}\n";
  node.deploy(workflow("buys", charge + listening_tasks + back));
  node.deploy(workflow("asks",
                       "  - sub: {run: {workflow: {namespace: test, name: buys, version: 1.0.0, "
                       "input: {}}}}\n"));
  const auto run = node.start("buys");
  node.await_status(run, "waiting");
  const auto path = "/api/v1/runs/" + run;
  const auto asked = node.post(path + ":cancel", left);
  REQUIRE(asked.status == 409);
  const auto& effects = asked.json.at("errors");
  REQUIRE(effects.size() == 1);
  CHECK_THAT(effects[0].dump(), Contains("/do/0/charge") && Contains("is undone by /do/3/payBack"));
  CHECK(node.get(path).json.at("status") == "waiting");
  const auto done = node.post(path + ":cancel", R"({"reason":"left","confirm":true})");
  INFO(done.text);
  REQUIRE(done.status == 200);
  const auto cancelled = node.await_status(run, "cancelled");
  CHECK(cancelled.at("cancelling").at("undone") == 1);
  CHECK(cancelled.at("cancelling").at("total") == 1);
  CHECK(cancelled.at("cancelling").at("reason") == "left");
  CHECK_THAT(node.get(path + "/journal").text, Contains(R"("back":"ch_1")"));

  SECTION("its children's too") {
    const auto parent = node.start("asks");
    node.await_status(parent, "waiting");
    const std::string open = "/api/v1/runs?workflow=test/buys&waiting=event";
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (node.get(open).json.at("items").empty() && std::chrono::steady_clock::now() < until) {
    }  // the child has paid
    const auto listed = node.post("/api/v1/runs/" + parent + ":cancel", left);
    REQUIRE(listed.status == 409);
    CHECK_THAT(listed.json.at("errors")[0].dump(), Contains("/do/0/charge") && Contains(", run "));
    node.post("/api/v1/runs/" + parent + ":cancel", R"({"reason":"left","confirm":true})");
    node.await_status(parent, "cancelled");
  }
  SECTION("terminate undoes nothing and asks nothing") {
    const auto other = node.start("buys");
    node.await_status(other, "waiting");
    CHECK(node.post("/api/v1/runs/" + other + ":terminate", left).json.at("status") == "cancelled");
    CHECK_THAT(node.get("/api/v1/runs/" + other + "/journal").text, !Contains("back"));
  }
}
