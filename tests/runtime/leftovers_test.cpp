// Events whose way was interrupted, and what a node says of itself while its store is broken.
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

const std::string on_ping = "schedule: {on: {one: {with: {type: test.ping}}}}\n" + two_steps;

Json ping(int number) {
  return Json{{"specversion", "1.0"},
              {"id", std::to_string(number)},
              {"source", "/test"},
              {"type", "test.ping"}};
}

std::size_t unsettled(const World& world) {
  const auto events = world.store.events();
  return static_cast<std::size_t>(
      std::ranges::count_if(events, [](const auto& one) { return !one.second.second; }));
}

}  // namespace

TEST_CASE("a start for which there was no room is made once there is, without a restart",
          "[runtime]") {
  constexpr int events = 12, room = 3;
  World world;
  world.reboot([](auto& config) { config.max_resident = room; });
  world.deploy(document("pinged", on_ping));
  world.steps.hold = true;
  for (int i = 0; i < events; ++i)
    REQUIRE(world.get(world.engine->deliver(ping(i), "api")).has_value());
  REQUIRE(world.store.instances().size() == room);
  CHECK(unsettled(world) == events - room);

  // While nothing gives room the store is asked seldom, and ever more seldom.
  const int before = world.store.unrouted_asked;
  world.advance(20'000);
  CHECK(world.store.unrouted_asked - before >= 3);
  CHECK(world.store.unrouted_asked - before <= 5);

  world.steps.hold = false;
  world.steps.let_go(Json::object());
  world.advance(200'000);
  CHECK(world.store.instances().size() == events);
  for (const auto& id : world.store.instances()) CHECK(world.store.status_of(id) == "completed");
  CHECK(unsettled(world) == 0);
  const int after = world.store.unrouted_asked;
  world.advance(600'000);
  CHECK(world.store.unrouted_asked == after);  // nothing is left: nothing is asked
}

TEST_CASE("events of many pages that a crash left are each routed once", "[runtime]") {
  constexpr int events = 1'203;
  World world;
  world.deploy(document("pinged", on_ping));
  world.store.next_commit = CommitFault::before;
  for (int i = 0; i < events; ++i) (void)world.get(world.engine->deliver(ping(i), "api"));
  CHECK(world.store.instances().empty());
  CHECK(unsettled(world) == events);
  world.crash();
  world.store.next_commit = CommitFault::none;
  world.boot();
  CHECK(world.store.instances().size() == events);
  CHECK(unsettled(world) == 0);
}

TEST_CASE("a node is not ready again before its store has taken a write", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.store.next_commit = CommitFault::full;
  const auto refused = world.get(world.engine->start_run(world.request("two")));
  REQUIRE_FALSE(refused.has_value());
  for (int second = 0; second < 60; ++second) {
    CHECK(world.engine->health() == runtime::Health::degraded);
    CHECK_FALSE(world.engine->health_detail().empty());
    world.advance(1'000);
  }
  world.store.next_commit = CommitFault::none;
  world.advance(2'000);  // nobody asks anything of it: it finds out by itself
  CHECK(world.engine->health() == runtime::Health::ready);
  CHECK(world.result(world.start("two")).ended);
}

TEST_CASE("who waits when the node stops hears that the run is kept", "[runtime]") {
  World world;
  world.deploy(document("sleeper", "do:\n  - nap: {wait: {hours: 1}}\n"));
  const auto id = world.start("sleeper");
  const auto waiting = world.begin(world.engine->wait(id, runtime::Until::ended, 600'000));
  world.settle();
  REQUIRE_FALSE(waiting->has_value());
  auto stop = [](runtime::Engine& engine) -> boost::asio::awaitable<bool> {
    co_await engine.stop(1'000);
    co_return true;
  };
  const auto stopped = world.begin(stop(*world.engine));
  world.advance(2'000);
  REQUIRE(stopped->has_value());
  const auto check = [&](const Result<runtime::WaitResult>& heard) {
    REQUIRE_FALSE(heard.has_value());
    CHECK(heard.error().code == ErrorCode::unavailable);
    CHECK(heard.error().retry_after_seconds > 0);
    CHECK_THAT(heard.error().detail, Catch::Contains("This node is stopping") &&
                                         Catch::Contains("Run " + id.text() + " keeps its id"));
    CHECK_THAT(heard.error().detail, !Catch::Contains("artition"));
  };
  REQUIRE(waiting->has_value());
  check(**waiting);
  check(world.get(world.engine->wait(id, runtime::Until::ended, 600'000)));
}

TEST_CASE("what was asked of an engine is answered or dropped when the engine goes first",
          "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  const auto id = world.start("two");
  auto& engine = *world.engine;
  auto waiting = engine.wait(id, runtime::Until::ended, 1'000);
  auto reading = engine.read(id);
  auto delivering = engine.deliver(ping(1), "api");
  auto replaying = engine.replay_event(1, ping(1));
  auto rewinding = engine.rewind(id, "first", {});
  auto stopping = engine.stop(1'000);
  world.engine.reset();
  // Only now are they resumed for the first time.
  CHECK_FALSE(world.get(std::move(waiting)).has_value());
  CHECK_FALSE(world.get(std::move(reading)).has_value());
  CHECK_FALSE(world.get(std::move(delivering)).has_value());
  CHECK_FALSE(world.get(std::move(replaying)).has_value());
  CHECK_FALSE(world.get(std::move(rewinding)).has_value());
  boost::asio::co_spawn(world.io, std::move(stopping),
                        [](std::exception_ptr error) { REQUIRE_FALSE(error); });
  world.advance(2'000);
}
