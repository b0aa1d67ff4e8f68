#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {

TEST_CASE("listen to one event by type and correlation") {
  Runner run(R"yaml(
do:
  - remember: {set: {id: re_1}}
  - settled:
      listen:
        to:
          one:
            with: {type: refund.updated}
            correlate: {refund: {from: .data.object.id, expect: '${ .id }'}}
)yaml");
  run.start();
  CHECK(run.view().waiting_for.kind == "event");
  const auto open = subscriptions(run.program(), run.state());
  REQUIRE(open.size() == 1);
  CHECK(open[0].type == "refund.updated");
  CHECK(open[0].correlation_hash == correlation_hash({{"refund", "re_1"}}));
  run.publish({{"type", "refund.updated"}, {"data", {{"object", {{"id", "re_2"}}}}}});
  run.publish({{"type", "other"}, {"data", {{"object", {{"id", "re_1"}}}}}});
  CHECK(run.state().status == Status::running);
  run.publish({{"type", "refund.updated"}, {"data", {{"object", {{"id", "re_1"}}}}}});
  CHECK(run.output() == Json::array({{{"object", {{"id", "re_1"}}}}}));
  CHECK(subscriptions(run.program(), run.state()).empty());
}

TEST_CASE("listen to all waits for each filter, correlated by the first") {
  Runner run(R"yaml(
do:
  - both:
      listen:
        to:
          all:
            - {with: {type: a}, correlate: {room: {from: .data.room}}}
            - {with: {type: b}, correlate: {room: {from: .data.room}}}
)yaml");
  run.start();
  run.publish({{"type", "a"}, {"data", {{"room", 1}}}});
  run.publish({{"type", "b"}, {"data", {{"room", 2}}}});
  run.publish({{"type", "a"}, {"data", {{"room", 1}}}});
  CHECK(run.state().status == Status::running);
  run.publish({{"type", "b"}, {"data", {{"room", 1}}}});
  CHECK(run.output() == Json::array({{{"room", 1}}, {{"room", 1}}}));
}

TEST_CASE("listen to any until a condition, or until an event") {
  SECTION("condition") {
    Runner run("do:\n  - some: {listen: {to: {any: [], until: '( . | length ) > 2'}}}\n");
    run.start();
    for (int i = 0; i < 2; ++i) run.publish({{"type", "x"}, {"data", i}});
    CHECK(run.state().status == Status::running);
    run.publish({{"type", "y"}, {"data", 2}});
    CHECK(run.output() == Json::array({0, 1, 2}));
  }
  SECTION("event") {
    Runner run(R"yaml(
do:
  - some:
      listen:
        to:
          any: [{with: {type: hot, data: '${ .t > 38 }'}}]
          until: {one: {with: {type: stop}}}
)yaml");
    run.start();
    run.publish({{"type", "hot"}, {"data", {{"t", 39}}}});
    run.publish({{"type", "hot"}, {"data", {{"t", 37}}}});
    run.publish({{"type", "stop"}, {"data", nullptr}});
    CHECK(run.output() == Json::array({{{"t", 39}}}));
  }
  SECTION("neither: the first event ends it") {
    Runner run(
        "do:\n  - some: {listen: {to: {any: [{with: {type: a}}, {with: {type: b}}]}, read: "
        "envelope}}\n");
    run.start();
    run.publish({{"type", "b"}, {"id", "7"}});
    CHECK(run.output()[0]["id"] == "7");
  }
}

TEST_CASE("foreach works the events off one after the other") {
  Runner run(R"yaml(
do:
  - each:
      listen: {to: {any: [], until: '(. | length) == 2'}}
      foreach:
        item: e
        at: i
        do:
          - pay: {call: test.call, with: {n: '${ $e.n }', at: '${ $i }'}}
        output: {as: .n * 10}
)yaml");
  run.answer_calls = false;
  run.start();
  run.publish({{"type", "x"}, {"data", {{"n", 1}}}});
  run.publish({{"type", "x"}, {"data", {{"n", 2}}}});
  CHECK(run.calls.size() == 1);
  run.answer = [](const Call& call) { return call.arguments; };
  run.answer_open();
  CHECK(run.calls.size() == 2);
  CHECK(run.calls[1].arguments == Json{{"n", 2}, {"at", 1}});
  CHECK(run.calls[0].key != run.calls[1].key);
  run.answer_open();
  CHECK(run.output() == Json::array({10, 20}));
}

TEST_CASE("a listening task's time-out ends the listening") {
  Runner run(R"yaml(
do:
  - guarded:
      try:
        - wait: {listen: {to: {one: {with: {type: paid}}}}, timeout: {after: PT24H}}
      catch: {errors: {with: {status: 408}}, do: [{no: {set: {expired: true}}}]}
)yaml");
  run.start();
  run.run_timers(86'400'000);
  CHECK(run.output() == Json{{"expired", true}});
}

TEST_CASE("an event that comes between two listening tasks is kept for the second") {
  Runner run(R"yaml(
do:
  - first: {listen: {to: {one: {with: {type: x}}}}}
  - pause: {call: test.call}
  - second: {listen: {to: {one: {with: {type: x}}}}}
)yaml");
  run.answer_calls = false;
  run.start();
  run.publish({{"type", "x"}, {"data", 1}});
  run.publish({{"type", "x"}, {"data", 2}});
  CHECK(run.state().held_events.size() == 1);
  run.answer_open();
  CHECK(run.output() == Json::array({2}));
}

}  // namespace sequent::machine::testing
