// Versions that are deleted: what starts, what goes on, what has the schedule.
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;
using runtime::Deletion;
using runtime::Engine;

namespace {

constexpr DurationMs minute = 60'000, hour = 60 * minute;
const std::string listens = "do:\n  - hear: {listen: {to: {one: {with: {type: test.ping}}}}}\n";

std::string version(const std::string& name, const std::string& number, const std::string& rest) {
  return "document: {dsl: 1.0.3, namespace: test, name: " + name + ", version: " + number + "}\n" +
         rest;
}

Deletion remove(World& world, const std::string& name, const std::string& number,
                bool confirmed = false) {
  const auto deletion = world.get(
      world.engine->delete_definition(definition::WorkflowRef{"test", name, number}, confirmed));
  if (!deletion) FAIL(deletion.error().detail);
  return *deletion;
}

std::size_t runs_of(const World& world, const std::string& number) {
  std::size_t count = 0;
  for (const auto& id : world.store.instances())
    count += world.store.start_of(id).version == number;
  return count;
}

}  // namespace

TEST_CASE("a version is deleted when its runs have ended, and they can be read", "[runtime]") {
  World world;
  world.deploy(version("hears", "1.0.0", listens));
  const auto run = world.start("hears");
  CHECK(remove(world, "hears", "1.0.0").live == runtime::LiveRuns{{"waiting", 1}});
  CHECK(world.engine->program(definition::WorkflowRef{"test", "hears", "1.0.0"}));
  REQUIRE(world.get(world.engine->cancel(run, {.reason = "enough"})));
  const auto digest = world.engine->programs().front()->digest;
  CHECK(remove(world, "hears", "1.0.0").done);
  const auto check = [&] {
    CHECK(world.engine->programs().empty());
    CHECK_FALSE(world.engine->program(definition::WorkflowRef{"test", "hears", "1.0.0"}));
    CHECK(world.get(world.engine->start_run(world.request("hears"))).error().code ==
          ErrorCode::not_found);
    CHECK(world.engine->program(digest));
    CHECK(world.get(world.engine->read(run))->view.status == machine::Status::cancelled);
  };
  check();
  world.crash();
  world.boot();
  check();
  const auto again = world.get(world.engine->delete_definition({"test", "hears", "1.0.0"}, true));
  CHECK(again.error().code == ErrorCode::not_found);
  // Deployed once more it is there again, for the run too.
  world.deploy(version("hears", "1.0.0", listens));
  CHECK(world.engine->programs().size() == 1);
  world.start("hears");
  CHECK(remove(world, "hears", "1.0.0").live == runtime::LiveRuns{{"waiting", 1}});
}

TEST_CASE("what a deletion changes beside the version is confirmed first", "[runtime]") {
  World world;
  const std::string hourly = "schedule: {every: {hours: 1}}\n" + two_steps;
  world.deploy(version("tick", "1.0.0", hourly));
  world.deploy(version("tick", "1.1.0", hourly));
  world.deploy(version("parent", "1.0.0",
                       "do:\n  - sub: {run: {workflow: {namespace: test, name: tick, version: "
                       "1.1.0, input: {}}}}\n"));
  const auto asked = remove(world, "tick", "1.1.0");
  CHECK_FALSE(asked.done);
  std::string all;
  for (const auto& effect : asked.effects) all += effect + "\n";
  CHECK_THAT(all, Catch::Contains("test/tick:1.0.0 is the highest version") &&
                      Catch::Contains("schedule of test/tick:1.0.0 begins anew") &&
                      Catch::Contains("test/parent:1.0.0 runs it as a child (/do/0/sub)"));
  CHECK(world.engine->programs().size() == 3);
  // An older version changes nothing for anybody.
  CHECK(remove(world, "tick", "1.0.0").effects.empty());
}

TEST_CASE("the version below gets the schedule back, and makes up for nothing", "[runtime]") {
  World world;
  world.clock.at += hour - world.clock.at % hour + minute;  // a minute past an hour
  const std::string hourly = GENERATE(as<std::string>{}, "schedule: {cron: '0 * * * *'}\n",
                                      "schedule: {every: {hours: 1}}\n");
  world.deploy(version("tick", "1.0.0", hourly + two_steps));
  world.advance(hour);
  world.deploy(version("tick", "1.1.0", hourly + two_steps));
  world.advance(2 * hour);
  REQUIRE(runs_of(world, "1.0.0") == 1);
  REQUIRE(runs_of(world, "1.1.0") == 2);
  world.advance(5 * minute);
  REQUIRE(remove(world, "tick", "1.1.0", true).done);
  const bool crash = GENERATE(false, true);
  if (crash) {
    world.crash();
    world.boot();
  }
  world.advance(minute);
  CHECK(runs_of(world, "1.0.0") == 1);  // what was due before was the other version's
  world.advance(hour);
  CHECK(runs_of(world, "1.0.0") == 2);
  CHECK(runs_of(world, "1.1.0") == 2);
}

TEST_CASE("nodes forget what one of them deletes, and a run that slipped in goes on", "[cluster]") {
  World world;
  world.share(4);
  auto other = world.join();
  world.deploy(version("hears", "1.0.0", listens));
  world.advance(2'000);
  REQUIRE(other->programs().size() == 1);
  // No note comes: the other node does not know yet, and a caller starts there.
  world.store.notes().carry_by([](const std::string&, const std::function<void()>&) {});
  REQUIRE(remove(world, "hears", "1.0.0").done);
  const auto late = world.get(other->start_run(world.request("hears")));
  REQUIRE(late.has_value());
  world.advance(3'000);
  CHECK(other->programs().empty());
  CHECK(world.get(other->start_run(world.request("hears"))).error().code == ErrorCode::not_found);
  const Json ping{{"specversion", "1.0"}, {"id", "1"}, {"source", "/test"}, {"type", "test.ping"}};
  CHECK(world.get(world.engine->deliver(ping, "api"))->runs == 1);
  world.advance(3'000);
  CHECK(world.store.status_of(late->id) == "completed");
  other.reset();
  world.settle();
}
