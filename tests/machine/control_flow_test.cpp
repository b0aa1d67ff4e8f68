#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {

using Names = std::vector<std::string>;

TEST_CASE("tasks run in order and hand their output on") {
  Runner run(R"yaml(
do:
  - red: {set: {colors: '${ .colors + ["red"] }'}}
  - green: {set: {colors: '${ .colors + ["green"] }'}}
)yaml");
  run.start();
  CHECK(run.state().status == Status::completed);
  CHECK(run.output() == Json{{"colors", {"red", "green"}}});
}

TEST_CASE("then goes to a named task, ends the scope, or ends the workflow") {
  Runner run(R"yaml(
do:
  - first: {set: {a: 1}, then: third}
  - second: {set: {a: 2}, then: end}
  - third:
      do:
        - inner: {switch: [{stop: {when: .a == 1, then: exit}}]}
        - never: {set: {a: 4}}
      then: second
)yaml");
  run.start();
  CHECK(run.output() == Json{{"a", 2}});
  CHECK(run.started() == Names{"first", "third", "inner", "second"});
}

TEST_CASE("a switch takes the first case that holds, else its default, else goes on") {
  const std::string yaml = R"yaml(
do:
  - choose:
      switch:
        - low: {when: .n < 10, then: small}
        - high: {when: .n > 100, then: large}
  - middle: {set: {is: middle}, then: end}
  - small: {set: {is: small}, then: end}
  - large: {set: {is: large}}
)yaml";
  const auto [n, is] =
      GENERATE(table<int, std::string>({{1, "small"}, {50, "middle"}, {500, "large"}}));
  Runner run(yaml);
  run.start({{"n", n}});
  CHECK(run.output() == Json{{"is", is}});
}

TEST_CASE("a task whose if is false passes its input through") {
  Runner run(R"yaml(
do:
  - skipped: {if: .wanted, set: {x: 1}}
  - last: {set: '${ . + {y: 2} }'}
)yaml");
  run.start({{"wanted", false}});
  CHECK(run.output() == Json{{"wanted", false}, {"y", 2}});
  CHECK(run.started() == Names{"last"});
}

TEST_CASE("for iterates with its variables and stops when while is false") {
  Runner run(R"yaml(
do:
  - loop:
      for: {each: n, in: .items, at: i}
      while: $n < 30
      do:
        - add: {set: {sum: '${ (.sum // 0) + $n }', last: '${ $i }'}}
)yaml");
  run.start({{"items", {10, 20, 30, 40}}});
  CHECK(run.output() == Json{{"sum", 30}, {"last", 1}});
}

TEST_CASE("for over nothing passes its input through") {
  Runner run(R"yaml(
do:
  - loop: {for: {in: .items}, do: [{x: {set: {never: true}}}]}
)yaml");
  run.start({{"items", Json::array()}});
  CHECK(run.output() == Json{{"items", Json::array()}});
}

TEST_CASE("fork waits for every branch and keeps their order") {
  Runner run(R"yaml(
do:
  - both:
      fork:
        branches:
          - slow: {wait: {seconds: 10}, output: {as: '"slow"'}}
          - fast: {set: {is: fast}}
)yaml");
  run.start();
  CHECK(run.view().status == Status::waiting);
  run.run_timers();
  CHECK(run.output() == Json::array({"slow", {{"is", "fast"}}}));
}

TEST_CASE("a competing fork takes the first branch and drops the others") {
  Runner run(R"yaml(
do:
  - race:
      fork:
        compete: true
        branches:
          - slow: {wait: {seconds: 10}}
          - fast: {wait: {seconds: 1}, output: {as: '"fast"'}}
  - after: {set: {winner: '${ . }'}}
)yaml");
  run.start();
  run.run_timers();
  CHECK(run.output() == Json{{"winner", "fast"}});
  CHECK(run.state().frames.empty());
}

TEST_CASE("export replaces the context, and output.as shapes what follows") {
  Runner run(R"yaml(
do:
  - one:
      set: {a: 1, b: 2}
      output: {as: .a}
      export: {as: '{seen: .}'}
  - two: {set: {context: '${ $context.seen }', input: '${ . }'}}
)yaml");
  run.start();
  CHECK(run.output() == Json{{"context", 1}, {"input", 1}});
}

TEST_CASE("an input that breaks its schema faults the task with a validation error") {
  Runner run(R"yaml(
do:
  - strict:
      input: {schema: {document: {type: object, required: [id]}}}
      set: {x: 1}
)yaml");
  run.start();
  CHECK(run.state().status == Status::faulted);
  CHECK(run.error()["type"] == standard_type(ErrorKind::validation));
  CHECK(run.error()["instance"] == "/do/0/strict");
}

TEST_CASE("raise faults the run with its problem and the task's pointer") {
  Runner run(R"yaml(
do:
  - stop:
      raise:
        error: {type: 'https://example.com/no', status: 402, title: No money, detail: '${ "for \(.who)"
}'}
)yaml");
  run.start({{"who", "Ada"}});
  CHECK(run.error() == Json{{"type", "https://example.com/no"},
                            {"status", 402},
                            {"title", "No money"},
                            {"detail", "for Ada"},
                            {"instance", "/do/0/stop"}});
}

TEST_CASE("a wait ends once, at its time, and passes its input through") {
  Runner run(R"yaml(
do:
  - pause: {wait: PT5M}
)yaml");
  run.start({{"kept", 1}});
  CHECK(run.view().waiting_for.kind == "timer");
  CHECK(wake_at(run.state()) == run.now + 300'000);
  run.advance(299'999);
  CHECK(run.state().status == Status::running);
  run.advance(1);
  CHECK(run.output() == Json{{"kept", 1}});
}

TEST_CASE("a function runs with its arguments as input") {
  Runner run(R"yaml(
use:
  functions:
    double: {set: {twice: '${ .n * 2 }'}}
do:
  - use1: {call: double, with: {n: '${ .x }'}}
)yaml");
  run.start({{"x", 21}});
  CHECK(run.output() == Json{{"twice", 42}});
}

TEST_CASE("emit puts out an event whose id is the same on every replay") {
  Runner run(R"yaml(
do:
  - tell: {emit: {event: {with: {source: 'https://a', type: a.b, data: {x: '${ .x }'}}}}}
)yaml");
  run.start({{"x", 1}});
  REQUIRE(run.emitted.size() == 1);
  CHECK(run.emitted[0]["data"] == Json{{"x", 1}});
  CHECK(run.emitted[0]["id"].get<std::string>().size() == 36);
  CHECK(run.output() == run.emitted[0]);
}

TEST_CASE("long chains of pure tasks stop at the budget and go on") {
  Runner run(R"yaml(
do:
  - loop: {for: {in: '[range(2000)]'}, do: [{x: {set: {n: '${ $item }'}}}]}
)yaml");
  run.start();
  CHECK(run.output() == Json{{"n", 1999}});
}

TEST_CASE("an endless loop of pure tasks faults at the journal's limit") {
  Runner run(R"yaml(
do:
  - again: {set: {x: 1}, then: again2}
  - again2: {set: {x: 1}, then: again}
)yaml");
  run.limits().max_records = 2'000;
  run.start();
  CHECK(run.state().status == Status::faulted);
  CHECK(run.error()["detail"].get<std::string>().find("journal") != std::string::npos);
}

TEST_CASE("a child is started once, and its output is the task's") {
  Runner run(R"yaml(
do:
  - sub: {run: {workflow: {namespace: other, name: thing, version: '1.0.0', input: {a: '${ .a }'}}}}
)yaml");
  run.start({{"a", 7}});
  CHECK(run.output() == Json{{"a", 7}});
}

TEST_CASE("a child that faults raises its error in the parent") {
  Runner run(R"yaml(
do:
  - guarded:
      try:
        - sub: {run: {workflow: {namespace: other, name: thing, version: '1.0.0'}}}
      catch:
        errors: {with: {status: 402}}
        do:
          - note: {set: {why: '${ $error.title }'}}
)yaml");
  run.child = [](const ChildState& c) {
    auto problem = permanent(402).problem;
    problem.title = "Card declined";
    return ChildEnded{.child = c.id, .status = Status::faulted, .error = problem};
  };
  run.start();
  CHECK(run.output() == Json{{"why", "Card declined"}});
}

}  // namespace sequent::machine::testing
