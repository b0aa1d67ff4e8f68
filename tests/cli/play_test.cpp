// `play`: scenarios over real HTTP, against a server and the stand-ins, all of them processes.
#include <signal.h>

#include <catch2/catch.hpp>

#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

constexpr const char* played_workflow = R"(document:
  dsl: 1.0.3
  namespace: test
  name: played
  version: 1.0.0
do:
  - sayIt:
      call: debug.echo
      with: {word: "${ .word }"}
)";

constexpr const char* played_scenarios = R"(scenarios:
  - name: counted
    live: true
    steps:
      - customer:
          to: stripe
          path: /v1/customers
          headers: {Authorization: Bearer sk_test_sandbox}
          form: {email: one@example.com}
      - begin: {start: test/played, input: {word: "${ .customer.email }"}}
      - soon: {wait: {hours: 1}}
    expect: '${ false }'
    liveExpect: >-
      ${ [.runs[] | .workflow, .output.word] == ["test/played", "one@example.com"]
         and .providers.stripe.effects.customer == 1 }
  - name: refused
    steps:
      - begin: {start: test/played, input: {word: a}, status: 409}
)";

// A server and stand-ins that know nothing of each other's tests.
struct World {
  World()
      : sandbox({"sandbox", "--json", "--config-out", folder.path("providers.yaml")}),
        server({"serve", "--json", "--listen", "127.0.0.1:0", "--data", folder.path("data")}) {
    REQUIRE_FALSE(sandbox.first_line().empty());
    const auto line = parse_json(server.first_line());
    REQUIRE(line);
    url = text_of(*line, "url");
  }
  [[nodiscard]] Outcome play(const std::string& file, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"play",     file, "--config", folder.path("providers.yaml"),
                                   "--server", url};
    words.insert(words.end(), more.begin(), more.end());
    return sequent(words);
  }

  Folder folder;
  Process sandbox, server;
  std::string url;
};

TEST_CASE("a scenario is played in a world that others share, again and again", "[cli]") {
  const World world;
  const auto file = world.folder.file("played.yaml", played_workflow);
  static_cast<void>(world.folder.file("played.scenarios.yaml", played_scenarios));
  for (int round = 1; round <= 2; ++round) {
    const auto played = world.play(file);
    INFO(round << played.out << played.error);
    CHECK(played.code == 0);
    CHECK_THAT(played.out, Contains("played, counted") && Contains("-> customer") &&
                               Contains("test/played:1.0.0") && Contains("1 completed") &&
                               !Contains("refused"));
  }
  const auto refused = world.play(file, {"--scenario", "refused", "--json"});
  INFO(refused.out << refused.error);
  CHECK(refused.code == 1);
  const auto report = parse_json(refused.out);
  REQUIRE(report);
  CHECK_THAT(text_of((*report)[0], "failure"),
             Contains("played.scenarios.yaml:") && Contains("step begin: expected the status 409"));
}

TEST_CASE("what can't be played is said", "[cli]") {
  const World world;
  const auto file = world.folder.file("played.yaml", played_workflow);
  SECTION("no scenario is marked") {
    static_cast<void>(
        world.folder.file("played.scenarios.yaml",
                          "scenarios: [{name: only, steps: [{begin: {start: test/played}}]}]\n"));
    const auto played = world.play(file);
    CHECK(played.code == 2);
    CHECK_THAT(played.error, Contains("no scenario has `live: true`"));
  }
  SECTION("no scenario has the name") {
    static_cast<void>(world.folder.file("played.scenarios.yaml", played_scenarios));
    const auto played = world.play(file, {"--scenario", "counter"});
    CHECK(played.code == 2);
    CHECK_THAT(played.error, Contains("no scenario has the name `counter`"));
  }
  SECTION("a provider itself is no place to play") {
    static_cast<void>(world.folder.file("played.scenarios.yaml", played_scenarios));
    const auto config = world.folder.file("real.yaml", "providers: {stripe: {}}\n");
    const auto played = sequent({"play", file, "--config", config, "--server", world.url});
    CHECK(played.code == 1);
    CHECK_THAT(played.error, Contains("Expected in") && Contains("the address of a stand-in"));
  }
}

}  // namespace
}  // namespace sequent::cli::test
