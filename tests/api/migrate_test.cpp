// Two versions side by side, and runs that move from one to the other, over HTTP.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace sequent;
using namespace sequent::api::test;
using Catch::Contains;

namespace {

const std::string next_tasks =
    "  - note: {set: '${ . }'}\n"
    "  - awaitPayment: {listen: {to: {one: {with: {type: com.test.paid}}}}}\n"
    "  - thank: {set: {thanked: true}}\n";

std::string payment(const std::string& id) {
  return R"({"specversion":"1.0","id":")" + id +
         R"(","source":"https://test","type":"com.test.paid"})";
}

}  // namespace

TEST_CASE("runs of two versions go on side by side, each under its own", "[api][migrate]") {
  TestNode node;
  node.deploy(workflow("buys", listening_tasks));
  const auto old = node.start("buys");
  node.await_status(old, "waiting");
  node.deploy(workflow("buys", next_tasks, "", "1.1.0"));
  const auto young = node.start("buys");
  node.await_status(young, "waiting");
  CHECK(node.get("/api/v1/runs/" + old).json.at("workflow").at("version") == "1.0.0");
  CHECK(node.get("/api/v1/runs/" + young).json.at("workflow").at("version") == "1.1.0");
  node.post("/api/v1/events", payment("e-1"), {{"Content-Type", "application/cloudevents+json"}});
  CHECK(node.await_status(old, "completed").at("output") != Json{{"thanked", true}});
  CHECK(node.await_status(young, "completed").at("output") == Json{{"thanked", true}});
}

TEST_CASE("a waiting run moves to a new version and ends by it", "[api][migrate]") {
  TestNode node;
  node.deploy(workflow("buys", listening_tasks));
  const auto run = node.start("buys");
  node.await_status(run, "waiting");
  const auto path = "/api/v1/runs/" + run;
  CHECK(node.get(path + "/migration").problem() == "wrong-state");
  node.deploy(workflow("buys", next_tasks, "", "1.1.0"));
  node.deploy(workflow("buys", "  - other: {set: {a: 1}}\n", "", "2.0.0"));
  const auto preview = node.get(path + "/migration?version=1.1.0");
  REQUIRE(preview.status == 200);
  CHECK(preview.json.at("tasks") ==
        Json::array({{{"from", "/do/0/awaitPayment"}, {"to", "/do/1/awaitPayment"}}}));
  const auto cannot = node.get(path + "/migration");  // 2.0.0
  CHECK(cannot.problem() == "wrong-state");
  CHECK_THAT(cannot.text, Contains("no task with this name"));
  CHECK(node.get(path + "/migration?version=9.0.0").status == 404);

  const auto moved = node.post(path + ":migrate", R"({"reason":"a better one","version":"1.1.0"})");
  INFO(moved.text);
  REQUIRE(moved.status == 200);
  CHECK(moved.json.at("workflow").at("version") == "1.1.0");
  CHECK(moved.json.at("task") == "/do/1/awaitPayment");
  CHECK(node.get("/api/v1/runs?where=version%3D1.1.0").json.at("items").size() == 1);
  CHECK(node.get("/api/v1/runs?where=version%3D1.0.0").json.at("items").empty());
  node.post("/api/v1/events", payment("e-1"), {{"Content-Type", "application/cloudevents+json"}});
  CHECK(node.await_status(run, "completed").at("output") == Json{{"thanked", true}});

  // Each record is told by the version that it is of.
  const auto journal = node.get(path + "/journal").json.at("items");
  std::vector<std::string> tasks;
  for (const auto& record : journal)
    if (record.at("kind") == "TaskStarted") tasks.push_back(text_of(record, "task"));
  CHECK(tasks == std::vector<std::string>{"/do/0/awaitPayment", "/do/2/thank"});
  CHECK_THAT(journal.dump(), Contains("\"Migrated\"") && Contains("a better one"));
  CHECK_THAT(node.get(path + "/diagram").text, Contains("moved to version 1.1.0"));
  CHECK(node.get("/api/v1/audit?action=migrate&target=" + run).json.at("items").size() == 1);
}

TEST_CASE("a batch moves what can be moved, and says of the others why not", "[api][migrate]") {
  TestNode node;
  node.deploy(workflow("buys", listening_tasks));
  node.deploy(workflow("fails", failing_tasks));
  std::vector<std::string> runs;
  for (int i = 0; i < 3; ++i) {
    runs.push_back(node.start("buys"));
    node.await_status(runs.back(), "waiting");
  }
  node.deploy(workflow("buys", next_tasks, "", "1.1.0"));
  const Json body{{"action", "migrate"},
                  {"where", "workflow=test/buys:1.0.0 and status=waiting"},
                  {"arguments", {{"version", "1.1.0"}}},
                  {"reason", "a better one"}};
  Json dry = body;
  dry["dryRun"] = true;
  const auto looked = node.post("/api/v1/batches", dump_json(dry));
  INFO(looked.text);
  REQUIRE(looked.status == 200);
  CHECK(looked.json.at("outlook").at("accepted") == 3);
  dry["arguments"]["version"] = "7.0.0";
  const auto none = node.post("/api/v1/batches", dump_json(dry));
  CHECK(none.json.at("outlook").at("accepted") == 0);
  CHECK(none.json.at("outlook").at("refused").at(0).at("count") == 3);

  const auto created = node.post("/api/v1/batches", dump_json(body));
  REQUIRE(created.status == 201);
  const auto path = "/api/v1/batches/" + text_of(created.json, "id");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  Json batch;
  do batch = node.get(path).json;
  while (batch.at("state") != "finished" && std::chrono::steady_clock::now() < until);
  CHECK(batch.at("items").at("succeeded") == 3);
  for (const auto& run : runs)
    CHECK(node.get("/api/v1/runs/" + run).json.at("workflow").at("version") == "1.1.0");
}
