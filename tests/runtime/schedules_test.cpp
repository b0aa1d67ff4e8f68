// Schedules under a clock that only moves when told.
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

constexpr DurationMs minute = 60'000, hour = 60 * minute;
const std::string hourly = "schedule: {cron: '0 * * * *'}\n" + two_steps;
const std::string every_hour = "schedule: {every: {hours: 1}}\n" + two_steps;

std::size_t runs(const World& world) {
  return world.store.instances().size();
}

}  // namespace

TEST_CASE("a schedule starts one run at each of its times", "[runtime]") {
  World world;
  world.clock.at += hour - world.clock.at % hour + minute;  // a minute past an hour
  world.deploy(document("tick", GENERATE(as<std::string>{}, hourly, every_hour)));
  CHECK(runs(world) == 0);
  world.advance(hour);
  CHECK(runs(world) == 1);
  world.advance(3 * hour);
  CHECK(runs(world) == 4);
  for (const auto& id : world.store.instances()) CHECK(world.store.status_of(id) == "completed");
}

TEST_CASE("of the times that an outage took, the last one is made up for, once", "[runtime]") {
  World world;
  world.clock.at += hour - world.clock.at % hour + minute;
  world.deploy(document("tick", GENERATE(as<std::string>{}, hourly, every_hour)));
  world.advance(2 * hour);
  REQUIRE(runs(world) == 2);
  world.crash();
  world.clock.at += 10 * hour + 7 * minute;
  world.boot();
  world.advance(1);
  CHECK(runs(world) == 3);
  for (int i = 0; i < 3; ++i) {
    world.crash();
    world.boot();
    world.advance(1);
  }
  CHECK(runs(world) == 3);
  world.advance(hour);
  CHECK(runs(world) == 4);
}

TEST_CASE("a crash between a time and its start neither loses nor doubles it", "[runtime]") {
  World world;
  world.clock.at += hour - world.clock.at % hour + minute;
  world.deploy(document("tick", GENERATE(as<std::string>{}, hourly, every_hour)));
  const auto fault = GENERATE(CommitFault::before, CommitFault::after, CommitFault::full);
  world.store.next_commit = fault;
  world.advance(hour);
  world.crash();
  world.store.next_commit = CommitFault::none;
  world.clock.at += minute;
  world.boot();
  world.advance(1);
  CHECK(runs(world) == 1);
  world.advance(hour);
  CHECK(runs(world) == 2);
}

TEST_CASE("a store that fails at a schedule's time delays its start and makes one", "[runtime]") {
  World world;
  world.clock.at += hour - world.clock.at % hour + minute;
  world.deploy(document("tick", hourly));
  world.store.next_commit = GENERATE(CommitFault::before, CommitFault::after, CommitFault::full);
  world.advance(hour + minute);
  world.store.next_commit = CommitFault::none;
  world.advance(minute);
  CHECK(runs(world) == 1);
}

TEST_CASE("the next run begins a while after the last one ended", "[runtime]") {
  World world;
  world.steps.hold = true;
  world.deploy(document("again",
                        "schedule: {after: {minutes: 5}}\ndo:\n"
                        "  - only: {call: test.step, with: {n: 1}}\n"));
  world.advance(1);
  REQUIRE(runs(world) == 1);  // the first when it is deployed
  world.advance(10'000);
  world.steps.let_go(Json::object());
  world.settle();
  world.advance(5 * minute - 1'000);
  CHECK(runs(world) == 1);
  SECTION("undisturbed") {
    world.advance(2'000);
  }
  SECTION("through a crash") {
    world.crash();
    world.boot();
    CHECK(runs(world) == 1);
    world.advance(2'000);
  }
  SECTION("after an outage: once") {
    world.crash();
    world.clock.at += hour;
    world.boot();
    world.advance(1'000);
  }
  CHECK(runs(world) == 2);
  world.advance(20'000);
  CHECK(runs(world) == 2);  // the second is under way
}

// Ids begin with the time of the start: the newest id is not the last run then.
TEST_CASE("the next run follows the last one though the clock was set back", "[runtime]") {
  World world;
  world.steps.hold = true;
  world.deploy(document("again",
                        "schedule: {after: {minutes: 5}}\ndo:\n"
                        "  - only: {call: test.step, with: {n: 1}}\n"));
  world.advance(1);
  REQUIRE(runs(world) == 1);
  world.clock.at -= hour;
  world.steps.let_go(Json::object());
  world.settle();
  world.steps.hold = false;
  const bool crash = GENERATE(false, true);
  CAPTURE(crash);
  for (std::size_t count = 2; count <= 6; ++count) {
    world.advance(5 * minute + 1);
    CHECK(runs(world) == count);
    if (!crash) continue;
    world.crash();
    world.boot();
  }
}
