// What authors use without a server, and the replay of a run of a real one.
#include <signal.h>

#include <catch2/catch.hpp>

#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

constexpr const char* greeting =
    R"(document: {dsl: 1.0.3, namespace: test, name: greet, version: 1.0.0}
do:
  - look: {call: stripe.customers.retrieve, with: {customer: "${ .customer }"}}
  - greet: {set: {text: "${ \"Hello \" + .name }"}}
)";

constexpr const char* greeting_tests = R"(tests:
  - name: greets
    input: {customer: cus_1}
    answers: {look: {output: {id: cus_1, name: Ada}}}
    expect: {path: [look, greet], output: {text: Hello Ada}}
  - name: shouts
    input: {customer: cus_1}
    answers: {look: {output: {id: cus_1, name: Ada}}}
    expect:
      output: {text: HELLO ADA}
)";

constexpr const char* echo = R"(document: {dsl: 1.0.3, namespace: test, name: echo, version: 1.0.0}
do:
  - sayIt: {call: debug.echo, with: {word: "${ .word }"}}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("test runs what stands beside a workflow, and says what failed where", "[cli]") {
  const Folder folder;
  const auto workflow = folder.file("a/greet.yaml", greeting);
  const auto tests = folder.file("a/greet.tests.yaml", greeting_tests);
  for (const auto& subject : {workflow, tests, folder.path("a")}) {
    const auto outcome = sequent({"test", subject});
    CAPTURE(subject, outcome.error);
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.out,
               Contains("failed shouts, " + tests + ":6") && Contains(tests + ":10: output.text") &&
                   Contains("expected: \"HELLO ADA\"") && Contains("came:     \"Hello Ada\"") &&
                   Contains("2 tests, 1 failed"));
  }
  CHECK(sequent({"test", workflow, "--test", "greets"}).code == 0);
  CHECK(sequent({"test", workflow, "--test", "sings"}).code == 2);
  const auto json = sequent({"test", "--json", workflow});
  CHECK(json.code == 1);
  const auto report = parse_json(json.out);
  REQUIRE(report);
  const auto& second = (*report)["files"][0]["tests"][1];
  CHECK(second["passed"] == false);
  CHECK(second["mismatches"][0]["line"] == 10);
}

TEST_CASE("without a test, test says where it looked", "[cli]") {
  const Folder folder;
  const auto workflow = folder.file("a/greet.yaml", greeting);
  const auto none = sequent({"test", folder.path("a")});
  CHECK(none.code == 1);
  CHECK_THAT(none.error, Contains("There is no test in " + folder.path("a")) &&
                             Contains(folder.path("a/greet.tests.yaml")));
  CHECK(sequent({"test", folder.path("nowhere.tests.yaml")}).code == 1);
  // Files of tests are no workflows.
  static_cast<void>(folder.file("a/greet.tests.yaml", greeting_tests));
  CHECK(sequent({"validate", folder.path("a")}).code == 0);
  static_cast<void>(folder.file("a/other.yaml", greeting));
  CHECK(sequent({"test", folder.path("a"), "--test", "greets"}).code == 0);
  const auto untested = sequent({"test", folder.path("a"), "--test", "greets", "--all-tested"});
  CHECK(untested.code == 1);
  CHECK_THAT(untested.out, Contains("without tests: " + folder.path("a/other.yaml")));
}

TEST_CASE("a run of a server is replayed against its definition and against another", "[cli]") {
  const Folder folder;
  const auto file = folder.file("echo.yaml", echo);
  const auto louder =
      folder.file("louder.yaml", replaced(echo, "\"${ .word }\"", "\"${ .word + \\\"!\\\" }\""));
  Process server{{"serve", "--json", "--listen", "127.0.0.1:0", "--data", folder.path("data")}};
  const auto line = parse_json(server.first_line());
  REQUIRE(line);
  const auto url = text_of(*line, "url");
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--server", url});
    return sequent(words);
  };
  REQUIRE(ask({"deploy", file}).code == 0);
  const auto started =
      ask({"start", "test/echo", "--input", R"({"word": "hello"})", "--wait", "30", "--json"});
  REQUIRE(started.code == 0);
  const auto run = text_of(parse_json(started.out).value(), "id");

  const auto same = ask({"replay", run, "--with", file});
  INFO(same.error << same.out);
  CHECK(same.code == 0);
  CHECK_THAT(same.out, Contains("agree"));
  const auto other = ask({"replay", run, "--with", louder});
  CHECK(other.code == 1);
  CHECK_THAT(other.out, Contains("first difference at record") && Contains("task sayIt") &&
                            Contains("calls debug.echo") &&
                            Contains("with.word: recorded \"hello\", now \"hello!\""));
  CHECK(ask({"replay", "01a3185c-5000-78c6-b06f-06cea0c30000", "--with", file}).code == 2);

  // Exported, without the server.
  const auto journal = folder.file("run.json", ask({"journal", run, "--json"}).out);
  server.signal(SIGTERM);
  CHECK(server.wait().code == 0);
  CHECK(sequent({"replay", "--journal", journal, "--with", file}).code == 0);
  const auto json = sequent({"replay", "--journal", journal, "--with", louder, "--json"});
  CHECK(json.code == 1);
  const auto difference = parse_json(json.out);
  REQUIRE(difference);
  CHECK((*difference)["agree"] == false);
  CHECK((*difference)["difference"]["members"][0]["name"] == "with.word");
  CHECK(sequent({"replay", "--with", file}).code == 2);
  CHECK(sequent({"replay", "--journal", folder.file("empty.json", "[]"), "--with", file}).code ==
        2);
  CHECK(
      sequent({"replay", "--journal", journal, "--with", folder.file("bad.yaml", "do: []")}).code ==
      2);
}

}  // namespace sequent::cli::test
