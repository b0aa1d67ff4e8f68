#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {
namespace {

// Two charges with what undoes each, then a wait in which the run is cancelled.
constexpr const char* two_charges = R"yaml(
do:
  - charge: {call: test.call, with: {charge: '${ .customer }'}, metadata: {compensate: payBack}}
  - ship: {call: test.once, with: {ship: 1}}
  - meter: {call: test.call, with: {meter: 2}, metadata: {compensate: uncount}}
  - rest: {wait: PT1H, then: end}
  - payBack: {call: test.call, with: {back: '${ .output.charge }', why: '${ .reason }', took: '${ .input }'}}
  - uncount: {call: test.call, with: {uncount: '${ .output.meter }'}}
)yaml";

std::vector<std::string> pointers(const Runner& run, std::size_t from) {
  std::vector<std::string> list;
  for (auto i = from; i < run.calls.size(); ++i) list.push_back(run.calls[i].pointer);
  return list;
}
std::vector<std::string> undone(const Runner& run) {
  std::vector<std::string> list;
  for (const auto& record : run.journal)
    if (const auto* begun = std::get_if<CompensationStarted>(&record.body))
      list.push_back(begun->undoes);
  return list;
}
using Names = std::vector<std::string>;
const CancelAsked ask{.reason = "customer left", .by = "ops"};

/// The outcome of the one call under way.
Result<void> answer_with(Runner& run, std::optional<Json> output,
                         std::optional<Failure> failure = {}) {
  for (const auto& command : commands(run.program(), run.state()))
    if (const auto* call = std::get_if<DispatchActivity>(&command)) {
      ActivityReturned returned{.frame = call->frame, .attempt = call->attempt};
      if (output) returned.output = make_value(*output);
      returned.failure = std::move(failure);
      return run.feed(returned);
    }
  FAIL("no call is under way");
  return {};
}

}  // namespace

TEST_CASE("a cancelled run undoes what it has done, the last first, and is cancelled then") {
  Runner run(two_charges);
  run.start({{"customer", "cus_1"}});
  REQUIRE(run.feed(ask));
  CHECK(run.state().status == Status::cancelled);
  CHECK(undone(run) == Names{"/do/2/meter~0", "/do/0/charge~0"});
  CHECK(pointers(run, 3) == Names{"/do/5/uncount", "/do/4/payBack"});
  CHECK(run.calls[3].arguments == Json{{"uncount", 2}});
  CHECK(run.calls[4].arguments ==
        Json{{"back", "cus_1"}, {"why", "customer left"}, {"took", {{"customer", "cus_1"}}}});
  CHECK(run.state().reason == "customer left");
  CHECK(run.state().cancelling->undone == 2);
  CHECK(wake_at(run.state()) == INT64_MAX);
  for (std::size_t i = 0; i < run.calls.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(run.calls[i].key != run.calls[j].key);
  CHECK(run.feed(ask).error().code == ErrorCode::wrong_state);
}

TEST_CASE("a run that has done nothing that can be undone is cancelled at once") {
  Runner run(two_charges);
  run.answer = [](const Call&) -> Answer { return std::unexpected(permanent()); };
  run.start();
  REQUIRE(run.state().status == Status::faulted);  // its charge was refused
  REQUIRE(run.feed(ask));
  CHECK(run.state().status == Status::cancelled);
  CHECK(run.kinds().back() == "InstanceCancelled");
  CHECK(run.calls.size() == 1);
}

TEST_CASE("terminate undoes nothing, and ends a cancellation that is under way") {
  Runner run(two_charges);
  run.start();
  const CancelAsked at_once{.reason = "now", .by = "ops", .at_once = true};
  SECTION("instead of it") {
    REQUIRE(run.feed(at_once));
    CHECK(run.state().undoable.size() == 2);
  }
  SECTION("in the midst of it") {
    run.answer_calls = false;
    REQUIRE(run.feed(ask));
    REQUIRE(answer_with(run, 1));
    REQUIRE(run.feed(at_once));
    CHECK(run.state().undoable.size() == 1);
    CHECK(run.state().cancelling->undone == 1);
  }
  CHECK(run.state().status == Status::cancelled);
  CHECK(run.state().terminated);
  CHECK(commands(run.program(), run.state()).empty());
}

TEST_CASE("each time that a task has run is undone") {
  Runner run(R"yaml(
do:
  - each:
      for: {in: '${ .list }'}
      do:
        - charge: {call: test.call, with: {n: '${ $item }'}, metadata: {compensate: payBack}}
  - both:
      fork:
        branches:
          - one: {call: test.call, with: {n: one}, metadata: {compensate: payBack}}
          - two: {do: [{again: {call: test.call, with: {n: two}, metadata: {compensate: payBack}}}]}
  - rest: {wait: PT1H, then: end}
  - payBack: {call: test.call, with: {back: '${ .output.n }'}}
)yaml");
  run.start({{"list", {1, 2, 3}}});
  const auto before = run.calls.size();
  REQUIRE(before == 5);
  REQUIRE(run.feed(ask));
  CHECK(run.state().status == Status::cancelled);
  auto backs = Json::array();
  for (auto i = before; i < run.calls.size(); ++i) backs.push_back(run.calls[i].arguments["back"]);
  CHECK(backs == Json{"two", "one", 3, 2, 1});
}

TEST_CASE("what has its effect under the same key is one effect, and is undone once") {
  Runner run(R"yaml(
do:
  - guarded:
      try:
        - charge: {call: test.call, with: {n: 1}, metadata: {compensate: payBack}}
        - second: {call: test.once}
      catch: {retry: {delay: PT5S, limit: {attempt: {count: 1}}}}
  - rest: {wait: PT1H, then: end}
  - payBack: {call: test.call}
)yaml");
  run.answer = [&](const Call& call) -> Answer {
    if (call.activity == "test.once" && run.calls.size() < 3) return std::unexpected(permanent());
    return call.arguments;
  };
  run.start();
  run.advance(5'000);
  REQUIRE(run.calls.size() == 4);
  REQUIRE(run.feed(ask));
  CHECK(run.calls.size() == 5);
  CHECK(run.state().status == Status::cancelled);
}

TEST_CASE("a call that is out when its run is cancelled is undone if it has had its effect") {
  Runner run(two_charges);
  run.answer_calls = false;
  run.start();
  SECTION("at once") {}
  SECTION("though its run was suspended") {
    REQUIRE(run.feed(SuspendAsked{}));
  }
  REQUIRE(run.feed(ask));
  REQUIRE(run.state().status == Status::running);
  CHECK_THAT(run.view().waiting_for.detail,
             Catch::StartsWith("finds out what became of /do/0/charge: "));
  REQUIRE(run.calls.size() == 1);
  SECTION("it has") {
    REQUIRE(answer_with(run, Json{{"charge", "ch_1"}}));
    REQUIRE(run.calls.size() == 2);
    CHECK(run.calls[1].pointer == "/do/4/payBack");
    CHECK(run.calls[1].arguments["back"] == "ch_1");
    CHECK_THAT(run.view().waiting_for.detail, Catch::StartsWith("undoes /do/0/charge, 1 of 1: "));
    REQUIRE(answer_with(run, 1));
  }
  SECTION("it has, and only the second answer says so") {
    REQUIRE(answer_with(run, {}, unknown()));
    REQUIRE(run.state().status == Status::running);
    run.advance(10'000);
    REQUIRE(run.calls.size() == 2);
    CHECK(run.calls[1].key == run.calls[0].key);
    CHECK(run.calls[1].unsettled);
    REQUIRE(answer_with(run, Json{{"charge", "ch_1"}}));
    REQUIRE(answer_with(run, 1));
  }
  CHECK(run.state().status == (run.calls.size() > 1 ? Status::cancelled : Status::running));
}

TEST_CASE("a call that is known to have had no effect leaves nothing to undo") {
  Runner run(two_charges);
  run.answer_calls = false;
  run.start();
  SECTION("it is refused while the run is being cancelled") {
    REQUIRE(run.feed(ask));
    REQUIRE(answer_with(run, {}, permanent(402)));
  }
  SECTION("it could not be sent") {
    REQUIRE(run.feed(ask));
    REQUIRE(answer_with(run, {}, transient()));
  }
  SECTION("it waits for its next attempt, and the first was not sent") {
    REQUIRE(answer_with(run, {}, transient()));
    REQUIRE(run.feed(ask));
  }
  SECTION("its provider holds it back") {
    REQUIRE(run.feed(ask));
    REQUIRE(run.feed(CallHeldBack{.frame = 2, .attempt = 1}));
  }
  CHECK(run.state().status == Status::cancelled);
  CHECK(run.calls.size() == 1);
  CHECK(undone(run).empty());
}

TEST_CASE("a call whose outcome stays unknown is an operator's, and the run shows it") {
  Runner run(two_charges);
  run.answer_calls = false;
  run.start();
  REQUIRE(answer_with(run, {}, unknown()));
  REQUIRE(run.feed(ask));
  run.advance(10'000);
  REQUIRE(answer_with(run, {}, permanent(401)));
  REQUIRE(run.state().status == Status::faulted);
  CHECK(run.view().undoing->task == "/do/0/charge");
  CHECK_THAT(run.feed(ask).error().detail, Catch::Contains("retry or skip what has failed"));
  SECTION("who finds that it has happened, skips it with its result") {
    REQUIRE(run.feed(SkipAsked{.output = make_value({{"charge", "ch_1"}})}));
    CHECK(run.calls.back().pointer == "/do/4/payBack");
    CHECK(run.calls.back().arguments["back"] == "ch_1");
    REQUIRE(answer_with(run, 1));
  }
  SECTION("who finds that it has not, skips it without one") {
    REQUIRE(run.feed(SkipAsked{.output = null_value()}));
  }
  SECTION("or it is asked once more, under its key") {
    REQUIRE(run.feed(RetryAsked{}));
    CHECK(run.calls.back().key == run.calls.front().key);
    CHECK(run.calls.back().arguments == run.calls.front().arguments);
    CHECK(run.calls.back().unsettled);
    REQUIRE(answer_with(run, Json{{"charge", "ch_1"}}));
    REQUIRE(answer_with(run, 1));
  }
  CHECK(run.state().status == Status::cancelled);
}

TEST_CASE("a charge that lost a race, or whose time was up, is not left behind") {
  Runner run(R"yaml(
do:
  - race:
      fork:
        compete: true
        branches:
          - charge: {call: test.call, with: {n: 1}, metadata: {compensate: payBack}}
          - other: {wait: PT1M}
  - rest: {wait: PT1H, then: end}
  - payBack: {call: test.call, with: {back: '${ .output }'}}
)yaml");
  run.answer_calls = false;
  run.start();
  run.advance(60'000);
  REQUIRE(run.frame_at("rest") != 0);
  REQUIRE(run.feed(ask));
  REQUIRE(run.calls.size() == 2);
  CHECK(run.calls[1].key == run.calls[0].key);
  CHECK(run.calls[1].arguments == run.calls[0].arguments);
  CHECK(run.calls[1].unsettled);
  REQUIRE(answer_with(run, "ch_1"));
  CHECK(run.calls.back().arguments == Json{{"back", "ch_1"}});
  REQUIRE(answer_with(run, 1));
  CHECK(run.state().status == Status::cancelled);
}

TEST_CASE("what undoes retries, parks and faults as any call, and operators mend it") {
  Runner run(two_charges);
  run.start();
  run.answer = [](const Call&) -> Answer { return std::unexpected(transient()); };
  REQUIRE(run.feed(ask));
  run.run_timers(60'000);
  CHECK(run.view().waiting_for.kind == "parked");
  CHECK_THAT(run.view().waiting_for.detail,
             Catch::StartsWith("undoes /do/2/meter, 1 of 2: parked"));
  run.answer = [](const Call&) -> Answer { return std::unexpected(permanent()); };
  REQUIRE(run.feed(RetryAsked{}));
  REQUIRE(run.state().status == Status::faulted);
  CHECK(run.view().task == "/do/5/uncount");
  const auto asked = run.calls.size();
  run.answer = [](const Call& call) -> Answer { return call.arguments; };
  SECTION("retry") {
    REQUIRE(run.feed(RetryAsked{}));
    CHECK(pointers(run, asked) == Names{"/do/5/uncount", "/do/4/payBack"});
    CHECK(run.calls[asked].key == run.calls[asked - 1].key);
  }
  SECTION("edit") {
    REQUIRE(run.feed(RetryAsked{.input = make_value({{"output", {{"meter", 7}}}})}));
    CHECK(run.calls[asked].arguments == Json{{"uncount", 7}});
    CHECK(run.calls[asked].key != run.calls[asked - 1].key);
  }
  SECTION("skip") {
    REQUIRE(run.feed(SkipAsked{.output = null_value()}));
    CHECK(pointers(run, asked) == Names{"/do/4/payBack"});
  }
  SECTION("but not again, not back, and not from the start") {
    CHECK_FALSE(run.feed(ask));
    CHECK_FALSE(run.feed(RewindAsked{.frame = 1, .node = 1, .data = null_value()}));
    CHECK_FALSE(run.feed(RetryAsked{.frame = 1}));
    REQUIRE(run.feed(RetryAsked{}));
  }
  CHECK(run.state().status == Status::cancelled);
  CHECK(run.state().cancelling->undone == 2);
}

TEST_CASE("a workflow undoes a task as a child, once") {
  Runner run(R"yaml(
do:
  - charge: {call: test.call, with: {n: 1}, output: {as: .n}, metadata: {compensate: 'shop/refund:1.0.0'}}
  - rest: {wait: PT1H}
)yaml");
  run.start({{"customer", 1}});
  std::vector<ChildState> started;
  run.child = [&](const ChildState& child) {
    started.push_back(child);
    return ChildEnded{.child = child.id, .output = null_value()};
  };
  REQUIRE(run.feed(ask));
  CHECK(run.state().status == Status::cancelled);
  REQUIRE(started.size() == 1);
  CHECK(started[0].workflow.name == "refund");
  CHECK(*started[0].input == Json{{"task", "/do/0/charge"},
                                  {"input", {{"customer", 1}}},
                                  {"output", 1},
                                  {"reason", "customer left"}});
}

TEST_CASE("children end first: what they have undone is not their parent's to undo") {
  Runner run(R"yaml(
do:
  - sell: {run: {workflow: {namespace: shop, name: sell, version: '1.0.0'}}, metadata: {compensate: takeBack}}
  - rest: {wait: PT1H, then: end}
  - takeBack: {call: test.call, with: {back: '${ .output }'}}
)yaml");
  run.answer_calls = false;
  InstanceId child;
  run.child = [&](const ChildState& state) {
    child = state.id;
    return ChildEnded{.child = {}, .output = null_value()};  // of nobody: it goes on
  };
  run.start();
  REQUIRE(run.frame_at("sell") != 0);
  REQUIRE(run.feed(ask));
  REQUIRE(run.state().status == Status::running);
  REQUIRE(run.feed(ChildEnded{.child = child, .status = Status::faulted}));
  CHECK(run.state().status == Status::running);
  SECTION("it was cancelled") {
    REQUIRE(run.feed(ChildEnded{.child = child, .status = Status::cancelled}));
    CHECK(run.calls.empty());
  }
  SECTION("it had completed") {
    REQUIRE(run.feed(ChildEnded{.child = child, .output = make_value("sold")}));
    REQUIRE(run.calls.size() == 1);
    CHECK(run.calls[0].arguments == Json{{"back", "sold"}});
    REQUIRE(answer_with(run, 1));
  }
  CHECK(run.state().status == Status::cancelled);
}

TEST_CASE("a run that may not wait for its children is cancelled without them") {
  Runner run("do:\n  - sell: {run: {workflow: {namespace: a, name: b, version: '1.0.0'}}}\n");
  run.child = [](const ChildState&) { return ChildEnded{.output = null_value()}; };
  run.start();
  auto asked = ask;
  SECTION("they undo nothing") {
    REQUIRE(run.feed(asked));
    CHECK(run.kinds().back() == "InstanceCancelled");
  }
  SECTION("they may undo something") {
    asked.awaited = {run.frame_at("sell")};
    const auto child = std::get<ChildState>(run.state().frames.at(asked.awaited[0]).detail).id;
    REQUIRE(run.feed(asked));
    REQUIRE(run.state().status == Status::running);
    REQUIRE(run.feed(ChildEnded{.child = child, .status = Status::cancelled}));
  }
  CHECK(run.state().status == Status::cancelled);
}

TEST_CASE("a task that undoes may be several, and ends where it says so") {
  Runner run(R"yaml(
timeout: {after: PT2H}
do:
  - charge: {call: test.call, with: {n: 1}, metadata: {compensate: undo}}
  - noted: {set: {a: 1}, metadata: {compensate: never}}
  - rest: {wait: PT1H, then: end}
  - never: {if: '${ .output.a != 1 }', call: test.once}
  - undo:
      do:
        - first: {call: test.call, with: {first: '${ .output.n }'}}
        - enough: {switch: [{yes: {when: 'true', then: end}}]}
        - tooMuch: {call: test.once}
)yaml");
  run.start();
  run.answer_calls = false;
  REQUIRE(run.feed(ask));
  run.advance(3 * 3'600'000);  // the workflow's own time-out counts no longer
  CHECK(run.state().status == Status::running);
  REQUIRE(answer_with(run, 1));
  CHECK(run.calls.size() == 2);
  CHECK(run.state().status == Status::cancelled);
  CHECK(run.state().cancelling->undone == 2);
}

TEST_CASE("more effects than a run can keep for undoing are refused before they happen") {
  Runner run(R"yaml(
do:
  - each:
      for: {in: '[range(10)]'}
      do:
        - charge: {call: test.call, with: {n: '${ $item }'}, metadata: {compensate: payBack}}
  - rest: {wait: PT1H, then: end}
  - payBack: {call: test.call}
)yaml");
  SECTION("by their number") {
    run.limits().max_undoable = 3;
  }
  SECTION("by their size") {
    run.limits().max_undoable_bytes = 40;
  }
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  CHECK_THAT(run.error().at("detail").get<std::string>(), Catch::Contains("limits.maxUndoable"));
  const auto charged = run.calls.size();
  CHECK(charged < 10);
  REQUIRE(run.feed(ask));
  CHECK(run.state().status == Status::cancelled);
  CHECK(run.calls.size() == 2 * charged);
}

TEST_CASE(
    "what was skipped with a result can be undone, and without one there is nothing to undo") {
  Runner run(two_charges);
  run.answer = [](const Call& call) -> Answer {
    if (call.pointer == "/do/0/charge") return std::unexpected(permanent());
    return call.arguments;
  };
  run.start();
  REQUIRE(run.state().status == Status::faulted);
  const auto by_hand = GENERATE(true, false);
  REQUIRE(run.feed(SkipAsked{.output = by_hand ? make_value({{"charge", "ch_9"}}) : null_value()}));
  REQUIRE(run.feed(ask));
  CHECK(undone(run).size() == (by_hand ? 2U : 1U));
  if (by_hand) CHECK(run.calls.back().arguments["back"] == "ch_9");
}

TEST_CASE("what a cancellation would undo can be asked before") {
  Runner run(two_charges);
  run.answer_calls = false;
  run.start();
  auto plan = to_undo(run.program(), run.state());
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].settles);
  run.answer_calls = true;
  REQUIRE(answer_with(run, 1));
  plan = to_undo(run.program(), run.state());
  REQUIRE(plan.size() == 2);
  CHECK(plan[0].task == "/do/2/meter");
  CHECK(plan[0].by == "/do/5/uncount");
  CHECK_FALSE(plan[0].settles);
}

}  // namespace sequent::machine::testing
