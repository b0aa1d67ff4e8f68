// Declared tests of workflows: what passes, what fails, and how a failure reads.
#include <catch2/catch.hpp>

#include "engine/definition/compile.hpp"
#include "engine/runtime/record_operations.hpp"
#include "workflowtest/workflowtest.hpp"

namespace sequent::workflowtest {
namespace {

using Catch::Contains;

/// An activity that nobody may call for real.
class Unreachable final : public runtime::Activity {
 public:
  explicit Unreachable(runtime::ActivitySpec spec) : spec_(std::move(spec)) {}
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt, Json) override {
    throw std::logic_error("a test must not call out");
  }

 private:
  runtime::ActivitySpec spec_;
};

const runtime::ActivityRegistry& shop() {
  static const auto registry = [] {
    auto made = std::make_unique<runtime::ActivityRegistry>();
    runtime::ActivitySpec charge{.name = "shop.charge", .version = "1", .provider = "shop"};
    charge.retry = {.max_attempts = 3, .initial_ms = 1'000, .max_ms = 10'000};
    charge.key_retention_ms = 3'600'000;
    made->add(std::make_unique<Unreachable>(charge));
    for (auto& spec : runtime::record_activities()) made->add_in_store(std::move(spec));
    return made;
  }();
  return *registry;
}

std::string workflow(const std::string& body) {
  return "document: {dsl: 1.0.3, namespace: test, name: tried, version: 1.0.0}\n" + body;
}

Result<std::vector<TestReport>> try_run(const std::string& body, const std::string& tests) {
  const auto file = read_tests(tests, "tried.tests.yaml");
  if (!file) return std::unexpected(file.error());
  return run_tests(*file, workflow(body), shop(), "");
}

std::vector<TestReport> run(const std::string& body, const std::string& tests) {
  auto reports = try_run(body, tests);
  if (!reports)
    FAIL(reports.error().detail + "\n" + definition::format_findings(reports.error().findings));
  return std::move(*reports);
}

/// What failed of the only test, one line each.
std::vector<std::string> failures(const std::string& body, const std::string& tests) {
  const auto reports = run(body, tests);
  REQUIRE(reports.size() == 1);
  std::vector<std::string> lines;
  for (const auto& one : reports[0].mismatches) {
    std::string line = std::to_string(one.line) + ": " + one.what;
    if (!one.expected.empty()) line += ": expected " + one.expected + ", came " + one.came;
    lines.push_back(std::move(line));
  }
  return lines;
}

using Lines = std::vector<std::string>;

const std::string pay = R"(do:
  - pay: {call: shop.charge, with: {amount: "${ .amount }", run: "${ $workflow.id }"}}
  - tell: {set: {paid: "${ .id }"}}
)";

}  // namespace

TEST_CASE("a test passes when what came is what was expected") {
  CHECK(failures(pay, R"(tests:
  - name: paid
    input: {amount: 5}
    answers: {pay: {output: {id: ch_1, amount: "${ .amount }"}}}
    expect:
      path: [pay, tell]
      calls: [{task: pay, activity: shop.charge, attempt: 1, with: {amount: 5, run: "${ . == $run }"}}]
      output: {paid: ch_1}
)")
            .empty());
}

TEST_CASE("a failure names the line, what was expected and what came") {
  const auto lines = failures(pay, R"(tests:
  - name: paid
    input: {amount: 5}
    answers: {pay: {output: {id: ch_1}}}
    expect:
      path: [pay, thank]
      calls:
        - {task: pay, with: {amount: 7}}
      output:
        paid: ch_2
)");
  CHECK(lines == Lines{"10: output.paid: expected \"ch_2\", came \"ch_1\"",
                       "6: path, task 2: expected \"thank\", came \"tell\"",
                       "8: calls, call 1:.with.amount: expected 7, came 5"});
}

TEST_CASE("a call without an answer fails the test and is told") {
  const auto lines = failures(pay, "tests:\n  - name: paid\n    expect: {output: {paid: ch_1}}\n");
  REQUIRE(lines.size() >= 2);
  CHECK_THAT(lines[0], Contains("The task `pay` called shop.charge with") &&
                           Contains("the test has no answer for it"));
  CHECK_THAT(lines[1], Contains("3: status: expected completed, came faulted"));
}

TEST_CASE("answers in turn are for one call each, and all must be asked for") {
  const std::string answers = R"(tests:
  - name: paid
    answers:
      pay:
        - {problem: {status: 503}, outcome: transient}
        - {output: {id: "${ \"attempt \\($attempt)\" }"}}
)";
  CHECK(failures(pay, answers + "    expect: {output: {paid: attempt 2}, path: [pay, tell]}\n")
            .empty());
  const auto more = answers + "        - {output: {id: never}}\n    expect: {status: completed}\n";
  CHECK(failures(pay, more) == Lines{"4: answers of pay: expected all 3 to be asked for, came 2"});
  CHECK_THAT(failures(pay, R"(tests:
  - name: paid
    answers: {pay: [{problem: {status: 503}, outcome: transient}]}
    expect: {status: completed}
)")[0],
             Contains("once more (1 of 1 answers are used"));
}

TEST_CASE("answers for all of the file need not be asked for by each test") {
  const auto reports = run(pay, R"(answers: {pay: {output: {id: ch_1}}}
tests:
  - {name: usual, expect: {output: {paid: ch_1}}}
  - name: declined
    answers: {pay: {problem: {status: 402, title: card_declined}}}
    expect: {error: {status: 402, title: card_declined, instance: /do/0/pay}}
  - name: away
    answers: {pay: {problem: {status: 500}, outcome: unknown}}
    expect: {waitingFor: {kind: parked, task: pay, provider: shop, attempt: 3}}
)");
  REQUIRE(reports.size() == 3);
  for (const auto& report : reports) CHECK(report.mismatches.empty());
}

TEST_CASE("an effect that is unknown beyond its key's life is looked for") {
  const std::string retried = R"(do:
  - again:
      try: [{pay: {call: shop.charge, with: {}}}]
      catch: {retry: {delay: {hours: 2}, limit: {attempt: {count: 2}}}}
)";
  const auto test = [](const std::string& found) {
    return "tests:\n  - name: looked-for\n    answers:\n      pay:\n"
           "        - {problem: {title: no answer}, outcome: unknown}\n        - " +
           found + "\n";
  };
  CHECK(failures(retried, test("{adopted: {id: ch_0}}") + "    expect: {output: {id: ch_0}}\n")
            .empty());
  CHECK(failures(retried, test("{absent: true}") +
                              "        - {output: {id: ch_1}}\n    expect: {output: {id: ch_1}}\n")
            .empty());
}

TEST_CASE("the clock moves when the test says so, and events come between") {
  const std::string wait = R"(do:
  - sleep: {wait: {days: 1}}
  - hear:
      try:
        - listen:
            listen: {to: {one: {with: {type: paid}, correlate: {id: {from: .data.id, expect: "${ $workflow.id }"}}}}}
            timeout: {after: {hours: 2}}
      catch:
        errors: {with: {status: 408}}
        do: [{late: {set: {late: true}}}]
)";
  const auto reports = run(wait, R"(tests:
  - {name: asleep, steps: [{wait: {hours: 23}}], expect: {waitingFor: {kind: timer, task: sleep}}}
  - {name: listens, steps: [{wait: {hours: 25}}], expect: {waitingFor: {kind: event, task: listen}}}
  - name: heard
    steps: [{wait: {days: 1}}, {event: {type: paid, data: {id: other}}}, {event: {type: paid, data: {id: "${ $run }"}}}]
    expect: {path: [sleep, hear, listen], output: ["${ .id == $run }"]}
  - {name: late, steps: [{wait: {hours: 26}}], expect: {output: {late: true}}}
)");
  for (const auto& report : reports) {
    CAPTURE(report.name);
    CHECK(report.mismatches.empty());
  }
}

TEST_CASE("a run that an event starts beside the one under test comes to nothing") {
  const std::string started_by_events = R"(schedule: {on: {any: [{with: {type: paid}}]}}
do:
  - pay: {call: shop.charge, with: {amount: 1}}
  - hear: {timeout: {after: {hours: 1}}, listen: {to: {any: [{with: {type: paid}}]}}}
)";
  CHECK(failures(started_by_events, R"(tests:
  - name: once
    input: []
    answers: {pay: [{output: {id: ch_1}}]}
    steps: [{event: {type: paid, data: {}}}]
    expect: {path: [pay, hear], calls: [{task: pay}]}
)")
            .empty());
}

TEST_CASE("children are answered for, and their failures are the parent's") {
  const std::string family = R"(do:
  - make: {run: {workflow: {namespace: test, name: child, version: 2.1.0, input: {n: "${ .n }"}}}}
)";
  const auto reports = run(family, R"(tests:
  - name: made
    input: {n: 1}
    answers: {make: {output: {n: "${ .n + 1 }", parent: "${ $run }"}}}
    expect: {calls: [{task: make, workflow: test/child, with: {n: 1}}], output: {n: 2, parent: "${ . == $run }"}}
  - name: failed
    answers: {make: {problem: {status: 409, title: Taken}}}
    expect: {error: {status: 409, title: Taken, instance: /do/0/make}}
)");
  for (const auto& report : reports) CHECK(report.mismatches.empty());
}

TEST_CASE("records are real, in memory, and no call") {
  const std::string keep = R"(do:
  - claim: {call: records.create, with: {collection: c, key: k, value: {n: "${ .n }"}}}
)";
  const auto reports = run(keep, R"(tests:
  - {name: new, input: {n: 1}, expect: {calls: [], output: {created: true}, records: {c: {k: {n: 1}}}}}
  - name: taken
    input: {n: 1}
    records: {c: {k: {n: 2}}}
    expect: {error: {status: 409}, records: {c: {k: {n: 2}, other: null}}}
  - name: mocked
    answers: {claim: {problem: {status: 507, title: Full}}}
    expect: {error: {status: 507}, records: {c: null}}
)");
  for (const auto& report : reports) {
    CAPTURE(report.name);
    CHECK(report.mismatches.empty());
  }
}

TEST_CASE("an input that the schema refuses is a status of its own") {
  const std::string strict = R"(input: {schema: {document: {type: object, required: [n]}}}
do: [{a: {set: {x: 1}}}]
)";
  CHECK(failures(strict, "tests: [{name: a, input: {}, expect: {status: refused}}]").empty());
  const auto lines = failures(strict, "tests: [{name: a, input: {}, expect: {output: {x: 1}}}]");
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Contains("status: expected completed, came refused"));
}

TEST_CASE("three dots stand for any number of items") {
  const std::string four = R"(do:
  - a: {set: {x: 1}}
  - b: {set: {x: 1}}
  - c: {set: {x: 1}}
  - d: {set: {x: 1}}
)";
  const auto path = [&](const std::string& expected) {
    return failures(four, "tests: [{name: a, expect: {path: " + expected + "}}]");
  };
  CHECK(path("[a, ..., d]").empty());
  CHECK(path("[..., b, c, ...]").empty());
  CHECK(path("[...]").empty());
  CHECK(path("[a, b, c]") == Lines{"1: path, task 4: expected no more, came \"d\""});
  CHECK(path("[..., c, b, ...]") == Lines{"1: path, task 4: expected \"b\", came \"d\""});
}

TEST_CASE("emitted events and answers to callers are compared") {
  const std::string tell = R"(do:
  - tell: {emit: {event: {with: {source: urn:test, type: paid, data: {n: 1}}}}}
  - answer: {set: {n: 2}, metadata: {respond: {status: 201, headers: {X-N: "${ .n | tostring }"}}}}
)";
  CHECK(failures(tell, R"(tests:
  - name: told
    expect:
      emitted: [{type: paid, data: {n: 1}}]
      response: {status: 201, headers: {X-N: ["2"]}, body: {n: 2}}
)")
            .empty());
}

TEST_CASE("mistakes in a test file are told with their lines") {
  const auto refused = read_tests(R"(tests:
  - name: one
    answers:
      pay: {outptu: {id: 1}}
      other: {problem: {status: 500}, outcome: maybe}
    steps: [{wait: {hours: 0}}, {evnt: {}}]
    expect: {path: pay, output: "${ $rnu }"}
  - name: one
    expect: {}
)",
                                  "tried.tests.yaml");
  REQUIRE_FALSE(refused);
  const auto text = definition::format_findings(refused.error().findings);
  CHECK_THAT(text, Contains("tried.tests.yaml:4:") && Contains("did you mean `output`"));
  CHECK_THAT(text, Contains(":5:") && Contains("transient"));
  CHECK_THAT(text, Contains(":6:") && Contains("did you mean `event`"));
  CHECK_THAT(text, Contains(":7:") && Contains("`$rnu`") && Contains("did you mean `$run`"));
  CHECK_THAT(text, Contains("taken by the test in line 2"));
}

TEST_CASE("answers for a task that is not there keep the file from being run") {
  const auto refused = try_run(pay, R"(tests:
  - name: one
    answers:
      pya: {output: {}}
    expect: {status: completed}
)");
  REQUIRE_FALSE(refused);
  CHECK_THAT(definition::format_findings(refused.error().findings),
             Contains("tried.tests.yaml:4:") && Contains("did you mean `pay`"));
}

}  // namespace sequent::workflowtest
