// Calls that wait for their provider, as against those that failed for good.
#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {

namespace {

constexpr auto one_payment = R"yaml(
do:
  - pay: {call: test.call, with: {amount: '${ .amount }'}}
)yaml";

ActivityReturned failed(const Runner& run, Failure failure, bool provider_open) {
  const auto& frame = run.state().frames.at(run.frame_at("pay"));
  return {.frame = frame.id,
          .attempt = std::get<ActivityState>(frame.detail).attempt,
          .failure = std::move(failure),
          .provider_open = provider_open};
}

CallHeldBack held_back(const Runner& run, ParkReason reason = ParkReason::provider_open) {
  const auto& frame = run.state().frames.at(run.frame_at("pay"));
  return {.frame = frame.id,
          .attempt = std::get<ActivityState>(frame.detail).attempt,
          .reason = reason};
}

Timestamp deadline_of(const Runner& run) {
  return run.view().deadline;
}

}  // namespace

TEST_CASE("a call that is held back is the first attempt still when it is let go") {
  Runner run(one_payment);
  run.answer_calls = false;
  run.start({{"amount", 5}});
  REQUIRE(run.feed(held_back(run)));
  CHECK(run.view().waiting_for.kind == "parked");
  CHECK(run.view().waiting_for.reason == "provider_open");
  CHECK(wake_at(run.state()) == INT64_MAX);
  SECTION("let go by its provider") {
    REQUIRE(run.feed(CallLetGo{.frame = run.frame_at("pay")}));
  }
  SECTION("let go by an operator") {
    REQUIRE(run.feed(RetryAsked{.reason = "they are back", .by = "ana"}));
  }
  REQUIRE(run.calls.size() == 2);
  CHECK(run.calls[1].attempt == 1);
  CHECK(run.calls[1].key == run.calls[0].key);
  CHECK_FALSE(run.calls[1].unsettled);
  run.answer_open();
  CHECK(run.output() == Json{{"amount", 5}});
  CHECK(std::ranges::count(run.kinds(), "AttemptFailed") == 0);
}

TEST_CASE("what a held call may have done before is not forgotten") {
  Runner run(one_payment);
  run.answer_calls = false;
  run.start({{"amount", 5}});
  auto event = held_back(run);
  event.unsettled = true;
  REQUIRE(run.feed(event));
  REQUIRE(run.feed(CallLetGo{.frame = run.frame_at("pay")}));
  CHECK(run.calls.back().unsettled);
}

TEST_CASE("a failure while its provider is down is not counted, and no `try` hears of it") {
  Runner run(R"yaml(
do:
  - guarded:
      try: [{pay: {call: test.call}}]
      catch: {as: e, do: [{note: {set: {caught: true}}}]}
)yaml");
  run.answer_calls = false;
  run.start();
  for (int i = 0; i < 10; ++i) {
    REQUIRE(run.feed(failed(run, i == 0 ? unknown() : transient(), true)));
    CHECK(run.view().waiting_for.reason == "provider_open");
    REQUIRE(run.feed(CallLetGo{.frame = run.frame_at("pay")}));
  }
  CHECK(std::get<ActivityState>(run.state().frames.at(run.frame_at("pay")).detail).tries == 1);
  CHECK(run.calls.back().attempt == 11);
  CHECK(run.calls.back().unsettled);
  run.answer_open();
  CHECK(run.output() == Json::object());
}

TEST_CASE("what is tried while its provider is down shows apart from what counts") {
  Runner run(one_payment);
  run.answer_calls = false;
  run.start({{"amount", 5}});
  const auto begun = run.now;
  REQUIRE(run.feed(held_back(run)));
  CHECK(run.view().waiting_for.attempt == 1);
  CHECK(run.view().waiting_for.tried == 0);
  CHECK(run.view().waiting_for.key_born_at == begun);
  CHECK_FALSE(run.view().waiting_for.unsettled);
  CHECK(run.view().key_born_at == 0);  // no attempt can have had an effect
  REQUIRE(run.feed(CallLetGo{.frame = run.frame_at("pay")}));
  for (int i = 0; i < 6; ++i) {
    run.now += 60'000;
    REQUIRE(run.feed(failed(run, unknown(), true)));
    REQUIRE(run.feed(CallLetGo{.frame = run.frame_at("pay")}));
  }
  REQUIRE(
      run.feed(failed(run, unknown(), false)));  // this one counts, and is tried again by itself
  run.now = std::max(run.now, wake_at(run.state()));
  REQUIRE(run.feed(TimerDue{}));
  REQUIRE(run.feed(failed(run, unknown(), true)));
  const auto waiting = run.view().waiting_for;
  CHECK(waiting.kind == "parked");
  CHECK(waiting.attempt == 1);
  CHECK(waiting.tried == 8);
  CHECK(waiting.key_born_at == begun);
  CHECK(waiting.unsettled);
  CHECK(run.view().key_born_at == begun);
  CHECK(run.state().attempts == 8);
  CHECK(run.state().counted_attempts() == 1);
}

TEST_CASE("a declined card faults, whatever its provider's state") {
  Runner run(one_payment);
  run.answer_calls = false;
  run.start({{"amount", 5}});
  REQUIRE(run.feed(failed(run, permanent(402), true)));
  CHECK(run.state().status == Status::faulted);
}

TEST_CASE("a refusal for being too many is asked again for ever") {
  Runner run(one_payment);
  run.answer = [](const Call&) -> Answer { return std::unexpected(transient(429)); };
  run.start({{"amount", 5}});
  for (int i = 0; i < 20; ++i) {
    run.now = std::max(run.now, wake_at(run.state()));
    REQUIRE(run.feed(TimerDue{}));
  }
  CHECK(run.calls.size() == 21);
  CHECK(run.view().waiting_for.kind == "activity");
  run.answer = [](const Call& call) -> Answer { return call.arguments; };
  run.run_timers();
  CHECK(run.output() == Json{{"amount", 5}});
}

TEST_CASE("a refusal does not give other failures a try more") {
  Runner run(one_payment);
  run.answer = [](const Call& call) -> Answer {
    return std::unexpected(transient(call.attempt % 2 == 0 ? 429 : 503));
  };
  run.start({{"amount", 5}});
  run.run_timers();
  CHECK(run.view().waiting_for.reason == "retries_exhausted");
  CHECK(run.calls.size() == 5);  // three failures, two refusals between them
}

TEST_CASE("a held call of a run that an operator suspends goes on with it") {
  Runner run(one_payment);
  run.answer_calls = false;
  run.start({{"amount", 5}});
  REQUIRE(run.feed(held_back(run)));
  REQUIRE(run.feed(SuspendAsked{.reason = "look", .by = "ana"}));
  REQUIRE(run.feed(CallLetGo{.frame = run.frame_at("pay")}));
  CHECK(run.calls.size() == 1);  // it stands still
  REQUIRE(run.feed(ResumeAsked{.reason = "go", .by = "ana"}));
  CHECK(run.view().waiting_for.kind == "parked");
  REQUIRE(run.feed(CallLetGo{.frame = run.frame_at("pay")}));
  CHECK(run.calls.size() == 2);
}

TEST_CASE("a parked call's time-out runs on") {
  Runner run(R"yaml(
do:
  - guarded:
      try: [{pay: {call: test.call, timeout: {after: PT5M}}}]
      catch: {as: e, do: [{other: {set: {other: true}}}]}
)yaml");
  run.answer_calls = false;
  run.start();
  REQUIRE(run.feed(held_back(run)));
  CHECK(deadline_of(run) == run.now + 300'000);
  run.advance(300'000);
  CHECK(run.output() == Json{{"other", true}});
}

TEST_CASE("the deadline of a parked call is what its task says") {
  const auto with = [](const std::string& before) {
    return "do:\n  - pay: {call: test.call, metadata: {mustSucceedBefore: '" + before + "'}}\n";
  };
  const auto deadline = [](const std::string& yaml, Json input = Json::object()) {
    Runner run(yaml);
    run.answer_calls = false;
    run.start(std::move(input));
    REQUIRE(run.feed(held_back(run)));
    const auto found = run.view().deadline;
    return found == 0 ? 0 : found - run.now;
  };
  CHECK(deadline(with("PT6H")) == 6 * 3'600'000);
  CHECK(deadline(with("2023-11-14T23:13:20Z")) == 3'600'000);
  CHECK(deadline(with("${ .limit }"), {{"limit", "PT2H"}}) == 2 * 3'600'000);
  CHECK(deadline(with("${ .limit }"), {{"limit", "2023-11-14T23:13:20Z"}}) == 3'600'000);
  CHECK(deadline(with("${ .limit }")) == 0);  // null: none
}

TEST_CASE("a deadline that is neither a duration nor a time faults its task") {
  Runner run(R"yaml(
do:
  - pay: {call: test.call, metadata: {mustSucceedBefore: '${ .limit }'}}
)yaml");
  run.start({{"limit", "tomorrow"}});
  CHECK(run.state().status == Status::faulted);
  CHECK(run.error()["detail"].get<std::string>().find("mustSucceedBefore") != std::string::npos);
  CHECK(run.calls.empty());
}

}  // namespace sequent::machine::testing
