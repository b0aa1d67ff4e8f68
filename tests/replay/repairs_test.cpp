// What operators did to a run is part of its recording.
#include <catch2/catch.hpp>

#include "api/journal_json.hpp"
#include "engine/replay/replay.hpp"
#include "tests/support/machine_runner.hpp"

namespace sequent::replay {
namespace {

using namespace machine;
using machine::testing::Runner;

constexpr const char* two_calls = R"(do:
  - first: {call: test.call, with: {n: "${ .n }"}}
  - second: {call: test.call, with: {n: "${ .n + 1 }"}}
)";

Json exported(const Runner& runner) {
  Json out = Json::array();
  api::JournalReader reader{runner.program(), {}};
  for (const auto& record : Json::parse(encode(runner.journal))) out.push_back(reader.show(record));
  return out;
}

void check_agrees(const Runner& runner) {
  const auto outcome = replay(exported(runner), runner.program_pointer());
  REQUIRE(outcome);
  if (outcome->difference)
    FAIL("record " + std::to_string(outcome->difference->seq) + ": " +
         outcome->difference->expected + " <> " + outcome->difference->came);
  CHECK(outcome->records == runner.journal.size());
}

}  // namespace

TEST_CASE("a run that was retried, with another input too, is replayed") {
  Runner runner{two_calls};
  runner.answer = [](const machine::testing::Call& call) -> machine::testing::Answer {
    if (call.arguments.at("n") == 1) return std::unexpected(machine::testing::permanent());
    return call.arguments;
  };
  runner.start({{"n", 1}});
  REQUIRE(runner.state().status == Status::faulted);
  REQUIRE(runner.feed(RetryAsked{.reason = "again", .by = "me"}));
  REQUIRE(runner.state().status == Status::faulted);
  REQUIRE(runner.feed(RetryAsked{.input = make_value({{"n", 2}}), .reason = "mended", .by = "me"}));
  REQUIRE(runner.state().status == Status::completed);
  check_agrees(runner);
}

TEST_CASE("a run that was parked, suspended, resumed and skipped is replayed") {
  Runner runner{two_calls};
  bool away = true;
  runner.answer = [&](const machine::testing::Call& call) -> machine::testing::Answer {
    if (away) return std::unexpected(machine::testing::transient());
    return call.arguments;
  };
  runner.start({{"n", 1}});
  runner.run_timers();
  REQUIRE(runner.view().waiting_for.kind == "parked");
  REQUIRE(runner.feed(SuspendAsked{.reason = "later", .by = "me"}));
  REQUIRE(runner.feed(ResumeAsked{.reason = "now", .by = "me"}));
  REQUIRE(runner.feed(SkipAsked{.output = make_value({{"n", 5}}), .reason = "done", .by = "me"}));
  away = false;
  runner.run_timers();
  REQUIRE(runner.feed(CancelAsked{.reason = "enough", .by = "me"}).has_value() ==
          !is_ended(runner.state().status));
  check_agrees(runner);
}

TEST_CASE("a run that was cancelled and undid what it had done is replayed") {
  Runner runner{R"(do:
  - charge: {call: test.call, with: {n: 1}, metadata: {compensate: payBack}}
  - child: {run: {workflow: {namespace: test, name: child, version: 1.0.0}}}
  - payBack: {call: test.call, with: {back: "${ .output.n }"}}
)"};
  InstanceId child;
  runner.child = [&](const ChildState& state) {
    child = state.id;
    return ChildEnded{.child = {}, .output = null_value()};  // of nobody: it goes on
  };
  runner.start();
  const CancelAsked asked{.reason = "enough", .by = "me", .awaited = {runner.frame_at("child")}};
  REQUIRE(runner.feed(asked));
  REQUIRE(runner.feed(ChildEnded{.child = child, .status = Status::cancelled}));
  REQUIRE(runner.state().status == Status::cancelled);
  REQUIRE(runner.calls.size() == 2);
  check_agrees(runner);
}

TEST_CASE("a run that went back is replayed") {
  Runner runner{R"(do:
  - first: {call: test.call, with: {n: "${ .n }"}}
  - sleep: {wait: {hours: 1}}
)"};
  runner.start({{"n", 1}});
  REQUIRE(runner.feed(RewindAsked{.frame = 1,
                                  .node = runner.program().find("first"),
                                  .data = make_value({{"n", 7}}),
                                  .reason = "again",
                                  .by = "me"}));
  runner.run_timers(7'200'000);
  REQUIRE(runner.state().status == Status::completed);
  check_agrees(runner);
}

TEST_CASE("pauses that were drawn by lot are as long as they were") {
  Runner runner{R"(do:
  - again:
      try: [{call: {call: test.once, with: {}}}]
      catch: {retry: {delay: {seconds: 1}, jitter: {from: PT0S, to: PT1M}, limit: {attempt: {count: 5}}}}
  - after: {wait: {seconds: 1}}
)"};
  int left = 3;
  runner.answer = [&](const machine::testing::Call& call) -> machine::testing::Answer {
    if (left-- > 0) return std::unexpected(machine::testing::transient());
    return call.arguments;
  };
  runner.start();
  runner.run_timers();
  REQUIRE(runner.state().status == Status::completed);
  check_agrees(runner);
}

}  // namespace sequent::replay
