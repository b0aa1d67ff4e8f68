// Two versions side by side and runs that move from one to the other, with the real program.
#include <signal.h>

#include <boost/asio.hpp>
#include <catch2/catch.hpp>

#include "net/http_client.hpp"
#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

struct Versions {
  explicit Versions(const Folder& folder)
      : process({"serve", "--json", "--listen", "127.0.0.1:0", "--data", folder.path("data")}) {
    if (const auto json = parse_json(process.first_line())) url = text_of(*json, "url");
  }
  [[nodiscard]] Outcome ask(std::vector<std::string> words) const {
    words.insert(words.end(), {"--server", url});
    return sequent(words);
  }
  [[nodiscard]] Json json(std::vector<std::string> words) const {
    words.emplace_back("--json");
    const auto outcome = ask(std::move(words));
    INFO(outcome.error);
    REQUIRE(outcome.code == 0);
    return parse_json(outcome.out).value_or(Json());
  }
  void deploy(const Folder& folder, const std::string& version, const std::string& tasks) const {
    const auto deployed =
        ask({"deploy", folder.file(version + ".yaml",
                                   "document: {dsl: 1.0.3, namespace: test, name: buys, version: " +
                                       version + "}\ndo:\n" + tasks)});
    INFO(deployed.error);
    REQUIRE(deployed.code == 0);
  }
  [[nodiscard]] std::string start(const std::string& input) const {
    return text_of(json({"start", "test/buys", "--input", input}), "id");
  }
  /// Bounded by our patience.
  void await(const std::string& run, const std::string& status) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::string now;
    do now = text_of(json({"show", run}), "status");
    while (now != status && std::chrono::steady_clock::now() < until);
    REQUIRE(now == status);
  }
  void stop() {
    process.signal(SIGTERM);
    CHECK(process.wait().code == 0);
  }

  Process process;
  std::string url;
};

int publish(const std::string& url, const std::string& type) {
  boost::asio::io_context io;
  net::HttpClient client;
  net::ClientRequest request{.method = "POST", .url = url + "/api/v1/events"};
  request.headers.add("Content-Type", "application/cloudevents+json");
  request.body = dump_json(
      {{"specversion", "1.0"}, {"id", "e-1"}, {"source", "https://test.example"}, {"type", type}});
  int status = 0;
  client.send(std::move(request), io.get_executor(), [&status](net::ClientResult result) {
    if (result) status = result->status;
  });
  io.run();
  return status;
}

// The first version fails as told, and has no word of thanks.
const std::string first_tasks =
    "  - charge: {call: debug.fail, with: {outcome: permanent, times: '${ .times }', "
    "status: 400, message: no amount}}\n"
    "  - settle: {listen: {to: {one: {with: {type: com.test.paid}}}}}\n";
const std::string next_tasks =
    "  - check: {set: '${ . }'}\n"
    "  - charge: {call: debug.echo, with: {charged: true}}\n"
    "  - settle: {listen: {to: {one: {with: {type: com.test.paid}}}}}\n"
    "  - thank: {set: {thanked: true}}\n";
const std::string without_settle = "  - charge: {call: debug.echo, with: {charged: true}}\n";

}  // namespace

TEST_CASE("a run that listens and one that faulted go on under the next version", "[cli]") {
  const Folder folder;
  std::string listens, faulted, stays, young;
  {
    Versions server{folder};
    server.deploy(folder, "1.0.0", first_tasks);
    listens = server.start(R"({"times": 0})");
    stays = server.start(R"({"times": 0})");
    faulted = server.start(R"({"times": 9})");
    server.await(listens, "waiting");
    server.await(stays, "waiting");
    server.await(faulted, "faulted");
    server.deploy(folder, "1.1.0", next_tasks);
    server.deploy(folder, "2.0.0", without_settle);
    young = server.start("{}");  // of the highest version
    server.await(young, "completed");

    // What can't be moved says why, first looked at and then tried.
    const auto looked = server.ask({"migrate", listens, "--dry-run"});
    CHECK(looked.code == 1);
    CHECK_THAT(looked.error, Contains("/do/1/settle") && Contains("no task with this name"));
    const auto refused = server.ask({"migrate", listens, "--to", "2.0.0", "--reason", "try it"});
    CHECK(refused.code == 1);
    CHECK_THAT(refused.error, Contains("no task with this name"));
    CHECK(text_of(server.json({"show", listens})["workflow"], "version") == "1.0.0");

    const auto can = server.ask({"migrate", listens, "--to", "1.1.0", "--dry-run"});
    INFO(can.error);
    CHECK(can.code == 0);
    CHECK_THAT(can.out, Contains("/do/1/settle") && Contains("/do/2/settle"));
    const auto moved = server.ask({"migrate", listens, "--to", "1.1.0", "--reason", "thanks"});
    INFO(moved.error);
    CHECK(moved.code == 0);
    CHECK_THAT(moved.out, Contains("under version 1.1.0 now"));
    CHECK(server.ask({"migrate", faulted, "--to", "1.1.0", "--reason", "a typo"}).code == 0);
    CHECK(server.ask({"retry", faulted, "--reason", "mended"}).code == 0);
    server.await(faulted, "waiting");
    CHECK_THAT(server.ask({"show", listens}).out, Contains("com.test.paid"));
    CHECK_THAT(server.ask({"journal", listens}).out, Contains("Migrated"));
    CHECK_THAT(server.ask({"runs", "--stuck"}).out, !Contains(listens) && !Contains(faulted));
    server.stop();
  }
  // Another process reads it all back, and the event finds each under its own version.
  Versions server{folder};
  CHECK(publish(server.url, "com.test.paid") / 100 == 2);
  for (const auto& run : {listens, faulted, stays}) server.await(run, "completed");
  CHECK(server.json({"show", listens})["output"] == Json{{"thanked", true}});
  CHECK(server.json({"show", faulted})["output"] == Json{{"thanked", true}});
  CHECK(server.json({"show", stays})["output"] != Json{{"thanked", true}});
  CHECK(text_of(server.json({"show", stays})["workflow"], "version") == "1.0.0");
  CHECK_THAT(server.ask({"diagram", listens}).out, Contains("moved to version 1.1.0"));
  CHECK_THAT(server.ask({"audit", "--action", "migrate"}).out,
             Contains("thanks") && Contains("a typo") && Contains("try it"));
  server.stop();
  const auto checked = sequent({"doctor", "--data", folder.path("data"), "--journals"});
  INFO(checked.out << checked.error);
  CHECK(checked.code == 0);
}

TEST_CASE("all that a search finds move at a rate, and those that can't say why", "[cli]") {
  const Folder folder;
  Versions server{folder};
  server.deploy(folder, "1.0.0", first_tasks);
  std::vector<std::string> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(server.start(R"({"times": 0})"));
  for (const auto& run : runs) server.await(run, "waiting");
  const auto faulted = server.start(R"({"times": 9})");
  server.await(faulted, "faulted");
  // It has the task that the waiting ones are at, and no longer the one that failed.
  server.deploy(folder, "1.1.0",
                "  - settle: {listen: {to: {one: {with: {type: com.test.paid}}}}}\n");
  const std::string where = "workflow=test/buys:1.0.0 and status!=completed";
  const std::vector<std::string> move{"migrate", "--where", where, "--to", "1.1.0"};
  const auto with = [&](const std::vector<std::string>& more) {
    auto words = move;
    words.insert(words.end(), more.begin(), more.end());
    return server.ask(words);
  };
  const auto looked = with({"--dry-run", "--rate", "50/s"});
  INFO(looked.error);
  CHECK(looked.code == 0);
  CHECK_THAT(looked.out, Contains("4 runs") && Contains("3 of 4 would take it") &&
                             Contains("/do/0/charge") && Contains("no task with this name"));
  CHECK(with({}).code == 2);  // no reason
  const auto moved = with({"--rate", "50/s", "--reason", "no charge any more"});
  CHECK(moved.code == 1);  // one of them can't
  CHECK_THAT(moved.out + moved.error, Contains("4 of 4"));
  for (const auto& run : runs)
    CHECK(text_of(server.json({"show", run})["workflow"], "version") == "1.1.0");
  CHECK(text_of(server.json({"show", faulted})["workflow"], "version") == "1.0.0");
  CHECK_THAT(server.ask({"batch", "list"}).out, Contains("migrate"));
  server.stop();
}

TEST_CASE("a version is deleted once its runs have ended or moved away", "[cli]") {
  const Folder folder;
  std::string run;
  {
    Versions server{folder};
    server.deploy(folder, "1.0.0", first_tasks);
    run = server.start(R"({"times": 0})");
    server.await(run, "waiting");
    server.deploy(folder, "1.1.0", next_tasks);
    CHECK_THAT(server.ask({"definitions", "list"}).out,
               Contains("test/buys:1.0.0") && Contains("test/buys:1.1.0"));
    const std::vector<std::string> remove{"definitions", "delete", "test/buys:1.0.0", "--reason",
                                          "replaced"};
    const auto refused = server.ask(remove);
    CHECK(refused.code == 1);
    CHECK_THAT(refused.error, Contains("1 run of it has not ended") && Contains("1 waiting") &&
                                  Contains("workflow=test/buys:1.0.0 and status!=completed"));
    CHECK(server.ask({"definitions", "delete", "test/buys", "--reason", "x"}).code == 2);
    CHECK(server.ask({"definitions", "delete", "test/buys:1.0.0"}).code == 2);  // no reason
    CHECK(server.ask({"migrate", run, "--to", "1.1.0", "--reason", "replaced"}).code == 0);
    const auto deleted = server.ask(remove);
    INFO(deleted.error);
    CHECK(deleted.code == 0);
    CHECK_THAT(deleted.out, Contains("deleted test/buys:1.0.0"));
    server.deploy(folder, "1.2.0", next_tasks);
    // The highest one hands its starts to the one below: only when that is meant.
    const std::vector<std::string> highest{"definitions", "delete", "test/buys:1.2.0", "--reason",
                                           "back"};
    const auto asked = server.ask(highest);
    CHECK(asked.code == 1);
    CHECK_THAT(asked.error, Contains("test/buys:1.1.0 is the highest version") &&
                                Contains("With --yes it is deleted"));
    auto meant = highest;
    meant.emplace_back("--yes");
    CHECK(server.ask(meant).code == 0);
    CHECK_THAT(server.ask({"audit", "--action", "delete-workflow"}).out,
               Contains("replaced") && Contains("back"));
    server.stop();
  }
  Versions server{folder};
  CHECK_THAT(server.ask({"definitions", "list"}).out,
             !Contains("1.0.0") && Contains("test/buys:1.1.0") && !Contains("1.2.0"));
  CHECK(server.ask({"start", "test/buys:1.0.0", "--input", "{}"}).code == 1);
  CHECK_THAT(server.ask({"journal", run}).out, Contains("/do/0/charge") && Contains("Migrated"));
  CHECK(publish(server.url, "com.test.paid") / 100 == 2);
  server.await(run, "completed");
  // Its first definition is deleted, and there as long as the run.
  const auto with = folder.path("1.1.0.yaml");
  const auto replayed = server.ask({"replay", run, "--with", with});
  INFO(replayed.out << replayed.error);
  CHECK(replayed.code == 0);
  CHECK_THAT(replayed.out, Contains("from record 1: test/buys:1.0.0 as recorded") &&
                               Contains("1.1.0.yaml in the place of test/buys:1.1.0") &&
                               Contains("agree"));
  const auto journal = folder.file("run.json", server.ask({"journal", run, "--json"}).out);
  server.stop();
  const auto alone = sequent({"replay", "--journal", journal, "--with", with});
  CHECK(alone.code == 2);
  CHECK_THAT(alone.error, Contains("From record 1 on the run was under test/buys:1.0.0") &&
                              Contains("--under FILE"));
  const auto other = sequent({"replay", "--journal", journal, "--with", with, "--under",
                              folder.file("1.0.0.yaml",
                                          "document: {dsl: 1.0.3, namespace: test, "
                                          "name: buys, version: 1.0.0}\ndo:\n" +
                                              without_settle)});
  CHECK(other.code == 2);
  CHECK_THAT(other.error, Contains("other content"));
  const auto json = sequent({"replay", "--journal", journal, "--with", with, "--under",
                             folder.file("1.0.0.yaml",
                                         "document: {dsl: 1.0.3, namespace: test, "
                                         "name: buys, version: 1.0.0}\ndo:\n" +
                                             first_tasks),
                             "--json"});
  INFO(json.error);
  CHECK(json.code == 0);
  CHECK(parse_json(json.out).value_or(Json())["versions"][0]["with"] == "recorded");
  CHECK(sequent({"doctor", "--data", folder.path("data"), "--journals"}).code == 0);
}

}  // namespace sequent::cli::test
