// The runner of the kit itself: it reads what the kit writes, and a broken expectation is seen.
#include <catch2/catch.hpp>

#include "tests/conformance/execution.hpp"

namespace sequent::conformance {
namespace {

// A workflow of two tasks, `red` and `blue`, and then `steps`.
std::string feature_with(const std::string& steps) {
  return R"(Feature: Order
  Prose that nobody reads

  # a comment
  Scenario: Two colours
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: default, name: order, version: '1.0.0'}
    do:
      - red: {set: {colors: '${ .colors + ["red"] }'}}
      - blue: {set: {colors: '${ .colors + ["blue"] }', deep: {n: 1}}}
    """
    And given the workflow input is:
      """yaml
      colors: [ green ]
      """
    When the workflow is executed
)" + steps;
}

Verdict verdict_of(const std::string& feature) {
  const auto scenarios = parse_feature(feature);
  if (!scenarios) FAIL(scenarios.error().detail);
  REQUIRE(scenarios->size() == 1);
  return execute(scenarios->front());
}

}  // namespace

TEST_CASE("expectations that hold leave no mistake") {
  const Verdict verdict = verdict_of(feature_with(R"(
    Then the workflow should complete with output:
    """yaml
    colors: [ green, red, blue ]
    deep:
      n: 1
    """
    And the workflow should complete
    And the workflow output should have properties 'colors', 'deep.n'
    And the workflow output should have a 'deep.n' property with value:
    """yaml
    1
    """
    And the workflow output should have a 'colors' property containing 3 items
    And red should run first
    And blue should run last
    And blue should run after red
)"));
  CHECK(verdict.refusals.empty());
  CHECK(verdict.mistakes == std::vector<std::string>{});
  CHECK(verdict.checked == 8);
}

TEST_CASE("every expectation that does not hold is one mistake") {
  const std::string step =
      GENERATE(as<std::string>{}, "the workflow should fault",
               "the workflow should complete with output:\n\"\"\"yaml\n1\n\"\"\"",
               "the workflow output should have properties 'colors', 'deep.m'",
               "the workflow output should have properties 'deep.n.x'",
               "the workflow output should have a 'deep.n' property with "
               "value:\n\"\"\"yaml\n2\n\"\"\"",
               "the workflow output should have a 'colors' property "
               "containing 1 items",
               "the workflow output should have a 'deep' property "
               "containing 1 items",
               "blue should run first", "red should run last", "red should run after blue",
               "blue should run after green", "green should run after red");
  CAPTURE(step);
  CHECK(verdict_of(feature_with("Then " + step + "\n")).mistakes.size() == 1);
}

TEST_CASE("an error is compared whole") {
  const Verdict verdict = verdict_of(feature_with(R"(
    Then the workflow should fault with error:
    """yaml
    status: 500
    """
)"));
  CHECK(verdict.mistakes.size() == 2);  // it completed, and has no error
}

TEST_CASE("a step that is not known is a mistake with its line") {
  const Verdict verdict = verdict_of(feature_with("    Then the workflow should sing\n"));
  REQUIRE(verdict.mistakes.size() == 2);  // and nothing was checked
  CHECK(verdict.mistakes[0].starts_with("line 18: the workflow should sing: "));
}

TEST_CASE("a scenario without expectations is a mistake") {
  CHECK(verdict_of(feature_with("")).mistakes.size() == 1);
}

TEST_CASE("expectations before the execution are mistakes") {
  const Verdict verdict =
      verdict_of("Feature: f\nScenario: s\nThen the workflow should complete\n");
  REQUIRE(verdict.mistakes.size() == 2);
  CHECK(verdict.mistakes[0].find("executed before") != std::string::npos);
}

TEST_CASE("a definition that does not compile is refused and not executed") {
  const Verdict verdict = verdict_of(
      "Feature: f\nScenario: s\nGiven a workflow with definition:\n\"\"\"yaml\ndo: []\n\"\"\"\n"
      "When the workflow is executed\nThen the workflow should sing\n");
  CHECK_FALSE(verdict.refusals.empty());
  CHECK(verdict.mistakes.empty());
}

TEST_CASE("Gherkin that the runner does not read is refused with its line") {
  const auto [text, line] = GENERATE(table<std::string, std::string>(
      {{"", "line 0: expected a feature"},
       {"Scenario: s\n", "line 1: expected `Feature:`"},
       {"Feature: f\n", "line 1: expected a scenario"},
       {"Feature: f\nBackground:\n", "line 2: expected `Scenario:`"},
       {"Feature: f\nScenario: s\n| a |\n", "line 3: expected a step"},
       {"Feature: f\nScenario: s\n\"\"\"\n", "line 3: expected a step before"},
       {"Feature: f\nScenario: s\nGiven x\n\"\"\"\nopen\n", "line 5: expected the end"}}));
  const auto parsed = parse_feature(text);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().detail.starts_with(line));
}

}  // namespace sequent::conformance
