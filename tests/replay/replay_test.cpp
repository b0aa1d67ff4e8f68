// Recorded runs against their own definition and against others. The recordings are real: runs of the
// real engine, as the API shows their journals.
#include <catch2/catch.hpp>

#include "activities/register.hpp"
#include "api/journal_json.hpp"
#include "engine/definition/compile.hpp"
#include "engine/machine/codec.hpp"
#include "engine/replay/replay.hpp"
#include "workflowtest/workflowtest.hpp"

namespace sequent::replay {
namespace {

using Catch::Contains;

const runtime::ActivityRegistry& all_activities() {
  struct Catalog {
    net::HttpClient http;
    runtime::ActivityRegistry registry;
    Catalog() { activities::register_activities(registry, {}, http); }
  };
  static const Catalog catalog;
  return catalog.registry;
}

definition::ProgramPtr compiled(const std::string& text) {
  definition::CompileOptions options;
  options.catalog = &all_activities();
  options.interpreters = 1;
  auto program = definition::compile(text, options);
  if (!program) FAIL(definition::format_findings(program.error().findings));
  return *program;
}

/// A run's journal as `sequent journal RUN --json` prints it.
Json exported(const workflowtest::TestReport& report) {
  Json out = Json::array();
  api::JournalReader reader{*report.program, {}};
  for (const auto& record : Json::parse(machine::encode(report.journal)))
    out.push_back(reader.show(record));
  return out;
}

struct Recorded {
  std::string workflow;
  Json journal;
};

Recorded record(const std::string& body, const std::string& test) {
  Recorded recorded{
      .workflow = "document: {dsl: 1.0.3, namespace: test, name: tried, version: 1.0.0}\n" + body,
      .journal = {}};
  const auto file = workflowtest::read_tests(
      "tests:\n  - name: a\n" + test + "    expect: {status: completed}\n", "tried.tests.yaml");
  if (!file) FAIL(definition::format_findings(file.error().findings));
  const auto reports = workflowtest::run_tests(*file, recorded.workflow, all_activities(), "");
  if (!reports) FAIL(definition::format_findings(reports.error().findings));
  recorded.journal = exported(reports->front());
  return recorded;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Outcome replayed(const Recorded& recorded, const std::string& workflow) {
  const auto outcome = replay(recorded.journal, compiled(workflow));
  if (!outcome) FAIL(outcome.error().detail);
  return *outcome;
}

Difference first_difference(const Recorded& recorded, const std::string& from,
                            const std::string& to) {
  const auto outcome = replayed(recorded, replaced(recorded.workflow, from, to));
  REQUIRE(outcome.difference);
  return *outcome.difference;
}

const std::string shopping = R"(do:
  - check:
      switch:
        - small: {when: .amount < 100, then: pay}
        - large: {then: refuse}
  - refuse:
      raise: {error: {type: "https://serverlessworkflow.io/spec/1.0.0/errors/validation", status: 422, title: Too much}}
  - pay:
      try:
        - charge: {call: stripe.invoices.pay, with: {invoice: "${ .invoice }"}}
      catch:
        retry: {delay: {minutes: 1}, limit: {attempt: {count: 3}}}
      output: {as: "{paid: .id}"}
      export: {as: "{paid: .paid}"}
  - hear:
      timeout: {after: {hours: 1}}
      listen:
        to:
          one:
            with: {type: com.stripe.invoice.paid}
            correlate: {invoice: {from: .data.object.id, expect: "${ $context.paid }"}}
  - sleep: {wait: {seconds: 30}}
  - tell: {emit: {event: {with: {source: urn:test, type: told, data: {paid: "${ $context.paid }"}}}}}
  - answer: {set: {paid: "${ $context.paid }"}}
)";

const std::string shopping_test = R"(    input: {amount: 5, invoice: in_1}
    answers:
      charge:
        - {problem: {status: 503}, outcome: transient}
        - {output: {id: in_1, status: paid}}
    steps:
      - event: {type: com.stripe.invoice.paid, source: stripe, data: {object: {id: in_1}}}
      - wait: {seconds: 30}
)";

const Recorded& shopping_run() {
  static const Recorded recorded = record(shopping, shopping_test);
  return recorded;
}

}  // namespace

TEST_CASE("a run agrees with its own definition") {
  const auto outcome = replayed(shopping_run(), shopping_run().workflow);
  if (outcome.difference) FAIL(outcome.difference->expected + " <> " + outcome.difference->came);
  CHECK(outcome.records == shopping_run().journal.size());
  CHECK(outcome.ended);
}

TEST_CASE("a changed argument is the first difference, at its call") {
  const auto difference = first_difference(shopping_run(), "with: {invoice: \"${ .invoice }\"}",
                                           "with: {invoice: \"${ .invoice + \\\"0\\\" }\"}");
  CHECK(difference.task == "pay/charge");
  CHECK_THAT(difference.expected, Contains("calls stripe.invoices.pay"));
  REQUIRE(difference.members.size() == 1);
  CHECK(difference.members[0].name == "with.invoice");
  CHECK(difference.members[0].recorded == "in_1");
  CHECK(difference.members[0].now == "in_10");
  CHECK(shopping_run().journal.at(difference.seq - 1).at("kind") == "ActivityScheduled");
}

TEST_CASE("another way, another call, another event and another time are differences") {
  const auto& run = shopping_run();
  const auto way = first_difference(run, ".amount < 100", ".amount < 5");
  CHECK_THAT(way.expected, Contains("`pay`"));
  CHECK_THAT(way.came, Contains("`refuse`"));
  const auto call = first_difference(run, "stripe.invoices.pay", "stripe.invoices.void");
  CHECK_THAT(call.came, Contains("calls stripe.invoices.void"));
  const auto event = first_difference(run, "com.stripe.invoice.paid", "com.stripe.invoice.voided");
  CHECK(event.task == "hear");
  CHECK(event.members.at(0).name == "subscriptions[0].type");
  const auto timeout = first_difference(run, "{hours: 1}", "{hours: 2}");
  CHECK(timeout.members.at(0).name == "timeout");
  CHECK(timeout.members.at(0).now == "2 h");
  const auto wait = first_difference(run, "{seconds: 30}", "{seconds: 31}");
  CHECK(wait.task == "sleep");
  const auto told = first_difference(run, "type: told", "type: said");
  CHECK(told.members.at(0).name == "event.type");
  const auto output = first_difference(run, "set: {paid: \"${ $context.paid }\"}",
                                       "set: {paid: \"${ $context.paid }\", thanks: true}");
  CHECK_THAT(output.expected, Contains("the run completes"));
  CHECK(output.members.at(0).name == "output.thanks");
}

TEST_CASE("a task that is new, gone or elsewhere is found by its name") {
  const auto& run = shopping_run();
  const auto added = first_difference(run, "  - sleep:", "  - added: {set: {x: 1}}\n  - sleep:");
  CHECK_THAT(added.came, Contains("`added`"));
  // A way that this run does not go shifts the places of all others.
  const auto shifted = replaced(
      replaced(run.workflow, "        - small:",
               "        - huge: {when: .amount > 1000000, then: report}\n        - small:"),
      "  - refuse:\n", "  - report: {set: {x: 1}, then: end}\n  - refuse:\n");
  CHECK_FALSE(replayed(run, shifted).difference);
  const auto renamed = first_difference(run, "- sleep:", "- nap:");
  CHECK_THAT(renamed.came, Contains("`nap`"));
}

TEST_CASE("without retries of its block a call is tried again by its own policy") {
  const auto difference =
      first_difference(shopping_run(), "{attempt: {count: 3}}", "{attempt: {count: 0}}");
  CHECK(difference.task == "pay/charge");
  CHECK(difference.members.at(0).name == "again");
}

TEST_CASE("data between tasks that has no effect is no difference") {
  const auto text = replaced(shopping_run().workflow, "output: {as: \"{paid: .id}\"}",
                             "output: {as: \"{paid: .id, more: 1}\"}");
  CHECK_FALSE(replayed(shopping_run(), text).difference);
}

TEST_CASE("hidden data equals anything, and so does what is made with it") {
  auto run = record(R"(do:
  - greet: {call: debug.echo, with: {text: "${ \"Hello \" + .name }", n: "${ .n }"}}
)",
                    "    input: {name: Ada, n: 1}\n");
  for (auto& each : run.journal)
    if (each.at("kind") == "InstanceStarted") each["rawInput"]["name"] = "[redacted]";
  const auto outcome = replayed(run, run.workflow);
  CHECK_FALSE(outcome.difference);
  CHECK(outcome.redacted);
  CHECK(first_difference(run, "${ .n }", "${ .n + 1 }").members.at(0).name == "with.n");
}

TEST_CASE("branches, loops and children are replayed") {
  const auto run = record(R"(do:
  - both:
      fork:
        branches:
          - left: {call: debug.echo, with: {n: 1}}
          - right: {run: {workflow: {namespace: test, name: child, version: 1.0.0, input: {n: 2}}}}
  - each:
      for: {each: n, in: "[1, 2, 3]"}
      do: [{one: {call: stripe.prices.retrieve, with: {price: "${ \"price_\\($n)\" }"}}}]
)",
                          R"(    answers:
      right: {output: {n: 3}}
      one: {output: {id: price}}
)");
  const auto outcome = replayed(run, run.workflow);
  CHECK_FALSE(outcome.difference);
  const auto child = first_difference(run, "input: {n: 2}", "input: {n: 4}");
  CHECK(child.task == "both/right");
  const auto loop = first_difference(run, "[1, 2, 3]", "[1, 2]");
  CHECK_THAT(loop.expected, Contains("begins its loop"));
}

TEST_CASE("a run under way agrees as far as it got") {
  Recorded half = shopping_run();
  while (half.journal.back().at("kind") != "ListenStarted")
    half.journal.erase(half.journal.size() - 1);
  const auto outcome = replayed(half, half.workflow);
  CHECK_FALSE(outcome.difference);
  CHECK_FALSE(outcome.ended);
}

TEST_CASE("what is no journal from its beginning is refused") {
  const auto program = compiled(shopping_run().workflow);
  const auto refused = [&](const Json& journal) {
    const auto outcome = replay(journal, program);
    REQUIRE_FALSE(outcome);
    return outcome.error().detail;
  };
  CHECK_THAT(refused(Json::object()), Contains("`sequent journal RUN --json`"));
  CHECK_THAT(refused(Json::array()), Contains("empty"));
  Json tail = shopping_run().journal;
  tail.erase(0);
  CHECK_THAT(refused(tail), Contains("from the first one"));
}

}  // namespace sequent::replay
