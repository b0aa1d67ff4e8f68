#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

const std::string sleeper = R"(do:
  - nap: {wait: {minutes: 10}}
  - after: {call: test.step, with: {n: 1}}
)";

const std::string listener = R"(do:
  - hear:
      listen: {to: {one: {with: {type: test.ping}}}}
  - after: {call: test.step, with: {n: 1}}
)";

Json event(const std::string& id, const std::string& type) {
  return Json{{"specversion", "1.0"}, {"id", id}, {"source", "/test"}, {"type", type}};
}

}  // namespace

TEST_CASE("a run that sleeps leaves memory and wakes in time", "[runtime]") {
  World world;
  world.deploy(document("sleeper", sleeper));
  const auto id = world.start("sleeper");
  CHECK(world.engine->stats().resident == 0);
  const int asked = world.store.dues;
  world.advance(599'000);
  CHECK(world.store.dues == asked);  // no idle queries
  CHECK(world.steps.attempts.empty());
  world.advance(1'000);
  CHECK(world.steps.attempts.size() == 1);
  CHECK(world.result(id).ended);
}

TEST_CASE("a run that slept through a restart wakes at once", "[runtime]") {
  World world;
  world.deploy(document("sleeper", sleeper));
  const auto id = world.start("sleeper");
  world.crash();
  world.clock.at += 700'000;
  world.boot();
  CHECK(world.result(id).ended);
}

TEST_CASE("more timers than one chunk all fire", "[runtime]") {
  World world;
  world.deploy(document("sleeper", sleeper));
  for (int i = 0; i < 1'500; ++i) world.start("sleeper");
  world.crash();
  world.boot();
  world.advance(601'000);
  CHECK(world.steps.attempts.size() == 1'500);
}

TEST_CASE("a waiting caller hears of the end after its commit, or that time ran out", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.steps.hold = true;
  const auto id = world.start("two");
  const auto early = world.begin(world.engine->wait(id, runtime::Until::ended, 5'000));
  const auto patient = world.begin(world.engine->wait(id, runtime::Until::ended, 60'000));
  world.advance(5'000);
  REQUIRE(early->has_value());
  CHECK_FALSE((**early)->ended);
  world.steps.hold = false;
  world.log.clear();
  world.steps.let_go(Json{{"n", 1}});
  world.settle();
  REQUIRE(patient->has_value());
  CHECK((**patient)->ended);
  CHECK(world.log.back() == "commit");
}

TEST_CASE("an event reaches the run that listens, once", "[runtime]") {
  World world;
  world.deploy(document("listener", listener));
  SECTION("which waits already") {
    const auto id = world.start("listener");
    CHECK(world.engine->stats().resident == 0);
    const auto delivered = world.get(world.engine->deliver(event("1", "test.ping"), "api"));
    REQUIRE(delivered.has_value());
    CHECK(delivered->runs == 1);
    const auto again = world.get(world.engine->deliver(event("1", "test.ping"), "api"));
    CHECK(again->duplicate);
    CHECK(world.result(id).ended);
    CHECK(world.steps.attempts.size() == 1);
  }
  SECTION("which comes later") {
    const auto delivered = world.get(world.engine->deliver(event("1", "test.ping"), "api"));
    CHECK(delivered->held);
    CHECK(world.result(world.start("listener")).ended);
  }
  SECTION("and no other") {
    const auto id = world.start("listener");
    const auto delivered = world.get(world.engine->deliver(event("1", "test.pong"), "api"));
    CHECK(delivered->runs == 0);
    CHECK_FALSE(world.result(id).ended);
  }
  SECTION("and one that is no CloudEvent is refused") {
    const auto refused = world.get(world.engine->deliver(Json{{"id", "1"}}, "api"));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().findings.size() == 3);
  }
}

TEST_CASE("an emitted event is routed after its commit", "[runtime]") {
  World world;
  world.deploy(document("listener", listener));
  world.deploy(document("emitter", R"(do:
  - tell: {emit: {event: {with: {source: /test, type: test.ping}}}}
)"));
  const auto id = world.start("listener");
  world.log.clear();
  world.start("emitter");
  CHECK(world.log[0] == "commit");
  CHECK(world.log[1] == "route test.ping");
  CHECK(world.result(id).ended);
}

TEST_CASE("a suspended run keeps what arrives and goes on when it is resumed", "[runtime]") {
  World world;
  world.deploy(document("listener", listener));
  const auto id = world.start("listener");
  REQUIRE(world.get(world.engine->suspend(id, {.reason = "look", .by = "op"})).has_value());
  CHECK(world.store.status_of(id) == "suspended");
  REQUIRE(world.get(world.engine->deliver(event("1", "test.ping"), "api"))->runs == 1);
  CHECK(world.steps.attempts.empty());
  REQUIRE(world.get(world.engine->resume(id, {.reason = "done", .by = "op"})).has_value());
  CHECK(world.result(id).ended);
  const auto again = world.get(world.engine->resume(id, {.reason = "twice", .by = "op"}));
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == ErrorCode::wrong_state);
}
