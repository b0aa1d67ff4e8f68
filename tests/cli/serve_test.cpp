// The walk that every user takes: serve, deploy, start, look, stop; with the real program.
#include <signal.h>

#include <catch2/catch.hpp>

#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

constexpr const char* echo = R"(document:
  dsl: 1.0.3
  namespace: test
  name: echo
  version: 1.0.0
  metadata:
    key: .word
do:
  - sayIt:
      call: debug.echo
      with: {word: "${ .word }"}
)";

constexpr const char* sleeper = R"(document:
  dsl: 1.0.3
  namespace: test
  name: sleeper
  version: 1.0.0
do:
  - sleep:
      wait: {hours: 1}
)";

constexpr const char* charges = R"(document:
  dsl: 1.0.3
  namespace: test
  name: charges
  version: 1.0.0
do:
  - charge:
      call: debug.echo
      with: {id: ch_1}
      metadata: {compensate: payBack}
  - sleep:
      wait: {hours: 1}
      then: end
  - payBack:
      call: debug.echo
      with: {back: "${ .output.id }"}
)";

/// A server on a free port with its data in a folder.
struct Server {
  explicit Server(const Folder& folder, std::vector<std::string> more = {})
      : process(arguments(folder, std::move(more))) {
    line = process.first_line();
    const auto json = parse_json(line);
    if (json) url = text_of(*json, "url");
  }
  static std::vector<std::string> arguments(const Folder& folder, std::vector<std::string> more) {
    std::vector<std::string> all{"serve",       "--json", "--listen",
                                 "127.0.0.1:0", "--data", folder.path("data")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  [[nodiscard]] Outcome ask(std::vector<std::string> words) const {
    words.insert(words.end(), {"--server", url});
    return sequent(words);
  }
  [[nodiscard]] Outcome stop() {
    process.signal(SIGTERM);
    return process.wait();
  }

  Process process;
  std::string line, url;
};

TEST_CASE("a run is started, shown and still there after a restart", "[cli]") {
  const Folder folder;
  std::string run;
  {
    Server server{folder};
    REQUIRE_THAT(server.url, Catch::StartsWith("http://127.0.0.1:"));
    const auto file = folder.file("echo.yaml", echo);
    const auto deployed = server.ask({"deploy", file});
    INFO(deployed.error);
    REQUIRE(deployed.code == 0);
    CHECK_THAT(deployed.out, Contains("deployed test/echo:1.0.0"));
    CHECK_THAT(server.ask({"deploy", file}).out, Contains("unchanged test/echo:1.0.0"));

    const auto started = server.ask(
        {"start", "test/echo", "--input", R"({"word": "hello"})", "--wait", "30", "--json"});
    INFO(started.error);
    REQUIRE(started.code == 0);
    const auto outcome = parse_json(started.out);
    REQUIRE(outcome);
    CHECK((*outcome)["status"] == "completed");
    CHECK((*outcome)["output"] == Json{{"word", "hello"}});
    run = text_of(*outcome, "id");

    const auto shown = server.ask({"show", run});
    CHECK(shown.code == 0);
    CHECK_THAT(shown.out,
               Contains("completed") && Contains("test/echo:1.0.0") && Contains("hello"));
    const auto journal = server.ask({"journal", run});
    CHECK_THAT(journal.out, Contains("InstanceStarted") && Contains("ActivityScheduled") &&
                                Contains("/do/0/sayIt") && Contains("InstanceCompleted"));
    const auto stopped = server.stop();
    INFO(stopped.error);
    CHECK(stopped.code == 0);
  }
  Server server{folder};
  const auto shown = server.ask({"show", run, "--json"});
  INFO(server.line << shown.error);
  REQUIRE(shown.code == 0);
  CHECK(parse_json(shown.out).value()["status"] == "completed");
  CHECK(server.stop().code == 0);
}

TEST_CASE("cancelling says what it undoes, and undoes it", "[cli]") {
  const Folder folder;
  static_cast<void>(folder.file("workflows/charges.yaml", charges));
  Server server{folder, {"--workflows", folder.path("workflows")}};
  const auto started = server.ask({"start", "test/charges", "--json"});
  REQUIRE(started.code == 0);
  const auto run = text_of(parse_json(started.out).value(), "id");
  bool waits = false;
  for (int i = 0; i < 100 && !waits; ++i)
    waits = server.ask({"show", run}).out.find("waiting") != std::string::npos;
  REQUIRE(waits);
  const auto asked = server.ask({"cancel", run, "--reason", "left"});
  CHECK(asked.code == 1);
  CHECK_THAT(asked.error, Contains("/do/0/charge") && Contains("is undone by /do/2/payBack"));
  const auto done = server.ask({"cancel", run, "--reason", "left", "--yes"});
  INFO(done.error);
  CHECK(done.code == 0);
  const auto watched = server.ask({"watch", run});  // until it has ended
  CHECK_THAT(watched.out, Contains("cancelled"));
  CHECK_THAT(server.ask({"journal", run}).out, Contains("CompensationStarted") && Contains("ch_1"));
  CHECK_THAT(server.ask({"show", run}).out, Contains("undone"));
  CHECK(server.stop().code == 0);
}

TEST_CASE("a waiting run is listed with what it waits for, watched, suspended and cancelled",
          "[cli]") {
  const Folder folder;
  static_cast<void>(folder.file("workflows/deep/sleeper.yaml", sleeper));
  Server server{folder, {"--workflows", folder.path("workflows")}};
  INFO(server.line);
  REQUIRE(parse_json(server.line).value()["workflows"] == 1);
  const auto started = server.ask({"start", "test/sleeper", "--json"});
  REQUIRE(started.code == 0);
  const auto run = text_of(parse_json(started.out).value(), "id");

  const auto late = server.ask({"start", "test/sleeper", "--wait", "1"});
  CHECK(late.code == 1);
  CHECK_THAT(late.error, Contains("not ended within the wait"));

  const auto listed = server.ask({"runs", "--waiting", "timer", "--since", "1h"});
  CHECK_THAT(listed.out, Contains(run) && Contains("test/sleeper:1.0.0") && Contains("timer"));
  const auto page = parse_json(server.ask({"runs", "--json", "--waiting", "timer"}).out);
  REQUIRE(page);
  CHECK((*page)["items"].size() == 2);
  const auto all = parse_json(server.ask({"runs", "--json", "--all"}).out);
  REQUIRE(all);
  CHECK((*all)["items"].size() == 2);
  CHECK_THAT(server.ask({"runs", "--status", "faulted"}).out, Contains("No runs."));

  CHECK_THAT(server.ask({"suspend", run, "--reason", "a test"}).out, Contains("suspended"));
  CHECK_THAT(server.ask({"resume", run, "--reason", "a test"}).out, Contains("resume: done"));
  CHECK_THAT(server.ask({"cancel", run, "--reason", "a test"}).out, Contains("cancelled"));
  const auto watched = server.ask({"watch", run});  // it has ended, so the stream ends
  CHECK(watched.code == 0);
  CHECK_THAT(watched.out, Contains("cancelled"));
  const auto again = server.ask({"cancel", run, "--reason", "a test"});
  CHECK(again.code == 1);
  CHECK_FALSE(again.error.empty());
  CHECK(server.stop().code == 0);
}

TEST_CASE("what keeps a server from serving is said, and ends it with 1", "[cli]") {
  const Folder folder;
  Server server{folder};
  REQUIRE_FALSE(server.url.empty());
  SECTION("the store is in use") {
    const auto second = sequent(Server::arguments(folder, {}));
    CHECK(second.code == 1);
    CHECK_THAT(second.error, Contains("in use by pid"));
  }
  SECTION("the port is in use") {
    const Folder other;
    const auto second = sequent({"serve", "--data", other.path("data"), "--listen",
                                 server.url.substr(std::string("http://").size())});
    CHECK(second.code == 1);
    CHECK_THAT(second.error, Contains("in use"));
  }
  SECTION("a workflow file is broken") {
    const Folder other;
    const auto file = other.file("w/broken.yaml", "document: {dsl: 1.0.3}\ndo: []\n");
    const auto second = sequent({"serve", "--data", other.path("data"), "--listen", "127.0.0.1:0",
                                 "--workflows", other.path("w")});
    CHECK(second.code == 1);
    CHECK_THAT(second.error, Contains(file + ":1:"));
  }
  CHECK(server.stop().code == 0);
}

TEST_CASE("a refused definition names the file and the line", "[cli]") {
  const Folder folder;
  Server server{folder};
  const auto file = folder.file("bad.yaml", std::string(echo) + "  - oops:\n      cal: x\n");
  const auto refused = server.ask({"deploy", file});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.error, Contains(file + ":12:"));
  const auto missing = server.ask({"show", "0199aaaa-0000-7000-8000-000000000000"});
  CHECK(missing.code == 1);
  CHECK_THAT(missing.error, Contains("There is no run"));
  CHECK(server.stop().code == 0);
}

TEST_CASE("serve reads the configuration that sandbox writes", "[cli]") {
  const Folder folder;
  const auto config = folder.path("sandbox.yaml");
  Process sandbox{{"sandbox", "--config-out", config}};
  REQUIRE_FALSE(sandbox.first_line().empty());
  Server server{folder, {"--config", config}};
  INFO(server.line);
  CHECK_FALSE(server.url.empty());
  const auto checked = sequent(
      {"doctor", "--config", config, "--data", folder.path("none"), "--listen", "127.0.0.1:0"});
  CHECK(checked.code == 0);
  CHECK_THAT(checked.out, Contains("stripe") && Contains("answers"));
  CHECK(server.stop().code == 0);
  sandbox.signal(SIGTERM);
  CHECK(sandbox.wait().code == 0);
}

}  // namespace
}  // namespace sequent::cli::test
