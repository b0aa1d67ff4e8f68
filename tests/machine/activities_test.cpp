#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {

namespace {
constexpr auto one_call = R"yaml(
do:
  - pay: {call: test.call, with: {amount: '${ .amount }'}}
)yaml";
}

TEST_CASE("an activity's answer is the task's output") {
  Runner run(one_call);
  run.answer = [](const Call&) { return Json{{"id", "ch_1"}}; };
  run.start({{"amount", 5}});
  CHECK(run.output() == Json{{"id", "ch_1"}});
  REQUIRE(run.calls.size() == 1);
  CHECK(run.calls[0].arguments == Json{{"amount", 5}});
  CHECK(run.kinds() == std::vector<std::string>{"InstanceStarted", "BlockEntered", "TaskStarted",
                                                "ActivityScheduled", "TaskReturned",
                                                "TaskCompleted", "InstanceCompleted"});
}

TEST_CASE("a passing failure is tried again with the same key and the same bytes") {
  Runner run(one_call);
  run.answer = [](const Call& call) -> Answer {
    if (call.attempt < 3) return std::unexpected(call.attempt == 1 ? unknown() : transient());
    return Json{{"ok", true}};
  };
  run.start({{"amount", 5}});
  CHECK(run.view().status == Status::waiting);
  run.run_timers();
  CHECK(run.output() == Json{{"ok", true}});
  REQUIRE(run.calls.size() == 3);
  CHECK(run.calls[2].key == run.calls[0].key);
  CHECK_FALSE(run.calls[0].unsettled);
  CHECK(run.calls[1].unsettled);
  CHECK(run.calls[2].unsettled);
}

TEST_CASE("retries that are used up park the run, and an operator lets it go on") {
  Runner run(one_call);
  auto down = true;
  run.answer = [&](const Call& call) -> Answer {
    if (down) return std::unexpected(transient());
    return call.arguments;
  };
  run.start({{"amount", 5}});
  run.run_timers();
  CHECK(run.view().status == Status::waiting);
  CHECK(run.view().waiting_for.kind == "parked");
  CHECK(run.view().waiting_for.reason == "retries_exhausted");
  CHECK(wake_at(run.state()) == INT64_MAX);
  down = false;
  REQUIRE(run.feed(RetryAsked{.reason = "provider is back", .by = "ops"}));
  CHECK(run.output() == Json{{"amount", 5}});
  CHECK(run.calls.back().key == run.calls.front().key);
}

TEST_CASE("a permanent failure faults at once with the task's pointer") {
  Runner run(one_call);
  run.answer = [](const Call&) -> Answer { return std::unexpected(permanent(402)); };
  run.start({{"amount", 5}});
  CHECK(run.state().status == Status::faulted);
  CHECK(run.error()["status"] == 402);
  CHECK(run.error()["instance"] == "/do/0/pay");
  CHECK(run.calls.size() == 1);
}

TEST_CASE("an answer to an older attempt changes nothing") {
  Runner run(one_call);
  run.answer = [](const Call&) -> Answer { return std::unexpected(transient()); };
  run.start({{"amount", 5}});
  const auto before = run.journal.size();
  REQUIRE(run.feed(ActivityReturned{.frame = 2, .attempt = 1, .output = make_value(1)}));
  CHECK(run.journal.size() == before);
}

TEST_CASE("each iteration and each visit has its own key; a retried try has not") {
  SECTION("for") {
    Runner run(R"yaml(
do:
  - loop: {for: {in: '[1,2]'}, do: [{pay: {call: test.call}}]}
)yaml");
    run.start();
    REQUIRE(run.calls.size() == 2);
    CHECK(run.calls[0].key != run.calls[1].key);
  }
  SECTION("then back") {
    Runner run(R"yaml(
do:
  - pay: {call: test.call, with: {n: '${ (.n // 0) + 1 }'}}
  - again: {switch: [{more: {when: .n < 3, then: pay}}, {enough: {then: end}}]}
)yaml");
    run.start();
    REQUIRE(run.calls.size() == 3);
    CHECK(run.calls[0].key != run.calls[1].key);
    CHECK(run.calls[1].key != run.calls[2].key);
  }
  SECTION("try") {
    Runner run(R"yaml(
do:
  - guarded:
      try: [{pay: {call: test.call, with: {at: '${ now }'}}}]
      catch: {retry: {delay: PT1S, limit: {attempt: {count: 2}}}}
)yaml");
    run.answer = [&](const Call&) -> Answer {
      if (run.calls.size() < 3) return std::unexpected(unknown());
      return Json(1);
    };
    run.start();
    run.run_timers();
    REQUIRE(run.calls.size() == 3);
    CHECK(run.calls[0].key == run.calls[2].key);
    CHECK(run.calls[0].arguments == run.calls[2].arguments);  // frozen while unsettled
    CHECK(run.calls[2].unsettled);
  }
}

TEST_CASE("a handler comes after the activity's own retries, and never while the outcome is open") {
  Runner run(R"yaml(
do:
  - guarded:
      try: [{pay: {call: test.call}}]
      catch:
        errors: {with: {type: 'https://serverlessworkflow.io/dsl/errors/types/communication'}}
        as: e
        do: [{note: {set: {caught: '${ $e.status }'}}}]
)yaml");
  SECTION("transient: three tries, then the handler") {
    run.answer = [](const Call&) -> Answer { return std::unexpected(transient(503)); };
    run.start();
    run.run_timers();
    CHECK(run.output() == Json{{"caught", 503}});
    CHECK(run.calls.size() == 3);
  }
  SECTION("unknown at first: parked") {
    run.answer = [](const Call& call) -> Answer {
      return std::unexpected(call.attempt == 1 ? unknown() : transient(409));
    };
    run.start();
    run.run_timers();
    CHECK(run.view().waiting_for.kind == "parked");
    CHECK(run.calls.size() == 3);
  }
  SECTION("unknown at first, and idempotent: nothing is open, so the handler") {
    Runner reading(R"yaml(
do:
  - guarded:
      try: [{look: {call: test.read}}]
      catch:
        as: e
        do: [{note: {set: {caught: '${ $e.status }'}}}]
)yaml");
    reading.answer = [](const Call& call) -> Answer {
      return std::unexpected(call.attempt == 1 ? unknown() : transient(503));
    };
    reading.start();
    reading.run_timers();
    CHECK(reading.output() == Json{{"caught", 503}});
    CHECK(reading.calls.size() == 3);
  }
  SECTION("permanent: the handler at once") {
    run.answer = [](const Call&) -> Answer { return std::unexpected(permanent(402)); };
    run.start();
    CHECK(run.output() == Json{{"caught", 402}});
    CHECK(run.calls.size() == 1);
  }
}

TEST_CASE("retry policies count, grow and end in the handler or outwards") {
  const auto with_policy = [](const std::string& policy, const std::string& handler) {
    return "do:\n  - guarded:\n      try: [{pay: {call: test.once}}]\n      catch:\n        "
           "retry: " +
           policy + "\n" + handler;
  };
  const auto times = [](Runner& run) {
    std::vector<DurationMs> gaps;
    Timestamp failed = 0;
    for (const auto& record : run.journal) {
      if (const auto* caught = std::get_if<ErrorCaught>(&record.body); caught && caught->retry_at)
        gaps.push_back(caught->retry_at - record.at);
    }
    (void)failed;
    return gaps;
  };
  using Gaps = std::vector<DurationMs>;
  const auto fails = [](const Call&) -> Answer { return std::unexpected(permanent(500)); };

  SECTION("constant") {
    Runner run(
        with_policy("{delay: PT2S, backoff: {constant: {}}, limit: {attempt: {count: 2}}}", ""));
    run.answer = fails;
    run.start();
    run.run_timers();
    CHECK(times(run) == Gaps{2000, 2000});
    CHECK(run.state().status == Status::faulted);
  }
  SECTION("linear") {
    Runner run(
        with_policy("{delay: PT2S, backoff: {linear: {}}, limit: {attempt: {count: 3}}}", ""));
    run.answer = fails;
    run.start();
    run.run_timers();
    CHECK(times(run) == Gaps{2000, 4000, 6000});
  }
  SECTION("exponential, ending in the handler") {
    Runner run(
        with_policy("{delay: PT2S, backoff: {exponential: {}}, limit: {attempt: {count: 3}}}",
                    "        do: [{note: {set: {gaveUp: true}}}]\n"));
    run.answer = fails;
    run.start();
    run.run_timers();
    CHECK(times(run) == Gaps{2000, 4000, 8000});
    CHECK(run.output() == Json{{"gaveUp", true}});
  }
  SECTION("by duration") {
    Runner run(with_policy("{delay: PT10S, limit: {duration: PT25S}}", ""));
    run.answer = fails;
    run.start();
    run.run_timers();
    CHECK(run.calls.size() == 4);
    CHECK(run.state().status == Status::faulted);
  }
  SECTION("jitter stays in its range") {
    Runner run(with_policy(
        "{delay: PT1S, jitter: {from: PT1S, to: PT3S}, limit: {attempt: {count: 5}}}", ""));
    run.answer = fails;
    run.start();
    run.run_timers();
    const auto gaps = times(run);
    REQUIRE(gaps.size() == 5);
    for (const auto gap : gaps) CHECK((gap >= 2000 && gap <= 4000));
  }
  SECTION("when and exceptWhen") {
    Runner run(
        with_policy("{when: $error.status == 503, delay: PT1S, limit: {attempt: {count: 5}}}", ""));
    run.answer = fails;
    run.start();
    run.run_timers();
    CHECK(run.calls.size() == 1);
    CHECK(run.state().status == Status::faulted);
  }
}

TEST_CASE("a task's time-out raises an error that try can catch") {
  Runner run(R"yaml(
do:
  - guarded:
      try:
        - pay: {call: test.call, timeout: {after: PT30S}}
      catch:
        errors: {with: {status: 408}}
        do: [{late: {set: {late: true}}}]
)yaml");
  run.answer_calls = false;
  run.start();
  run.advance(30'000);
  CHECK(run.output() == Json{{"late", true}});
}

TEST_CASE("the workflow's time-out faults the run; a retry gives it the time anew") {
  Runner run(R"yaml(
timeout: {after: PT1M}
do:
  - pay: {call: test.call}
)yaml");
  run.answer_calls = false;
  run.start();
  run.advance(60'000);
  CHECK(run.state().status == Status::faulted);
  CHECK(run.error()["status"] == 408);
  REQUIRE(run.feed(RetryAsked{.reason = "again"}));
  CHECK(run.state().status == Status::running);
  CHECK(wake_at(run.state()) == 0);
  run.answer_open();
  CHECK(run.state().status == Status::completed);
}

TEST_CASE("a key that the provider spent on a failure is replaced, and only then") {
  Runner run(one_call);
  run.answer = [](const Call& call) -> Answer {
    if (call.attempt > 1) return Json(call.key);
    auto failure = unknown();
    failure.key_spent = true;
    return std::unexpected(failure);
  };
  run.start({{"amount", 1}});
  run.run_timers();
  CHECK(run.output() == run.calls[0].key + "_r1");
}

TEST_CASE("an argument that nothing was found for is not given, unless null says something there") {
  Runner run(R"yaml(
do:
  - pay:
      call: test.shaped
      with: {amount: '${ .amount }', note: '${ .note }', kind: '${ .kind }', until: '${ .until }', anything: '${ .anything }', more: '${ .more }'}
)yaml");
  SECTION("what may be left out is") {
    run.start({{"amount", 5}});
    CHECK(run.output() ==
          Json{{"amount", 5}, {"until", nullptr}, {"anything", nullptr}, {"more", nullptr}});
  }
  SECTION("what is there stays") {
    const Json given{{"amount", 5},     {"note", ""},        {"kind", "new"},
                     {"until", "noon"}, {"anything", false}, {"more", 0}};
    run.start(given);
    CHECK(run.output() == given);
  }
  SECTION("a required argument stays, so that the error names it") {
    run.start({{"note", "no amount"}});
    CHECK(run.state().status == Status::faulted);
    CHECK(run.calls.empty());
    CHECK(dump_json(run.error()).find("/amount") != std::string::npos);
  }
}

}  // namespace sequent::machine::testing
