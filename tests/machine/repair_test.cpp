// Repairs at the edges: open outcomes, ends that failed, rewinding into and out of handlers.
#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {

TEST_CASE("an edited retry waits until it is known what became of the first request") {
  const auto* const one = "do:\n  - pay: {call: test.call, with: {amount: '${ .amount }'}}\n";
  const auto edited = RetryAsked{.input = make_value({{"amount", 7}}), .reason = "typo"};
  SECTION("parked with an unknown outcome: refused, and the plain retry goes on") {
    Runner run(one);
    run.answer = [](const Call&) -> Answer { return std::unexpected(unknown()); };
    run.start({{"amount", 5}});
    run.run_timers();
    REQUIRE(run.view().waiting_for.kind == "parked");
    const auto refused = run.feed(edited);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::wrong_state);
    CHECK_THAT(refused.error().detail, Catch::Contains("may have had its effect"));
    run.answer = [](const Call& call) { return call.arguments; };
    REQUIRE(run.feed(RetryAsked{}));
    CHECK(run.output() == Json{{"amount", 5}});
  }
  SECTION("parked by refusals alone: nothing is open, so it may be edited") {
    Runner run(one);
    run.answer = [](const Call& call) -> Answer {
      if (call.arguments["amount"] == 5) return std::unexpected(transient());
      return call.arguments;
    };
    run.start({{"amount", 5}});
    run.run_timers();
    REQUIRE(run.feed(edited));
    CHECK(run.output() == Json{{"amount", 7}});
  }
  SECTION("a block around an open call is edited no more than the call itself") {
    Runner run("do:\n  - block: {do: [{pay: {call: test.call}}], timeout: {after: PT10S}}\n");
    run.answer_calls = false;
    run.start({{"amount", 5}});
    run.advance(10'000);
    REQUIRE(run.state().status == Status::faulted);
    CHECK(run.feed(edited).error().code == ErrorCode::wrong_state);
    REQUIRE(run.feed(RetryAsked{}));
  }
}

TEST_CASE("a nested `then: end` whose output fails ends, and goes nowhere else, when retried") {
  Runner run(R"yaml(
output: {as: '${ if $context.ready then . else error("not ready") end }'}
do:
  - block:
      do:
        - stop: {switch: [{now: {when: .stop, then: end}}]}
        - inner: {call: test.call, with: {never: true}}
  - after: {call: test.call, with: {never: true}}
)yaml");
  run.start({{"stop", true}});
  REQUIRE(run.state().status == Status::faulted);
  REQUIRE(run.feed(RetryAsked{}));
  CHECK(run.state().status == Status::faulted);  // for the same reason
  CHECK_THAT(run.error()["detail"].get<std::string>(), Catch::Contains("not ready"));
  CHECK(run.calls.empty());
  CHECK(run.started() == std::vector<std::string>{"block", "stop"});
  // Rewinding takes the end back.
  REQUIRE(run.feed(RewindAsked{.frame = 1,
                               .node = run.program().find("block"),
                               .data = make_value({{"stop", true}}),
                               .context = make_value({{"ready", true}})}));
  CHECK(run.output() == Json{{"stop", true}});
  CHECK(run.calls.empty());
}

TEST_CASE("an output that fails at the end is made anew by a retry") {
  Runner run(R"yaml(
output: {as: '${ if now > 1700000060 then . else error("too early") end }'}
do:
  - block: {do: [{stop: {set: {done: true}, then: end}}]}
  - after: {call: test.call}
)yaml");
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  run.now += 120'000;
  REQUIRE(run.feed(RetryAsked{}));
  CHECK(run.output() == Json{{"done", true}});
  CHECK(run.calls.empty());
}

namespace {

constexpr auto guarded = R"yaml(
do:
  - guarded:
      try:
        - first: {call: test.call, with: {n: 1}}
        - pay: {call: test.once}
      catch:
        as: problem
        do:
          - note: {set: {why: '${ $problem.status }'}}
          - undo: {call: test.once, with: {why: '${ .why }'}}
)yaml";

FrameId try_frame(const Runner& run) {
  return run.frame_at("guarded");
}

}  // namespace

TEST_CASE("a handler is rewound within itself and still knows what it caught") {
  Runner run(guarded);
  run.answer = [](const Call& call) -> Answer {
    if (call.activity == "test.once") return std::unexpected(permanent(402));
    return call.arguments;
  };
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  REQUIRE(run.error()["instance"] == "/do/0/guarded/catch/do/1/undo");
  run.answer = [](const Call& call) { return call.arguments; };
  REQUIRE(run.feed(RewindAsked{.frame = try_frame(run),
                               .node = run.program().find("note"),
                               .data = make_value(Json::object())}));
  CHECK(run.output() == Json{{"why", 402}});
  CHECK(run.calls.back().pointer == "/do/0/guarded/catch/do/1/undo");
}

TEST_CASE("a try is rewound out of its handler and catches again") {
  Runner run(guarded);
  auto status = 402;
  run.answer = [&](const Call& call) -> Answer {
    if (call.activity == "test.once" && status != 0) return std::unexpected(permanent(status));
    return call.arguments;
  };
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  const auto key = run.calls.at(1).key;
  const auto rewind = [&] {
    return run.feed(RewindAsked{.frame = try_frame(run),
                                .node = run.program().find("pay"),
                                .data = make_value(Json{{"n", 1}})});
  };
  SECTION("and goes on when it succeeds") {
    status = 0;
    REQUIRE(rewind());
    CHECK(run.state().status == Status::completed);
    CHECK(run.calls.back().pointer == "/do/0/guarded/try/1/pay");
    CHECK(run.calls.back().key == key);
  }
  SECTION("and its handler runs when it fails again") {
    status = 403;
    REQUIRE(rewind());
    REQUIRE(run.state().status == Status::faulted);
    CHECK(run.error()["instance"] == "/do/0/guarded/catch/do/1/undo");
    CHECK(run.calls.back().arguments == Json{{"why", 403}});
  }
}

TEST_CASE("a rewound loop keeps its iteration, and a rewound block its context") {
  Runner run(R"yaml(
do:
  - loop:
      for: {in: '[10, 20]'}
      do:
        - put: {set: {item: '${ $item }'}, export: {as: '{last: .item}'}}
        - pay: {call: test.once, with: {item: '${ .item }', last: '${ $context.last }'}}
)yaml");
  run.answer = [](const Call& call) -> Answer {
    if (call.arguments["item"] == 20) return std::unexpected(permanent());
    return call.arguments;
  };
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  run.answer = [](const Call& call) { return call.arguments; };
  REQUIRE(run.feed(RewindAsked{.frame = run.frame_at("loop"),
                               .node = run.program().find("put"),
                               .data = make_value(Json::object()),
                               .context = make_value({{"last", 10}})}));
  CHECK(run.output() == Json{{"item", 20}, {"last", 20}});
}

TEST_CASE("a rewind that names no block under way is refused") {
  Runner run(guarded);
  run.answer = [](const Call&) -> Answer { return std::unexpected(permanent()); };
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  const auto before = run.journal.size();
  const auto data = make_value(Json::object());
  CHECK(run.feed(RewindAsked{.frame = 99, .node = run.program().find("pay"), .data = data})
            .error()
            .code == ErrorCode::wrong_state);
  CHECK(run.feed(RewindAsked{.frame = 1, .node = run.program().find("pay"), .data = data})
            .error()
            .code == ErrorCode::wrong_state);
  CHECK(run.journal.size() == before);
}

}  // namespace sequent::machine::testing
