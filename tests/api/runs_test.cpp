// Runs over HTTP: start, wait, find, read, repair.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace sequent;
using namespace sequent::api::test;
using Catch::Contains;

namespace {
const std::string why = R"({"reason":"test"})";
}

TEST_CASE("a start answers 201 at once, 200 with the result when the caller waits", "[api]") {
  TestNode node;
  REQUIRE(node.deploy(workflow("echo", echo_tasks)).status == 201);
  const std::string runs = "/api/v1/workflows/test/echo/runs";
  const auto begun = node.post(runs, R"({"name":"Ada"})");
  CHECK(begun.status == 201);
  const auto id = begun.json.at("id").get<std::string>();
  CHECK(begun.headers.value("Location") == "/api/v1/runs/" + id);
  CHECK(begun.json.at("workflow").at("version") == "1.0.0");
  const auto waited = node.post(runs, R"({"name":"Ada"})", {{"Prefer", "wait=20"}});
  CHECK(waited.status == 200);
  CHECK(waited.json.at("status") == "completed");
  CHECK(waited.json.at("output") == Json{{"hello", "Ada"}});
  CHECK(waited.headers.value("Preference-Applied") == "wait=20");
  const auto result = node.get("/api/v1/runs/" + id + "/result?wait=20");
  CHECK(result.status == 200);
  CHECK(result.json.at("output") == Json{{"hello", "Ada"}});
  const auto run = node.get("/api/v1/runs/" + id).json;
  for (const char* member :
       {"id", "workflow", "key", "status", "waitingFor", "task", "input", "output", "error",
        "attributes", "startedAt", "updatedAt", "endedAt", "parent", "attempts"})
    CHECK(run.contains(member));
  CHECK(run.at("input") == Json{{"name", "Ada"}});
  CHECK(run.at("attempts") == 1);
  CHECK(parse_time(run.at("startedAt").get<std::string>()));
}

TEST_CASE("a repeated start is answered with the first run, another payload is refused", "[api]") {
  TestNode node;
  node.deploy(workflow("echo", echo_tasks));
  const std::string runs = "/api/v1/workflows/test/echo/runs";
  const HeaderList key{{"Idempotency-Key", "k1"}};
  const auto first = node.post(runs, R"({"name":"Ada"})", key);
  CHECK(first.status == 201);
  const auto second = node.post(runs, R"({"name":"Ada"})", key);
  CHECK(second.status == 200);
  CHECK(second.json.at("id") == first.json.at("id"));
  CHECK(second.headers.value("Idempotency-Replayed") == "true");
  const auto other = node.post(runs, R"({"name":"Bob"})", key);
  CHECK(other.status == 422);
  CHECK(other.problem() == "idempotency-mismatch");

  const auto keyed = node.post(runs + "?key=order-1", R"({"name":"Ada"})");
  CHECK(keyed.status == 201);
  const auto taken = node.post(runs + "?key=order-1&onConflict=reject", R"({"name":"Ada"})");
  CHECK(taken.status == 409);
  CHECK(taken.problem() == "key-taken");
  CHECK_THAT(taken.text, Contains(keyed.json.at("id").get<std::string>()));
}

TEST_CASE("the same definition again is no news, and its source can be read back", "[api]") {
  TestNode node;
  const auto source = workflow("echo", echo_tasks);
  CHECK(node.deploy(source).json.at("created") == true);
  const auto again = node.deploy(source);
  CHECK(again.status == 200);
  CHECK(again.json.at("created") == false);
  const auto yaml = node.get("/api/v1/workflows/test/echo/1.0.0", {{"Accept", "application/yaml"}});
  CHECK(yaml.text == source);
  CHECK(node.get("/api/v1/workflows/test/echo").json.at("document").at("do").size() == 1);
  const auto list = node.get("/api/v1/workflows").json.at("items");
  REQUIRE(list.size() == 1);
  CHECK(list[0].at("latest") == true);
}

TEST_CASE("runs are found by one filter: as a list, by search and in groups", "[api]") {
  TestNode node;
  node.deploy(workflow("fails", failing_tasks, "attributes: {region: .region}"));
  node.deploy(workflow("waits", listening_tasks));
  const auto failed = node.start("fails", R"({"region":"eu"})");
  node.start("waits");
  const auto waiting = node.start("waits");
  node.await_status(failed, "faulted");
  const auto run = node.await_status(waiting, "waiting");
  CHECK(run.at("waitingFor").at("kind") == "event");

  const auto faulted = node.get("/api/v1/runs?status=faulted&attribute.region=eu").json.at("items");
  REQUIRE(faulted.size() == 1);
  CHECK(faulted[0].at("id") == failed);
  CHECK(faulted[0].at("error").at("status") == 402);
  CHECK(node.get("/api/v1/runs?attribute.region=us").json.at("items").empty());

  const auto page = node.get("/api/v1/runs?limit=2").json;
  REQUIRE(page.at("items").size() == 2);
  const auto rest =
      node.get("/api/v1/runs?limit=2&cursor=" + page.at("cursor").get<std::string>()).json;
  CHECK(rest.at("items").size() == 1);
  CHECK(rest.at("cursor").is_null());

  const auto found = node.post("/api/v1/runs:search", R"({"filter":{"workflow":"test/waits"}})");
  CHECK(found.json.at("items").size() == 2);
  const auto groups = node.post("/api/v1/runs:aggregate", R"({"by":["workflow"]})");
  REQUIRE(groups.json.at("items").size() == 2);
  CHECK(groups.json.at("items")[0].at("count") == 2);
  CHECK(groups.json.at("items")[0].at("group").at("workflow") == "test/waits");
  CHECK(groups.json.at("complete") == true);
  CHECK(groups.json.at("since").is_null());
  const auto exact = node.post("/api/v1/runs:aggregate", R"({"by":["workflow"],"exact":true})");
  CHECK(exact.json == groups.json);
  CHECK(node.post("/api/v1/runs:aggregate", R"({"by":["workflow"],"exact":1})").status == 400);
}

TEST_CASE("the journal names tasks, pages, and hides what is sensitive", "[api]") {
  TestNode node;
  node.deploy(workflow("echo", echo_tasks, "sensitive: [/name, /hello]"));
  const auto id = node.start("echo", R"({"name":"4242-secret"})");
  const auto run = node.await_status(id, "completed");
  CHECK(run.at("input").at("name") == "[redacted]");
  CHECK(run.at("output").at("hello") == "[redacted]");
  const auto path = "/api/v1/runs/" + id + "/journal";
  const auto journal = node.get(path);
  CHECK_THAT(journal.text, !Contains("4242-secret"));
  const auto& items = journal.json.at("items");
  REQUIRE(items.size() > 3);
  CHECK(items[0].at("kind") == "InstanceStarted");
  CHECK(parse_time(items[0].at("at").get<std::string>()));
  Json paged = Json::array();
  std::string cursor = "0";
  for (int pages = 0; pages < 100 && !cursor.empty(); ++pages) {
    const auto page = node.get(path + "?limit=1&after=" + cursor).json;
    for (const auto& record : page.at("items")) paged.push_back(record);
    cursor = text_of(page, "cursor");
  }
  CHECK(paged == items);
  bool named = false;
  for (const auto& record : items)
    named =
        named || (record.at("kind") == "ActivityScheduled" && record.at("task") == "/do/0/greet");
  CHECK(named);
}

TEST_CASE("a run that waits is rewound to an earlier task and goes on from there", "[api]") {
  TestNode node;
  node.deploy(workflow("buys", echo_tasks + listening_tasks));
  const auto id = node.start("buys", R"({"name":"a"})");
  node.await_status(id, "waiting");
  const auto path = "/api/v1/runs/" + id;
  const auto unknown = node.post(path + ":rewind", R"({"reason":"x","task":"nowhere"})");
  CHECK(unknown.status == 404);
  const auto rewound = node.post(path + ":rewind", R"({"reason":"wrong","task":"/do/0/greet"})");
  CAPTURE(rewound.text);
  REQUIRE(rewound.status == 200);
  CHECK(rewound.json.at("id") == id);
  const auto asked = [&] {
    int count = 0;
    const auto journal = node.get(path + "/journal").json;
    for (const auto& record : journal.at("items"))
      count += record.at("kind") == "ListenStarted" ? 1 : 0;
    return count;
  };
  for (int look = 0; look < 10'000 && asked() < 2; ++look) {
  }
  node.post("/api/v1/events",
            R"({"specversion":"1.0","id":"p","source":"/t","type":"com.test.paid"})",
            {{"Content-Type", "application/cloudevents+json"}});
  node.await_status(id, "completed");
  const auto audit = node.get("/api/v1/audit?target=" + id).json.at("items");
  CHECK(audit.size() == 2);
  CHECK_THAT(audit.dump(), Contains("\"reason\":\"wrong\""));
}

TEST_CASE("an operator suspends, resumes, retries, skips and cancels", "[api]") {
  TestNode node;
  node.deploy(workflow("fails", failing_tasks));
  node.deploy(workflow("waits", listening_tasks));
  const auto waiting = "/api/v1/runs/" + node.start("waits");
  CHECK(node.post(waiting + ":suspend", why).json.at("status") == "suspended");
  CHECK(node.post(waiting + ":resume", why).status == 200);
  const auto wrong = node.post(waiting + ":resume", why);
  CHECK(wrong.status == 409);
  CHECK(wrong.problem() == "wrong-state");
  const auto cancelled = node.post(waiting + ":cancel", R"({"reason":"not needed"})").json;
  CHECK(cancelled.at("status") == "cancelled");
  CHECK(cancelled.at("reason") == "not needed");

  const auto id = node.start("fails");
  node.await_status(id, "faulted");
  const auto failed = "/api/v1/runs/" + id;
  CHECK(node.post(failed + ":retry", why).status == 200);
  node.await_status(id, "faulted");
  node.post(failed + ":skip", R"({"reason":"paid by hand","output":{"ok":true}})");
  CHECK(node.await_status(id, "completed").at("output") == Json{{"ok", true}});

  const auto audit = node.get("/api/v1/audit?target=" + id).json.at("items");
  REQUIRE(audit.size() == 2);
  CHECK(audit[0].at("action") == "skip");
  CHECK(audit[0].at("reason") == "paid by hand");
  CHECK(audit[0].at("principal") == "anonymous");
  CHECK(audit[0].at("outcome") == "done");
  const auto refused = node.get("/api/v1/audit?target=" + waiting.substr(13)).json.at("items");
  bool said = false;
  for (const auto& entry : refused)
    said = said || entry.at("outcome").get<std::string>().starts_with("wrong-state");
  CHECK(said);
}

TEST_CASE("roles are kept, and refused actions are audited", "[api]") {
  api::ApiConfig config;
  config.authenticate = [](const net::ServerRequest& request) -> Result<api::Principal> {
    const auto token = request.headers.value("Authorization");
    if (token.empty()) return fail(ErrorCode::unauthenticated, "A token is missing.");
    return api::Principal{"ann", token == "viewer" ? api::Role::viewer : api::Role::admin};
  };
  TestNode node{config};
  const HeaderList viewer{{"Authorization", "viewer"}};
  const auto nobody = node.get("/api/v1/runs");
  CHECK(nobody.status == 401);
  CHECK(nobody.headers.value("WWW-Authenticate") == "Bearer");
  CHECK(node.get("/api/v1/runs", viewer).status == 200);
  const auto refused =
      node.post("/api/v1/runs/0197a6c2-8d1b-7c3e-9f00-5b2d7a1e0003:cancel", why, viewer);
  CHECK(refused.status == 403);
  CHECK_THAT(refused.text, Contains("operator"));
  const auto audit = node.get("/api/v1/audit", {{"Authorization", "admin"}}).json.at("items");
  REQUIRE(audit.size() == 1);
  CHECK(audit[0].at("action") == "cancelRun");
  CHECK(audit[0].at("principal") == "ann");
  CHECK(node.get("/healthz").status == 200);
}
