// What a batch says before it acts, how it holds back, and what the audit log says afterwards.
#include <algorithm>
#include <catch2/catch.hpp>

#include "batch_support.hpp"

using namespace sequent;
using namespace sequent::api::test;
using Catch::Contains;

namespace {

const std::string told_tasks =
    "  - charge: {call: debug.fail, with: {outcome: permanent, times: '${ .times }', status: 402, "
    "message: declined}}\n";
const std::string undoable_tasks =
    "  - charge: {call: debug.fail, with: {times: 0}, metadata: {compensate: payBack}}\n" +
    listening_tasks +
    "  - over: {set: {a: 1}, then: end}\n"
    "  - payBack: {call: debug.echo, with: {a: 1}}\n";

Json patch_of(const Json& times) {
  return Json::array({{{"op", "replace"}, {"path", "/times"}, {"value", times}}});
}

Json audit_of(TestNode& node, const std::string& target) {
  return node.get("/api/v1/audit?target=" + target).json.at("items");
}

Json dry_run(TestNode& node, Json body) {
  body["dryRun"] = true;
  const auto reply = node.post("/api/v1/batches", dump_json(body));
  INFO(reply.text);
  REQUIRE(reply.status == 200);
  return reply.json;
}

}  // namespace

TEST_CASE("the audit log has what a batch was to do, and each run that it edited with its diff",
          "[api][batches][audit]") {
  TestNode node;
  node.deploy(workflow("pays", told_tasks, "sensitive: [/card]"));
  std::vector<std::string> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(node.start("pays", R"({"times":9,"card":"4242"})"));
  for (const auto& run : runs) node.await_status(run, "faulted");
  Json patch = patch_of(0);
  patch.push_back({{"op", "replace"}, {"path", "/card"}, {"value", "5555-secret"}});
  const auto id = create(node, {{"action", "retry"},
                                {"where", "status=faulted"},
                                {"arguments", {{"patch", patch}}},
                                {"rate", "50/s"},
                                {"reason", "a bad field"}});
  CHECK(await_batch(node, id, "finished").at("items").at("succeeded") == 3);
  const auto whole = audit_of(node, id);
  REQUIRE(whole.size() == 1);
  const auto& after = whole[0].at("after");
  CHECK(after.at("total") == 3);
  CHECK_FALSE(after.at("filter").empty());
  CHECK(after.at("where") == "status=faulted");
  CHECK(after.at("rate") == "50/s");
  CHECK(after.at("order") == "deadline");
  CHECK(after.at("waves") == true);
  CHECK(after.at("arguments").at("patch").at(0).at("value") == 0);
  for (const auto& run : runs) {
    const auto entries = audit_of(node, run);
    REQUIRE(entries.size() == 1);
    const auto& entry = entries[0];
    CHECK(entry.at("action") == "retry");
    CHECK(entry.at("outcome") == "done");
    CHECK(entry.at("reason") == "a bad field");
    CHECK(entry.at("remote") == "batch " + id);
    CHECK(entry.at("before").at("status") == "faulted");
    CHECK(entry.at("after").at("batch") == id);
    const auto& diff = entry.at("after").at("diff");
    REQUIRE(diff.size() == 2);
    CHECK(
        diff[0] ==
        Json{{"op", "replace"}, {"path", "/card"}, {"value", "[redacted]"}, {"was", "[redacted]"}});
    CHECK(diff[1] == Json{{"op", "replace"}, {"path", "/times"}, {"value", 0}, {"was", 9}});
    // So does its journal.
    const auto journal = node.get("/api/v1/runs/" + run + "/journal").json.at("items");
    const auto edit = std::find_if(journal.begin(), journal.end(), [](const Json& record) {
      return record.at("kind") == "TaskRetried";
    });
    REQUIRE(edit != journal.end());
    CHECK(edit->at("diff") == diff);
  }
  CHECK_THAT(node.get("/api/v1/audit").text, !Contains("5555") && !Contains("4242"));
  CHECK_THAT(node.get("/api/v1/batches/" + id).text, !Contains("5555"));
}

TEST_CASE("runs that a batch skipped, rewound or was refused are in the audit log",
          "[api][batches][audit]") {
  TestNode node;
  node.deploy(workflow("pays", told_tasks));
  const auto run = node.start("pays", R"({"times":9})");
  node.await_status(run, "faulted");
  const Json wrong = Json::array({{{"op", "test"}, {"path", "/times"}, {"value", "never"}}});
  const auto refused = create(node, {{"action", "retry"},
                                     {"where", "status=faulted"},
                                     {"arguments", {{"patch", wrong}}},
                                     {"reason", "r"}});
  CHECK(await_batch(node, refused, "finished").at("items").at("refused") == 1);
  CHECK_THAT(text_of(audit_of(node, run)[0], "outcome"), Contains("refused: The patch"));
  const auto id = create(node, {{"action", "skip"},
                                {"where", "status=faulted"},
                                {"arguments", {{"output", {{"paid", true}}}}},
                                {"reason", "by cheque"}});
  CHECK(await_batch(node, id, "finished").at("items").at("succeeded") == 1);
  const auto skipped = audit_of(node, run)[0];
  CHECK(skipped.at("action") == "skip");
  CHECK(skipped.at("after").at("output") == Json{{"paid", true}});
  CHECK(skipped.at("before").at("task") == "/do/0/charge");
}

TEST_CASE("a worker that died after its action leaves one note of it, with the difference",
          "[api][batches][audit]") {
  TestNode node;
  node.deploy(workflow("pays", told_tasks));
  const auto run = node.start("pays", R"({"times":9})");
  node.await_status(run, "faulted");
  node.stop_worker();
  const auto id = create(node, {{"action", "retry"},
                                {"where", "status=faulted"},
                                {"arguments", {{"patch", patch_of(0)}}},
                                {"reason", "r"}});
  auto& repairs = node.store().repairs();
  CHECK(repairs.select_items(*repairs.batch(id), 10, 1) == 1);
  const auto taken = repairs.take_items(id, 10, 1);
  REQUIRE(taken.size() == 1);
  const auto retry = [&](runtime::Engine& engine) {
    runtime::Engine::Action action;
    action.reason = "r";
    action.by = "anonymous, batch " + id;
    action.at_seq = taken[0].seq;
    return engine.retry(taken[0].run, "", Json{{"times", 0}}, action);
  };
  REQUIRE(node.act(retry));
  node.await_status(run, "completed");
  CHECK(audit_of(node, run).empty());
  node.start_worker();
  CHECK(await_batch(node, id, "finished").at("items").at("succeeded") == 1);
  const auto notes = audit_of(node, run);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].at("before").at("status") == "faulted");
  CHECK(notes[0].at("after").at("diff")[0].at("was") == 9);
}

TEST_CASE("a batch that undoes what runs have done says so, and wants to be confirmed",
          "[api][batches]") {
  TestNode node;
  node.deploy(workflow("buys", undoable_tasks));
  node.deploy(workflow("waits", listening_tasks));
  for (int i = 0; i < 2; ++i) node.await_status(node.start("buys"), "waiting");
  node.await_status(node.start("waits"), "waiting");
  const Json cancel{{"action", "cancel"}, {"where", "status=waiting"}, {"reason", "left"}};
  const auto outlook = dry_run(node, cancel).at("outlook");
  CHECK(outlook.at("looked") == 3);
  CHECK(outlook.at("complete") == true);
  REQUIRE(outlook.at("effects").size() == 1);
  CHECK(outlook.at("effects")[0].at("runs") == 2);
  CHECK(outlook.at("effects")[0].at("task") == "/do/0/charge");
  const auto refused = node.post("/api/v1/batches", dump_json(cancel));
  CHECK(refused.problem() == "needs-confirmation");
  REQUIRE(refused.json.at("errors").size() == 1);
  CHECK_THAT(refused.json.at("errors")[0].dump(), Contains("payBack") && Contains("2 runs"));
  CHECK(node.get("/api/v1/batches").json.at("items").empty());
  CHECK_THAT(node.get("/api/v1/audit?action=batch.cancel&refused=true").text,
             Contains("status=waiting"));
  // What undoes nothing asks nobody.
  const auto plain =
      create(node, {{"action", "cancel"}, {"where", "workflow=test/waits"}, {"reason", "left"}});
  CHECK(await_batch(node, plain, "finished").at("items").at("succeeded") == 1);
  Json confirmed = cancel;
  confirmed["arguments"] = {{"confirm", true}};
  const auto id = create(node, confirmed);
  CHECK(await_batch(node, id, "finished").at("items").at("succeeded") == 2);
}

TEST_CASE("a batch that goes back counts what happens again and who would refuse",
          "[api][batches]") {
  TestNode node;
  node.deploy(workflow("buys", undoable_tasks));
  const auto first = node.start("buys");
  node.await_status(first, "waiting");
  const auto over = node.start("buys");
  node.await_status(over, "waiting");
  node.post("/api/v1/runs/" + over + ":terminate", R"({"reason":"x"})");
  node.await_status(over, "cancelled");
  const Json rewind{{"action", "rewind"},
                    {"where", "workflow=test/buys"},
                    {"arguments", {{"task", "charge"}}},
                    {"reason", "wrong"}};
  const auto outlook = dry_run(node, rewind).at("outlook");
  CHECK(outlook.at("accepted") == 1);
  REQUIRE(outlook.at("refused").size() == 1);
  CHECK(outlook.at("refused")[0].at("runs") == Json{over});
  CHECK_THAT(outlook.at("refused")[0].dump(), Contains("cancelled"));
  CHECK_THAT(outlook.at("effects").dump(), Contains("calls debug.fail"));
  const auto refused = node.post("/api/v1/batches", dump_json(rewind));
  CHECK(refused.status == 409);
  CHECK_THAT(refused.text, Contains("calls debug.fail again") && Contains("--yes"));
}

TEST_CASE("a batch whose first runs fail again pauses by itself, and goes on when told to",
          "[api][batches]") {
  TestNode node;
  node.deploy(workflow("fails", failing_tasks));
  constexpr int runs = 24;
  std::vector<std::string> ids;
  for (int i = 0; i < runs; ++i) ids.push_back(node.start("fails"));
  for (const auto& run : ids) node.await_status(run, "faulted");
  const auto id = create(
      node,
      {{"action", "retry"}, {"where", "status=faulted"}, {"stopAt", "20%"}, {"reason", "perhaps"}});
  const auto paused = await_batch(node, id, "paused");
  CHECK(paused.at("items").at("faulted").get<int>() >= 9);
  CHECK(paused.at("items").at("pending") == runs - 10);
  CHECK(paused.at("wave") == 10);
  CHECK_THAT(text_of(paused, "detail"),
             Contains("of its latest") && Contains("20%") && Contains("sequent batch resume"));
  const auto stop = audit_of(node, id).at(0);
  CHECK(stop.at("action") == "batch.pause");
  CHECK(stop.at("principal") == "engine");
  CHECK(stop.at("remote") == "batch " + id);
  CHECK(stop.at("outcome") == "done");
  CHECK_THAT(text_of(stop, "reason"), Contains("of its latest") && Contains("20%"));
  CHECK(stop.at("before").at("state") == "running");
  CHECK(stop.at("after").at("state") == "paused");
  const std::string path = "/api/v1/batches/" + id;
  CHECK(node.post(path + ":resume", R"({"reason":"x","stopAt":"often"})").status == 400);
  REQUIRE(node.post(path + ":resume", R"({"reason":"go on","stopAt":"never"})").status == 200);
  const auto done = await_batch(node, id, "finished");
  CHECK(done.at("items").at("faulted") == runs);
  CHECK(done.at("stopAt").is_null());
  const auto audit = audit_of(node, id);
  CHECK(audit[0].at("action") == "batch.resume");
  CHECK(audit[0].at("before").at("state") == "paused");
  CHECK(audit[0].at("before").at("items").at("faulted").get<int>() >= 9);
  CHECK_THAT(text_of(audit[0].at("before"), "detail"), Contains("of its latest"));
  CHECK(audit[0].at("after").at("state") == "running");
  CHECK(audit[0].at("after").at("stopAt").is_null());
}

TEST_CASE("failures of one type are told apart by their status and title", "[api][batches]") {
  TestNode node;
  const auto failing = [](const std::string& status) {
    return "  - charge: {call: debug.fail, with: {outcome: permanent, status: " + status +
           ", message: no}}\n";
  };
  node.deploy(workflow("declined", failing("402")));
  node.deploy(workflow("broken", failing("400")));
  for (int i = 0; i < 2; ++i) node.await_status(node.start("declined"), "faulted");
  node.await_status(node.start("broken"), "faulted");
  const auto errors =
      dry_run(node, {{"action", "retry"}, {"where", "status=faulted"}}).at("by").at("error");
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].at("count") == 2);
  CHECK(errors[0].at("status") == 402);
  CHECK(errors[1].at("status") == 400);
  CHECK(errors[0].at("value") == errors[1].at("value"));
  CHECK_FALSE(text_of(errors[0], "title").empty());
}

TEST_CASE("faulted runs whose tasks have a last moment are counted, and come first",
          "[api][batches]") {
  TestNode node;
  const auto limited = [](const std::string& before) {
    return "  - charge: {call: debug.fail, with: {outcome: permanent, status: 402}, metadata: "
           "{mustSucceedBefore: " +
           before + "}}\n";
  };
  node.deploy(workflow("later", limited("PT2H")));
  node.deploy(workflow("sooner", limited("PT30M")));
  node.deploy(workflow("never", failing_tasks));
  const auto free = node.start("never"), later = node.start("later"), sooner = node.start("sooner");
  for (const auto& run : {free, later, sooner}) node.await_status(run, "faulted");
  const Json order{
      {"action", "retry"}, {"where", "status=faulted"}, {"rate", "1/h"}, {"reason", "r"}};
  const auto deadlines = dry_run(node, order).at("deadlines");
  CHECK(deadlines.at("earliest") == node.get("/api/v1/runs/" + sooner).json.at("deadline"));
  CHECK(deadlines.at("passed") == 0);
  CHECK(deadlines.at("atRisk") == 2);  // three runs take three hours
  node.stop_worker();
  const auto id = create(node, order);
  auto& repairs = node.store().repairs();
  CHECK(repairs.select_items(*repairs.batch(id), 10, 1) == 3);
  const auto taken = repairs.take_items(id, 10, 1);
  REQUIRE(taken.size() == 3);
  CHECK(taken[0].run.text() == sooner);
  CHECK(taken[1].run.text() == later);
  CHECK(taken[2].run.text() == free);
}

TEST_CASE("the outlook of a batch looks at every run, not at the newest alone", "[api][batches]") {
  TestNode node;
  node.deploy(workflow("waits", listening_tasks));
  constexpr int runs = 205;  // more than a page
  std::string oldest;
  for (int i = 0; i < runs; ++i) {
    const auto run = node.start("waits");
    if (i == 0) oldest = run;
  }
  node.await_status(oldest, "waiting");
  node.post("/api/v1/runs/" + oldest + ":suspend", R"({"reason":"x"})");
  const auto outlook =
      dry_run(node, {{"action", "suspend"}, {"where", "workflow=test/waits"}}).at("outlook");
  CHECK(outlook.at("looked") == runs);
  CHECK(outlook.at("accepted") == runs - 1);
  REQUIRE(outlook.at("refused").size() == 1);
  CHECK(outlook.at("refused")[0].at("runs") == Json{oldest});
}
