#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support.hpp"

namespace sequent::cli::test {
namespace {

using Catch::Contains;

const std::string workflow = R"(document:
  dsl: 1.0.3
  namespace: test
  name: echo
  version: 1.0.0
  title: Echo
  summary: Says it back.
  metadata:
    participants: [Caller, Wall]
    diagrams: [Shouting]
    clientArrows: ["(1) Caller -> Wall: Shout", "(3) Caller -> Caller: Listen"]
do:
  - sayIt:
      metadata: {arrows: ["(2) Wall --> Caller: Echo"]}
      call: debug.echo
      with: {word: "${ .word }"}
)";
const std::string scenarios = R"(scenarios:
  - name: once
    steps: [{shout: {start: test/echo, input: {word: hey}, arrows: [1]}}]
)";

std::string file_text(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST_CASE("diagram draws a file and traces its arrows", "[cli]") {
  const Folder folder;
  const auto file = folder.file("a/echo.yaml", workflow);
  (void)folder.file("a/echo.scenarios.yaml", scenarios);
  CHECK_THAT(sequent({"diagram", file}).out, Contains("P2-->>P1: 2. Echo"));
  CHECK_THAT(sequent({"diagram", file, "--format", "plantuml"}).out, Contains("P2-->P1: 2. Echo"));
  const auto table = sequent({"diagram", "--trace", folder.path("a")});
  CHECK(table.code == 0);
  CHECK_THAT(table.out, Contains("| 1 | Caller → Wall: Shout | [echo](sequences/echo.md), the "
                                 "caller's own step | crashtest: echo/once |"));
  CHECK_THAT(table.out, Contains("task `sayIt` | crashtest: echo/once |"));
  CHECK_THAT(table.out, Contains("the caller's own step | outside Sequent |"));
}

TEST_CASE("diagram writes pages, and says when one is stale", "[cli]") {
  const Folder folder;
  (void)folder.file("a/echo.yaml", workflow);
  (void)folder.file("a/echo.scenarios.yaml", scenarios);
  const std::vector<std::string> write{"diagram", folder.path("a"), "--write", folder.path("docs")};
  auto check = write;
  check.push_back("--check");
  CHECK(sequent(check).code == 1);
  CHECK_FALSE(std::filesystem::exists(folder.path("docs/sequences.md")));
  CHECK(sequent(write).code == 0);
  CHECK(sequent(check).code == 0);
  CHECK_THAT(file_text(folder.path("docs/sequences/echo.md")),
             Contains("(../../a/echo.yaml)") && Contains("Says it back."));
  const auto gone = folder.file("docs/sequences/gone.md", "of a workflow that was deleted");
  const auto stale = sequent(check);
  CHECK(stale.code == 1);
  CHECK_THAT(stale.error, Contains(gone));
  CHECK(sequent(write).code == 1);
  CHECK(std::filesystem::remove(gone));
  CHECK(sequent(write).code == 0);
}

TEST_CASE("an arrow that no scenario shows is told, and a step that plays no caller's", "[cli]") {
  const Folder folder;
  (void)folder.file("a/echo.yaml",
                    workflow +
                        "  - later: {if: .word == 1, metadata: {arrows: [\"(4) Wall -> "
                        "Caller: More\"]}, set: {x: 1}}\n");
  (void)folder.file("a/echo.scenarios.yaml", scenarios);
  const auto unseen = sequent({"diagram", "--trace", folder.path("a")});
  CHECK(unseen.code == 1);
  CHECK_THAT(unseen.error, Contains("No scenario of test/echo completes the task /do/1/later"));
  (void)folder.file("a/echo.yaml", workflow);
  (void)folder.file("a/echo.scenarios.yaml",
                    "scenarios:\n  - name: once\n    steps: [{shout: {start: test/echo, input: "
                    "{word: hey}, arrows: [2]}}]\n");
  const auto wrong = sequent({"diagram", "--trace", folder.path("a")});
  CHECK(wrong.code == 1);
  CHECK_THAT(wrong.error, Contains("plays arrow 1.2"));
}

}  // namespace
}  // namespace sequent::cli::test
