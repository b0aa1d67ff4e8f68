// Runs that go on under another version of their workflow.
#include <catch2/catch.hpp>

#include "tests/support/machine_runner.hpp"

namespace sequent::machine::testing {
namespace {

using Catch::Contains;

struct Version {
  explicit Version(const std::string& version, const std::string& tasks)
      : document{"document: {dsl: '1.0.3', namespace: test, name: scenario, version: '" + version +
                 "'}\n" + tasks} {}
  [[nodiscard]] MigrateAsked asked() const {
    MigrateAsked asked;
    asked.program = Runner{document}.program_pointer();
    asked.reason = "a better one";
    asked.by = "ops";
    return asked;
  }
  WholeDocument document;
};

std::string refusal(Runner& run, const Version& version) {
  const auto before = encode_state(run.state());
  const auto done = run.feed(Event{version.asked()});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::wrong_state);
  CHECK(encode_state(run.state()) == before);
  return done.error().detail;
}

const std::string waits = R"yaml(
do:
  - charge: {call: test.call, with: {n: 1}}
  - settle:
      do:
        - await: {listen: {to: {one: {with: {type: paid}}}}}
        - tell: {set: {told: old}}
)yaml";

}  // namespace

TEST_CASE("a waiting run goes on under the new version, whose tasks may stand elsewhere") {
  Runner run{Version{"1.0.0", waits}.document};
  run.start();
  REQUIRE(run.view().status == Status::waiting);
  const Version next{"1.1.0", R"yaml(
do:
  - check: {call: test.call, with: {n: 0}}
  - charge: {call: test.call, with: {n: 1}}
  - settle:
      do:
        - log: {set: '${ . }'}
        - await: {listen: {to: {one: {with: {type: paid}}}}}
        - tell: {set: {told: new}}
  - after: {set: '${ .told += "er" }'}
)yaml"};
  const auto moved = run.feed(Event{next.asked()});
  INFO((moved ? "" : moved.error().detail));
  REQUIRE(moved);
  CHECK(run.state().workflow.version == "1.1.0");
  CHECK(run.state().digest == run.program().digest);
  CHECK(fits(run.program(), run.state()));
  CHECK(run.view().task == "/do/2/settle/do/1/await");
  // It listens by the filter of the new version.
  const auto open = subscriptions(run.program(), run.state());
  REQUIRE(open.size() == 1);
  CHECK_THAT(open[0].filter_key, Contains("/do/2/settle/do/1/await"));
  run.publish({{"type", "paid"}, {"data", 1}});
  CHECK(run.state().status == Status::completed);
  CHECK(run.output() == Json{{"told", "newer"}});
  CHECK(run.calls.size() == 1);  // what is done is not done again
}

TEST_CASE("a faulted run goes on under a version that mends it") {
  Runner run{Version{"1.0.0", "do:\n  - bill: {call: test.call, with: {amount: '${ .amout }'}}\n"}
                 .document};
  run.answer = [](const Call& call) -> Answer {
    if (call.arguments["amount"].is_null()) return std::unexpected(permanent(400));
    return call.arguments;
  };
  run.start({{"amount", 7}});
  REQUIRE(run.state().status == Status::faulted);
  const Version mended{"1.0.1",
                       "do:\n  - bill: {call: test.call, with: {amount: '${ .amount }'}}\n"};
  REQUIRE(run.feed(Event{mended.asked()}));
  CHECK(run.state().status == Status::faulted);
  REQUIRE(run.feed(RetryAsked{.reason = "mended"}));
  CHECK(run.output() == Json{{"amount", 7}});
  REQUIRE(run.calls.size() == 2);
  CHECK(run.calls[1].key != run.calls[0].key);  // a key never carries other bytes
}

TEST_CASE("a parked call keeps its key, so it must keep its place") {
  Runner run{Version{"1.0.0", "do:\n  - pay: {call: test.call, with: {n: 1}}\n"}.document};
  run.answer = [](const Call&) -> Answer { return std::unexpected(transient()); };
  run.start();
  run.run_timers();
  REQUIRE(run.view().waiting_for.kind == "parked");
  CHECK_THAT(refusal(run, Version{"1.1.0",
                                  "do:\n  - first: {set: {a: 1}}\n"
                                  "  - pay: {call: test.call, with: {n: 1}}\n"}),
             Contains("known by its place"));
  const auto key = run.calls.back().key;
  run.answer = [](const Call& call) { return call.arguments; };
  REQUIRE(run.feed(Event{Version{"1.1.0",
                                 "do:\n  - pay: {call: test.call, with: {n: 2}}\n"
                                 "  - then: {set: {done: true}}\n"}
                             .asked()}));
  REQUIRE(run.feed(RetryAsked{}));
  CHECK(run.calls.back().key == key);
  CHECK(run.calls.back().arguments == Json{{"n", 1}});  // the bytes of a key never change
  CHECK(run.output() == Json{{"done", true}});
}

TEST_CASE("what keeps a run under its version is said, and nothing changes") {
  Runner run{Version{"1.0.0", waits}.document};
  run.start();
  CHECK_THAT(refusal(run, Version{"2.0.0", "do:\n  - charge: {call: test.call}\n"}),
             Contains("/do/1/settle: the new version has no task with this name"));
  CHECK_THAT(refusal(run, Version{"2.0.0", "do:\n  - settle: {do: [{await: {wait: PT1S}}]}\n"}),
             Contains("another kind"));
  CHECK_THAT(refusal(run, Version{"2.0.0",
                                  "do:\n  - settle: {do: [{await: {listen: {to: {one: {with: "
                                  "{type: refunded}}}}}}]}\n"}),
             Contains("other events"));
  CHECK_THAT(refusal(run, Version{"1.0.0", waits}), Contains("already"));
  const auto other = MigrateAsked{Runner{"do:\n  - a: {set: {a: 1}}\n"}.program_pointer(), "", ""};
  CHECK_FALSE(run.feed(Event{other}));
  run.publish({{"type", "paid"}});
  REQUIRE(run.state().status == Status::completed);
  CHECK_THAT(refusal(run, Version{"1.1.0", waits}), Contains("has ended"));
}

TEST_CASE("a call that is out keeps a run where it is until it is answered") {
  Runner run{Version{"1.0.0", waits}.document};
  run.answer_calls = false;
  run.start();
  CHECK_THAT(refusal(run, Version{"1.1.0", waits}), Contains("under way"));
  run.answer_open();
  CHECK(run.feed(Event{Version{"1.1.0", waits}.asked()}));
}

TEST_CASE("a call whose block may begin again keeps its place") {
  const std::string tried = R"yaml(
do:
  - buy:
      try:
        - charge: {call: test.call, with: {n: 1}}
        - await: {listen: {to: {one: {with: {type: paid}}}}, timeout: {after: PT1H}}
      catch: {retry: {delay: PT1S, limit: {attempt: {count: 2}}}}
)yaml";
  auto moved = tried;
  moved.replace(moved.find("        - charge"), 0, "        - log: {set: '${ . }'}\n");
  Runner run{Version{"1.0.0", tried}.document};
  run.start();
  REQUIRE(run.view().status == Status::waiting);
  CHECK_THAT(refusal(run, Version{"1.1.0", moved}), Contains("may begin again"));
  REQUIRE(run.feed(Event{Version{"1.1.0", tried + "  - last: {set: '${ . }'}\n"}.asked()}));
  run.run_timers(7'200'000);
  REQUIRE(run.calls.size() >= 2);
  CHECK(run.calls[1].key == run.calls[0].key);
}

TEST_CASE("branches must be the same ones in the same order") {
  const std::string forked = R"yaml(
do:
  - both:
      fork:
        branches:
          - left: {listen: {to: {one: {with: {type: left}}}}}
          - right: {listen: {to: {one: {with: {type: right}}}}}
)yaml";
  const std::string turned = R"yaml(
do:
  - both:
      fork:
        branches:
          - right: {listen: {to: {one: {with: {type: right}}}}}
          - left: {listen: {to: {one: {with: {type: left}}}}}
)yaml";
  Runner run{Version{"1.0.0", forked}.document};
  run.start();
  run.publish({{"type", "left"}, {"data", "l"}});
  CHECK_THAT(refusal(run, Version{"1.1.0", turned}), Contains("other branches"));
  REQUIRE(run.feed(Event{Version{"1.1.0", forked + "  - last: {set: '${ . }'}\n"}.asked()}));
  run.publish({{"type", "right"}, {"data", "r"}});
  CHECK(run.output() == Json::array({Json::array({"l"}), Json::array({"r"})}));
}

TEST_CASE("a call that its provider holds back goes with the run, and leaves when it is let go") {
  Runner run{Version{"1.0.0", "do:\n  - pay: {call: test.call, with: {n: 1}}\n"}.document};
  run.answer_calls = false;
  run.start();
  const CallHeldBack held{
      .frame = run.frame_at("pay"), .attempt = 1, .reason = ParkReason::provider_open};
  REQUIRE(run.feed(held));
  REQUIRE(run.feed(Event{Version{"1.1.0",
                                 "do:\n  - pay: {call: test.call, with: {n: 2}}\n"
                                 "  - then: {set: {done: true}}\n"}
                             .asked()}));
  CHECK(run.view().waiting_for.reason == "provider_open");
  REQUIRE(run.feed(CallLetGo{.frame = run.frame_at("pay")}));
  REQUIRE(run.calls.size() == 2);
  CHECK(run.calls[1].key == run.calls[0].key);
  CHECK(run.calls[1].attempt == 1);
  CHECK(run.calls[1].arguments == Json{{"n", 1}});
  run.answer_open();
  CHECK(run.output() == Json{{"done", true}});
}

TEST_CASE("what is done does not come again because the new version does it later") {
  Runner run{Version{"1.0.0", waits}.document};
  run.start();
  CHECK_THAT(refusal(run, Version{"1.1.0", R"yaml(
do:
  - settle:
      do:
        - await: {listen: {to: {one: {with: {type: paid}}}}}
        - tell: {set: {told: old}}
  - charge: {call: test.call, with: {n: 1}}
)yaml"}),
             Contains("/do/0/charge: it is done") && Contains("come again"));
  CHECK(run.calls.size() == 1);
}

TEST_CASE("no other call goes out under the key of one that may have had its effect") {
  const auto guarded = [](const std::string& call, const std::string& secret) {
    return "use: {secrets: [a, b]}\ndo:\n  - buy:\n      try:\n        - charge: {call: " + call +
           ", with: {auth: '${ $secrets." + secret +
           " }'}}\n        - await: {listen: {to: {one: {with: {type: paid}}}}}\n"
           "      catch: {retry: {delay: PT1S, limit: {attempt: {count: 2}}}}\n";
  };
  Runner run{Version{"1.0.0", guarded("test.call", "a")}.document};
  SECTION("that is over, in a block that may begin again") {
    run.start();
    REQUIRE(run.view().status == Status::waiting);
    CHECK_THAT(refusal(run, Version{"1.1.0", guarded("test.once", "a")}),
               Contains("calls something else"));
    CHECK_THAT(refusal(run, Version{"1.1.0", guarded("test.call", "b")}),
               Contains("calls something else"));
    CHECK(run.feed(Event{Version{"1.1.0", guarded("test.call", "a")}.asked()}));
  }
  SECTION("that is parked") {
    run.answer = [](const Call&) -> Answer { return std::unexpected(unknown()); };
    run.start();
    run.run_timers();
    REQUIRE(run.view().waiting_for.kind == "parked");
    CHECK_THAT(refusal(run, Version{"1.1.0", guarded("test.once", "a")}),
               Contains("another activity"));
    CHECK_THAT(refusal(run, Version{"1.1.0", guarded("test.call", "b")}),
               Contains("other secrets"));
    CHECK(run.feed(Event{Version{"1.1.0", guarded("test.call", "a")}.asked()}));
  }
}

TEST_CASE("a faulted run moves although a call of another branch was never answered") {
  const std::string forked = R"yaml(
do:
  - both:
      fork:
        branches:
          - left: {call: test.once, with: {n: 1}}
          - right: {call: test.call, with: {n: 2}}
)yaml";
  Runner run{Version{"1.0.0", forked}.document};
  run.answer_calls = false;
  run.start();
  const ActivityReturned refused{
      .frame = run.frame_at("left"), .attempt = 1, .failure = permanent(400)};
  REQUIRE(run.feed(refused));
  REQUIRE(run.state().status == Status::faulted);
  REQUIRE(
      run.feed(Event{Version{"1.1.0", forked + "  - last: {set: {n: '${ length }'}}\n"}.asked()}));
  run.answer_calls = true;
  REQUIRE(run.feed(RetryAsked{.reason = "mended"}));
  run.answer_open();
  CHECK(run.output() == Json{{"n", 2}});
  for (const auto& call : run.calls)
    if (call.pointer.ends_with("right")) CHECK(call.key == run.calls[1].key);
}

TEST_CASE("events that a listening task has taken go with it") {
  const auto listening = [](const std::string& until) {
    return "do:\n  - hear:\n      listen:\n        to:\n          any: [{with: {type: told}}]\n"
           "          until: {one: {with: {type: " +
           until +
           "}}}\n      foreach:\n        item: said\n        do:\n"
           "          - pass: {call: test.call, with: {n: '${ $said }'}}\n";
  };
  Runner run{Version{"1.0.0", listening("stop")}.document};
  run.answer = [](const Call&) -> Answer { return std::unexpected(transient()); };
  run.start();
  run.publish({{"type", "told"}, {"data", 1}});
  run.publish({{"type", "told"}, {"data", 2}});
  run.publish({{"type", "stop"}});
  run.run_timers();
  REQUIRE(run.view().waiting_for.kind == "parked");
  // It has closed: what it listened for does not matter any more.
  REQUIRE(run.feed(Event{Version{"1.1.0", listening("enough")}.asked()}));
  run.answer = [](const Call& call) { return call.arguments; };
  REQUIRE(run.feed(RetryAsked{}));
  CHECK(run.state().status == Status::completed);
  CHECK(run.calls.back().arguments == Json{{"n", 2}});
}

TEST_CASE("what is done is undone under the new version, which must say how") {
  const auto selling = [](const std::string& before, const std::string& metadata) {
    std::string text = "do:\n" + before + "  - charge: {call: test.call, with: {n: 1}" + metadata +
                       "}\n  - settle: {listen: {to: {one: {with: {type: paid}}}}}\n";
    if (!metadata.empty())
      text +=
          "  - done: {set: '${ . }', then: end}\n"
          "  - refund: {call: test.call, with: {back: '${ .output.n }'}}\n";
    return text;
  };
  const std::string undone = ", metadata: {compensate: refund}";
  Runner open{Version{"1.0.0", selling("", undone)}.document};
  open.answer = [](const Call&) -> Answer { return std::unexpected(unknown()); };
  open.start();
  CHECK_THAT(refusal(open, Version{"1.1.0", selling("", "")}), Contains("does not say how"));
  Runner run{Version{"1.0.0", selling("", undone)}.document};
  run.start();
  REQUIRE(run.state().undoable.size() == 1);
  CHECK_THAT(refusal(run, Version{"1.1.0", selling("", "")}), Contains("does not say how"));
  REQUIRE(run.feed(Event{Version{"1.1.0", selling("  - log: {set: '${ . }'}\n", undone)}.asked()}));
  CHECK(run.program().node(run.state().undoable[0].node).pointer == "/do/1/charge");
  run.answer_calls = false;
  REQUIRE(run.feed(CancelAsked{.reason = "enough"}));
  REQUIRE(run.state().cancelling);
  CHECK_THAT(refusal(run, Version{"1.2.0", selling("", undone)}), Contains("being cancelled"));
  run.answer_open();
  CHECK(run.state().status == Status::cancelled);
  CHECK(run.calls.back().arguments == Json{{"back", 1}});
}

}  // namespace sequent::machine::testing
