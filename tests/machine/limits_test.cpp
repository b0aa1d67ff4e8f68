// Values past their limit are faults that say so, wherever they would come into being.
#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {

namespace {

std::string detail_of(const Runner& run) {
  return run.error()["detail"].get<std::string>();
}

// 2,000 bytes, twice of which are past the limit.
const std::string large = "[range(500)]";

}  // namespace

TEST_CASE("a value past the payload limit faults the task that makes it") {
  const auto task = GENERATE(values<std::string>({
      "set: {a: '${ LARGE }', b: '${ LARGE }'}",
      "set: {a: 1}\n      input: {from: {a: '${ LARGE }', b: '${ LARGE }'}}",
      "set: {a: 1}\n      output: {as: {a: '${ LARGE }', b: '${ LARGE }'}}",
      "set: {a: 1}\n      export: {as: {a: '${ LARGE }', b: '${ LARGE }'}}",
      "call: test.call\n      with: {a: '${ LARGE }', b: '${ LARGE }'}",
      "for: {in: '[range(1000)]'}\n      do: [{x: {set: {a: 1}}}]",
      "emit: {event: {with: {source: 'https://a', type: a.b, data: {a: '${ LARGE }', b: '${ LARGE "
      "}'}}}}",
      "run: {workflow: {namespace: o, name: t, version: '1.0.0', input: {a: '${ LARGE }', b: '${ "
      "LARGE }'}}}",
      "fork: {branches: [{l: {set: {a: '${ LARGE }'}}}, {r: {set: {a: '${ LARGE }'}}}]}",
      "raise: {error: {type: 'https://a/b', status: 500, title: '${ (LARGE | tostring) + (LARGE | "
      "tostring) }'}}",
  }));
  auto text = "do:\n  - big:\n      " + task + "\n";
  for (auto at = text.find("LARGE"); at != std::string::npos; at = text.find("LARGE"))
    text.replace(at, 5, large);
  CAPTURE(text);
  Runner run(text);
  run.limits().max_payload_bytes = 3'000;
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  CHECK(run.error()["type"] == standard_type(ErrorKind::runtime));
  CHECK(run.error()["instance"] == "/do/0/big");
  CHECK_THAT(detail_of(run), Catch::Contains("3000 bytes (limits.maxPayloadBytes)"));
  CHECK(run.calls.empty());
}

TEST_CASE("a try may catch a value that is too large") {
  Runner run(R"yaml(
do:
  - guarded:
      try: [{big: {set: {a: '${ [range(1000)] }'}}}]
      catch: {do: [{small: {set: {a: 1}}}]}
)yaml");
  run.limits().max_payload_bytes = 3'000;
  run.start();
  CHECK(run.output() == Json{{"a", 1}});
}

TEST_CASE("a context that grows with each task meets the limit") {
  Runner run(R"yaml(
do:
  - grow:
      set: {x: 1}
      export: {as: '${ {seen: (($context.seen // []) + [range(100)])} }'}
      then: again
  - again: {set: {x: 1}, then: grow}
)yaml");
  run.limits().max_payload_bytes = 10'000;
  run.start();
  CHECK(run.state().status == Status::faulted);
  CHECK_THAT(detail_of(run), Catch::Contains("maxPayloadBytes"));
  CHECK(size_of(*run.state().context) <= 10'000);
}

TEST_CASE("a task that listens without end keeps no more than one payload of events") {
  const auto listen = GENERATE(values<std::string>(
      {"listen: {to: {any: [], until: 'false'}}",
       "listen: {to: {any: [], until: 'false'}}\n      foreach: {do: [{x: {call: test.call}}]}"}));
  Runner run("do:\n  - hear:\n      " + listen + "\n");
  run.answer_calls = false;
  run.limits().max_payload_bytes = 3'000;
  run.start();
  int events = 0;
  for (; run.state().status == Status::running && events < 1'000; ++events)
    run.publish({{"type", "x"}, {"data", std::string(100, 'x')}});
  CHECK(events > 20);
  CHECK(events < 40);
  CHECK(run.state().status == Status::faulted);
  CHECK_THAT(detail_of(run), Catch::Contains("list of consumed events"));
}

TEST_CASE("what an iteration puts out counts instead of what came in") {
  Runner run(R"yaml(
do:
  - hear:
      listen: {to: {any: [], until: '(. | length) == 100'}}
      foreach:
        do: [{x: {set: {y: 1}}}]
        output: {as: .y}
)yaml");
  run.limits().max_payload_bytes = 3'000;
  run.start();
  for (int i = 0; i < 100; ++i) run.publish({{"type", "x"}, {"data", std::string(100, 'x')}});
  CHECK(run.state().status == Status::completed);
}

TEST_CASE("events that nobody takes fault a run at their limit and are not kept beyond it") {
  Runner run(R"yaml(
do:
  - pause: {wait: PT1H}
  - hear: {listen: {to: {one: {with: {type: x}}}}}
)yaml");
  run.start();
  SECTION("by number") {
    run.limits().max_held_events = 10;
  }
  SECTION("by size") {
    run.limits().max_held_bytes = 2'200;
  }
  SECTION("while suspended") {
    run.limits().max_held_events = 10;
    REQUIRE(run.feed(SuspendAsked{}));
  }
  for (int i = 0; i < 30; ++i) run.publish({{"type", "x"}, {"data", std::string(150, 'x')}});
  CHECK(run.state().status == Status::faulted);
  CHECK_THAT(detail_of(run), Catch::Contains("replay them"));
  CHECK(run.state().held_events.size() >= 10);
  CHECK(run.state().held_events.size() <= 11);
  CHECK(run.state().held_bytes <= 2'200);
  // They are the run's again once it is mended.
  REQUIRE(run.feed(RetryAsked{}));
  run.run_timers();
  CHECK(run.state().status == Status::completed);
}

TEST_CASE("an operator's value past the limit is refused") {
  Runner run("do:\n  - pay: {call: test.once}\n");
  run.answer = [](const Call&) -> Answer { return std::unexpected(permanent()); };
  run.limits().max_payload_bytes = 3'000;
  run.start();
  const auto big = make_value(std::string(4'000, 'x'));
  CHECK(run.feed(RetryAsked{.input = big}).error().code == ErrorCode::too_large);
  CHECK(run.feed(SkipAsked{.output = big}).error().code == ErrorCode::too_large);
}

}  // namespace sequent::machine::testing
