#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {

TEST_CASE("a suspended run keeps events and fires a due timer once when it resumes") {
  Runner run(R"yaml(
do:
  - both:
      fork:
        branches:
          - timer: {wait: PT10S, output: {as: '"rang"'}}
          - event: {listen: {to: {one: {with: {type: paid}}}}}
)yaml");
  run.start();
  REQUIRE(run.feed(SuspendAsked{.reason = "audit", .by = "ops"}));
  CHECK(wake_at(run.state()) == INT64_MAX);
  run.now += 60'000;
  run.publish({{"type", "paid"}, {"data", 1}});
  CHECK(run.state().status == Status::suspended);
  REQUIRE(run.feed(ResumeAsked{.reason = "done", .by = "ops"}));
  CHECK(run.output() == Json::array({"rang", Json::array({1})}));
}

TEST_CASE("an answer that comes while suspended is kept, and used on resume") {
  Runner run(
      "do:\n  - pay: {call: test.call, with: {n: 1}}\n  - next: {call: test.call, with: {n: 2}}\n");
  run.answer_calls = false;
  run.start();
  REQUIRE(run.feed(SuspendAsked{}));
  REQUIRE(run.feed(ActivityReturned{.frame = 2, .attempt = 1, .output = make_value(1)}));
  CHECK(run.calls.size() == 1);
  REQUIRE(run.feed(ResumeAsked{}));
  CHECK(run.calls.size() == 2);
}

TEST_CASE("a faulted task retries with its key, or with an edited input and a new one") {
  Runner run("do:\n  - pay: {call: test.call, with: {amount: '${ .amount }'}}\n");
  run.answer = [](const Call& call) -> Answer {
    if (call.arguments["amount"] == 0) return std::unexpected(permanent(400));
    return call.arguments;
  };
  run.start({{"amount", 0}});
  REQUIRE(run.state().status == Status::faulted);
  REQUIRE(run.feed(RetryAsked{.reason = "same again"}));
  CHECK(run.calls[1].key == run.calls[0].key);
  REQUIRE(run.feed(RetryAsked{.input = make_value({{"amount", 7}}), .reason = "typo"}));
  CHECK(run.state().status == Status::completed);
  CHECK(run.calls[2].key != run.calls[0].key);
  CHECK(run.output() == Json{{"amount", 7}});
}

TEST_CASE("the record of an edit says what it changed, and those of before have nothing of it") {
  const auto edited = [](const Json& before, const Json& after) {
    Runner run("do:\n  - pay: {call: test.call}\n");
    run.answer = [](const Call&) -> Answer { return std::unexpected(permanent(400)); };
    run.start(before);
    REQUIRE(run.feed(RetryAsked{.input = after == nullptr ? nullptr : make_value(after)}));
    Value diff;
    for (const auto& record : run.journal)
      if (const auto* retried = std::get_if<TaskRetried>(&record.body)) diff = retried->diff;
    return diff;
  };
  CHECK(*edited({{"amount", 0}, {"card", "c"}}, {{"amount", 7}}) ==
        Json::array({{{"op", "replace"}, {"path", "/amount"}, {"value", 7}, {"was", 0}},
                     {{"op", "remove"}, {"path", "/card"}, {"was", "c"}}}));
  CHECK(edited({{"amount", 0}}, nullptr) == nullptr);
  CHECK(edited(Json::array({std::string(2'000, 'a')}), {{"amount", 7}}) == nullptr);  // says more

  const auto old = decode(R"([{"seq":4,"at":9,"kind":"TaskRetried","frame":2,"input":{"a":1}}])");
  REQUIRE(old);
  CHECK(std::get<TaskRetried>(old->front().body).diff == nullptr);
  CHECK(encode(*old).find("diff") == std::string::npos);
}

TEST_CASE("a task that stands still can be skipped with an output") {
  Runner run("do:\n  - pay: {call: test.once}\n  - after: {set: {got: '${ . }'}}\n");
  run.answer = [](const Call&) -> Answer { return std::unexpected(permanent()); };
  run.start();
  REQUIRE(run.feed(SkipAsked{.output = make_value("by hand"), .reason = "paid by wire"}));
  CHECK(run.output() == Json{{"got", "by hand"}});
}

TEST_CASE("rewinding goes back to a task with the data of then and the same keys") {
  Runner run(R"yaml(
do:
  - first: {call: test.call, with: {n: '${ .n }'}}
  - second: {call: test.once}
)yaml");
  auto broken = true;
  run.answer = [&](const Call& call) -> Answer {
    if (call.activity == "test.once" && broken) return std::unexpected(permanent());
    return call.arguments;
  };
  run.start({{"n", 1}});
  REQUIRE(run.state().status == Status::faulted);
  broken = false;
  REQUIRE(run.feed(RewindAsked{.frame = 1,
                               .node = run.program().find("first"),
                               .data = make_value({{"n", 1}}),
                               .reason = "again"}));
  CHECK(run.state().status == Status::completed);
  REQUIRE(run.calls.size() == 4);
  CHECK(run.calls[2].key == run.calls[0].key);
}

TEST_CASE("actions that do not fit are refused and change nothing") {
  Runner run("do:\n  - done: {set: {x: 1}}\n");
  run.start();
  const auto before = run.journal.size();
  CHECK(run.feed(SuspendAsked{}).error().code == ErrorCode::wrong_state);
  CHECK(run.feed(ResumeAsked{}).error().code == ErrorCode::wrong_state);
  CHECK(run.feed(CancelAsked{}).error().code == ErrorCode::wrong_state);
  CHECK(run.feed(RetryAsked{}).error().code == ErrorCode::wrong_state);
  CHECK(run.feed(SkipAsked{.output = null_value()}).error().code == ErrorCode::wrong_state);
  CHECK(run.journal.size() == before);
}

TEST_CASE("a cancelled run wants nothing any more") {
  Runner run("do:\n  - pay: {call: test.call}\n");
  run.answer_calls = false;
  run.start();
  REQUIRE(run.feed(CancelAsked{.reason = "customer left", .by = "ops"}));
  CHECK(run.state().status == Status::cancelled);
  CHECK(commands(run.program(), run.state()).empty());
  CHECK(wake_at(run.state()) == INT64_MAX);
  REQUIRE(run.feed(ActivityReturned{.frame = 2, .attempt = 1, .output = make_value(1)}));
  CHECK(run.state().status == Status::cancelled);
}

TEST_CASE("a request that was out when the run stood still is unsettled when it goes out again") {
  SECTION("suspended and resumed") {
    Runner run("do:\n  - pay: {call: test.call}\n");
    run.answer_calls = false;
    run.start();
    REQUIRE(run.feed(SuspendAsked{}));
    REQUIRE(run.feed(ResumeAsked{}));
    const auto open = commands(run.program(), run.state());
    REQUIRE(open.size() == 1);
    CHECK(std::get<DispatchActivity>(open[0]).unsettled);
  }
  SECTION("timed out and retried") {
    Runner run(
        "do:\n  - pay: {call: test.call, with: {at: '${ now }'}, timeout: {after: PT10S}}\n");
    run.answer_calls = false;
    run.start();
    run.advance(10'000);
    REQUIRE(run.state().status == Status::faulted);
    REQUIRE(run.feed(RetryAsked{}));
    REQUIRE(run.calls.size() == 2);
    CHECK(run.calls[1].unsettled);
    CHECK(run.calls[1].arguments == run.calls[0].arguments);
  }
  SECTION("a permanent failure proves nothing about an earlier send") {
    Runner run("do:\n  - pay: {call: test.call, with: {at: '${ now }'}}\n");
    run.answer = [](const Call& call) -> Answer {
      return std::unexpected(call.attempt == 1 ? unknown() : permanent(401));
    };
    run.start();
    run.run_timers();
    REQUIRE(run.state().status == Status::faulted);
    run.answer = [](const Call& call) { return call.arguments; };
    run.now += 5'000;
    REQUIRE(run.feed(RetryAsked{}));
    CHECK(run.calls.back().unsettled);
    CHECK(run.calls.back().arguments == run.calls.front().arguments);
  }
}

TEST_CASE("a call that succeeded sends the same bytes when its try starts over") {
  Runner run(R"yaml(
do:
  - guarded:
      try:
        - first: {call: test.call, with: {at: '${ now }'}}
        - second: {call: test.once}
      catch: {retry: {delay: PT5S, limit: {attempt: {count: 1}}}}
)yaml");
  run.answer = [&](const Call& call) -> Answer {
    if (call.activity == "test.once" && run.calls.size() < 3) return std::unexpected(permanent());
    return call.arguments;
  };
  run.start();
  run.run_timers();
  CHECK(run.state().status == Status::completed);
  REQUIRE(run.calls.size() == 4);
  CHECK(run.calls[2].key == run.calls[0].key);
  CHECK(run.calls[2].arguments == run.calls[0].arguments);
}

TEST_CASE("standing still does not count towards a limit") {
  Runner run("timeout: {after: PT1H}\ndo:\n  - pay: {call: test.once}\n  - rest: {wait: PT30M}\n");
  auto broken = true;
  run.answer = [&](const Call& call) -> Answer {
    if (broken) return std::unexpected(permanent());
    return call.arguments;
  };
  run.start();
  run.now += 5 * 3'600'000;
  broken = false;
  REQUIRE(run.feed(RetryAsked{}));
  run.run_timers();
  CHECK(run.state().status == Status::completed);
}

TEST_CASE("a faulted run is mended where it faulted, and a branch is not rewound by itself") {
  Runner run(R"yaml(
do:
  - both:
      fork:
        branches:
          - bad: {call: test.once}
          - slow: {wait: PT1H}
)yaml");
  run.answer = [](const Call&) -> Answer { return std::unexpected(permanent()); };
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  const auto slow = run.frame_at("slow");
  REQUIRE(slow != 0);
  CHECK(run.feed(SkipAsked{.frame = slow, .output = null_value()}).error().code ==
        ErrorCode::wrong_state);
  CHECK(run.feed(RewindAsked{.frame = run.frame_at("both"), .node = run.program().find("slow")})
            .error()
            .code == ErrorCode::wrong_state);
}

}  // namespace sequent::machine::testing
