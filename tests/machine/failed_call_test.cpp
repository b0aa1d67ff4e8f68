// Which call a faulted run names: from its state alone, whichever way that was folded.
#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {
namespace {

std::optional<FailedCall> failed_call(const Runner& run) {
  REQUIRE(run.state().status == Status::faulted);
  const auto restored = decode_state(encode_state(run.state()));
  REQUIRE(restored);
  const auto live = run.view().failed_call;
  const auto folded = view_of(run.program(), *restored).failed_call;
  REQUIRE(folded.has_value() == live.has_value());
  if (live) CHECK(folded->circuit == live->circuit);
  return live;
}

// Begins it, and answers no call for a minute.
void leave_unanswered(Runner& run) {
  run.answer_calls = false;
  run.start();
  run.advance(60'000);
}

}  // namespace

TEST_CASE("a run that faulted because of a call names it until it goes on") {
  Runner run("do:\n  - pay: {call: test.call, with: {amount: '${ .amount }'}}\n");
  auto failure = permanent(402);
  run.answer = [&](const Call&) -> Answer { return std::unexpected(failure); };
  run.start({{"amount", 5}});
  const auto failed = failed_call(run);
  REQUIRE(failed);
  CHECK(failed->provider == "test");
  CHECK(failed->operation == "test.call");
  CHECK(failed->circuit == "test//write");
  CHECK(run.view().waiting_for.kind.empty());

  failure = transient();
  REQUIRE(run.feed(RetryAsked{.reason = "once more"}));
  CHECK_FALSE(run.view().failed_call);
  CHECK(run.view().waiting_for.provider == "test");
}

TEST_CASE("a call that a `try` does not take back is named all the same") {
  Runner run(R"yaml(
do:
  - guarded:
      try: [{pay: {call: test.call}}]
      catch: {errors: {with: {status: 409}}, do: [{never: {set: {a: 1}}}]}
)yaml");
  run.answer = [](const Call&) -> Answer { return std::unexpected(permanent(402)); };
  run.start();
  REQUIRE(failed_call(run));
}

TEST_CASE("a call that could not be made has no circuit") {
  Runner run("do:\n  - pay: {call: test.shaped, with: {amount: '${ .amount }'}}\n");
  run.start({{"amount", "much"}});
  const auto failed = failed_call(run);
  REQUIRE(failed);
  CHECK(run.calls.empty());
  CHECK(failed->operation == "test.shaped");
  CHECK(failed->circuit.empty());
}

TEST_CASE("a run that faulted over something else names no call") {
  SECTION("over what it made of a call's result") {
    Runner run("do:\n  - pay: {call: test.call, output: {as: '${ error(\"no\") }'}}\n");
    run.start();
    CHECK_FALSE(failed_call(run));
  }
  SECTION("over an error of its own, while a call of another branch is under way") {
    Runner run(R"yaml(
do:
  - both:
      fork:
        branches:
          - pay: {call: test.call}
          - stop: {raise: {error: {type: 'https://example.org/no', status: 400}}}
)yaml");
    leave_unanswered(run);
    CHECK_FALSE(failed_call(run));
  }
  SECTION("over its time-out, waiting for an event after a call") {
    Runner run(R"yaml(
timeout: {after: PT1M}
do:
  - pay: {call: test.call}
  - wait: {listen: {to: {one: {with: {type: paid}}}}}
)yaml");
    run.start();
    run.advance(60'000);
    CHECK_FALSE(failed_call(run));
  }
}

TEST_CASE("a time-out that waited for a call names the call") {
  const auto names_it = [](const char* yaml) {
    Runner run(yaml);
    run.answer = [](const Call&) -> Answer { return std::unexpected(transient()); };
    run.start();
    run.run_timers();  // its retries are used up: it is parked
    run.advance(3'600'000);
    const auto failed = failed_call(run);
    REQUIRE(failed);
    CHECK(failed->circuit == "test//write");
  };
  SECTION("its own") {
    names_it("do:\n  - pay: {call: test.call, timeout: {after: PT1H}}\n");
  }
  SECTION("the one of a block around it") {
    names_it("do:\n  - block: {do: [{pay: {call: test.call}}], timeout: {after: PT1H}}\n");
  }
  SECTION("the workflow's") {
    names_it("timeout: {after: PT1H}\ndo:\n  - block: {do: [{pay: {call: test.call}}]}\n");
  }
  SECTION("and not a call of another branch") {
    Runner run(R"yaml(
do:
  - both:
      fork:
        branches:
          - pay: {call: test.call}
          - waits: {do: [{event: {listen: {to: {one: {with: {type: paid}}}}}}], timeout: {after: PT1M}}
)yaml");
    leave_unanswered(run);
    CHECK_FALSE(failed_call(run));
  }
}

TEST_CASE("an answer that comes after the time-out changes nothing of what it waited for") {
  Runner run("do:\n  - block: {do: [{pay: {call: test.call}}], timeout: {after: PT1M}}\n");
  leave_unanswered(run);
  REQUIRE(failed_call(run));
  run.answer_open();
  CHECK(failed_call(run));
}

TEST_CASE("a faulted run keeps the time before which its task must succeed, and no time-out") {
  Runner run(R"yaml(
timeout: {after: PT1M}
do:
  - pay: {call: test.call, timeout: {after: PT2M}, metadata: {mustSucceedBefore: PT10M}}
)yaml");
  auto failure = permanent(402);
  run.answer = [&](const Call&) -> Answer { return std::unexpected(failure); };
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  CHECK(run.view().deadline == run.now + 600'000);
  SECTION("a retry has its time-outs again") {
    failure = transient();
    REQUIRE(run.feed(RetryAsked{.reason = "once more"}));
    CHECK(run.view().deadline == run.now + 60'000);
  }
  SECTION("cancelled, it has none") {
    REQUIRE(run.feed(CancelAsked{.reason = "no more"}));
    CHECK(run.state().status == Status::cancelled);
    CHECK(run.view().deadline == 0);
  }
}

}  // namespace sequent::machine::testing
