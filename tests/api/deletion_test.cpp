// Deleting versions of workflows over HTTP.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace sequent;
using namespace sequent::api::test;
using Catch::Contains;

namespace {

std::string path_of(const std::string& name, const std::string& version,
                    const std::string& query = "?reason=old") {
  return "/api/v1/workflows/test/" + name + "/" + version + query;
}

std::size_t found_by(TestNode& node, const std::string& where) {
  return node.get("/api/v1/runs?where=" + net::percent_encode(where)).json.at("items").size();
}

}  // namespace

TEST_CASE("a version with live runs is kept, and the problem finds them", "[api][definitions]") {
  TestNode node;
  node.deploy(workflow("buys", listening_tasks));
  node.deploy(workflow("fails", failing_tasks));
  const auto waits = node.start("buys");
  node.await_status(waits, "waiting");
  const auto faulted = node.start("fails");
  node.await_status(faulted, "faulted");
  for (const std::string name : {"buys", "fails"}) {
    const auto refused = node.call("DELETE", path_of(name, "1.0.0"));
    INFO(refused.text);
    CHECK(refused.status == 409);
    CHECK(refused.problem() == "conflict");
    CHECK_THAT(text_of(refused.json, "detail"), Contains("1 run of it has not ended"));
    CHECK(found_by(node, text_of(refused.json, "where")) == 1);
  }
  CHECK(node.call("DELETE", path_of("buys", "1.0.0")).json.at("liveRuns") == Json{{"waiting", 1}});
  CHECK(node.get("/api/v1/workflows/test/buys/1.0.0").status == 200);

  // Moved away, it keeps the other version.
  node.deploy(workflow("buys", listening_tasks, "", "1.1.0"));
  CHECK(node.post("/api/v1/runs/" + waits + ":migrate", R"({"reason":"old","version":"1.1.0"})")
            .status == 200);
  CHECK(node.call("DELETE", path_of("buys", "1.0.0")).status == 200);
  CHECK(node.call("DELETE", path_of("buys", "1.1.0")).status == 409);
  CHECK_THAT(node.get("/api/v1/runs/" + waits + "/journal").text, Contains("/do/0/awaitPayment"));
  CHECK_THAT(node.get("/api/v1/runs/" + waits + "/diagram").text,
             Contains("moved to version 1.1.0"));
}

TEST_CASE("a deleted version starts nothing, and what it did can be read", "[api][definitions]") {
  TestNode node;
  node.deploy(workflow("echoes", echo_tasks));
  const auto run = node.start("echoes");
  node.await_status(run, "completed");
  CHECK(node.call("DELETE", path_of("echoes", "1.0.0", "")).status == 400);  // no reason
  CHECK(node.call("DELETE", path_of("echoes", "1.0.0", "?reason=x&confirm=2")).status == 400);
  const auto deleted = node.call("DELETE", path_of("echoes", "1.0.0"));
  INFO(deleted.text);
  REQUIRE(deleted.status == 200);
  CHECK(deleted.json.at("workflow").at("version") == "1.0.0");
  CHECK(deleted.json.at("effects").empty());
  CHECK(node.get("/api/v1/workflows/test/echoes/1.0.0").status == 404);
  CHECK(node.get("/api/v1/workflows").json.at("items").empty());
  // By its digest it is found as long as its runs are kept: they are replayed with it.
  const auto digest = deleted.json.at("workflow").at("digest").get<std::string>();
  const auto kept = node.get("/api/v1/workflows/test/echoes/1.0.0?digest=" + digest);
  CHECK(kept.status == 200);
  CHECK(kept.json.at("document").at("document").at("name") == "echoes");
  CHECK(node.get("/api/v1/workflows/test/echoes/1.0.1?digest=" + digest).status == 404);
  CHECK(node.get("/api/v1/workflows/test/echoes/1.0.0?digest=0" + digest).status == 404);
  CHECK(node.post("/api/v1/workflows/test/echoes/runs?version=1.0.0", "{}").status == 404);
  CHECK(node.call("DELETE", path_of("echoes", "1.0.0")).status == 404);
  CHECK(node.get("/api/v1/runs/" + run).json.at("status") == "completed");
  CHECK(node.get("/api/v1/runs/" + run + "/journal").status == 200);
  CHECK(node.get("/api/v1/runs/" + run + "/diagram").status == 200);
  CHECK(node.get("/api/v1/runs?where=version%3D1.0.0").json.at("items").size() == 1);

  const auto audit = node.get("/api/v1/audit?action=delete-workflow").json.at("items");
  REQUIRE(audit.size() == 4);
  CHECK(audit[1].at("outcome") == "done");
  CHECK(audit[1].at("target") == "test/echoes:1.0.0");
  CHECK(audit[1].at("reason") == "old");
  CHECK_THAT(text_of(audit[0], "outcome"), Contains("not-found"));
}

TEST_CASE("the highest version goes when its route is meant to go back", "[api][definitions]") {
  TestNode node;
  const std::string route = "http: {method: post, path: /api/old}";
  node.deploy(workflow("buys", echo_tasks, route));
  node.deploy(workflow("buys", echo_tasks, "http: {method: post, path: /api/new}", "1.1.0"));
  const auto asked = node.call("DELETE", path_of("buys", "1.1.0"));
  INFO(asked.text);
  CHECK(asked.status == 409);
  CHECK_THAT(asked.json.at("errors").dump(),
             Contains("test/buys:1.0.0 is the highest version") &&
                 Contains("POST /api/new is bound no more") &&
                 Contains("POST /api/old is answered by test/buys:1.0.0"));
  CHECK(node.post("/api/new", "{}").status != 404);

  SECTION("and nobody else has it") {
    CHECK(node.call("DELETE", path_of("buys", "1.1.0", "?reason=old&confirm=true")).status == 200);
    CHECK(node.post("/api/new", "{}").status == 404);
    CHECK(node.post("/api/old", "{}").status != 404);
  }
  SECTION("but another workflow has it by now") {
    node.deploy(workflow("takes", echo_tasks, route));
    const auto taken = node.call("DELETE", path_of("buys", "1.1.0", "?reason=old&confirm=true"));
    CHECK(taken.status == 409);
    CHECK_THAT(taken.text, Contains("bound by test/takes"));
    CHECK(node.post("/api/new", "{}").status != 404);
  }
}
