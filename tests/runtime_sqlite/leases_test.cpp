// Nodes under a clock of their own over a real file: what an idle one asks, and what one does that
// stood still until another had its partitions.
#include "tests/runtime_sqlite/file_world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

const std::string sleeper = R"(do:
  - nap: {wait: {days: 1}}
  - after: {call: test.step, with: {n: 1}}
)";

}  // namespace

TEST_CASE("an idle node asks its file at most one statement in ten seconds", "[runtime]") {
  constexpr DurationMs hour = 3'600'000;
  FileWorld world;
  world.deploy(document("sleeper", sleeper));
  for (int i = 0; i < 200; ++i) world.start("sleeper");
  world.advance(1'000'000);
  const auto before = world.file->statements();
  world.advance(hour);
  const auto asked = world.file->statements() - before;
  CHECK(asked > 0);  // the leases are renewed all the same
  CHECK(asked <= hour / 10'000);
  CHECK(world.engine->health() == runtime::Health::ready);
  world.advance(86'400'000);
  CHECK(world.steps.attempts.size() == 200);
}

TEST_CASE("a process that follows a killed one waits for no lease, whatever its name",
          "[runtime]") {
  FileWorld world;
  world.deploy(document("sleeper", sleeper));
  const auto id = world.start("sleeper");
  world.config.node = GENERATE(std::string("node-1"), std::string("node-2"));
  world.restart();
  CHECK(world.engine->health() == runtime::Health::ready);
  CHECK(world.engine->stats().partitions == world.file->partitions());
  world.advance(86'400'000);
  CHECK(world.result(id).ended);
}

TEST_CASE("a node that stood still past its leases changes nothing once another has them",
          "[runtime]") {
  FileWorld world;
  world.deploy(document("two", two_steps));
  world.steps.hold = true;
  const auto id = world.start("two");
  REQUIRE(world.steps.held.size() == 1);
  auto late = std::move(world.steps.held.front());
  world.steps.held.clear();

  auto frozen = std::move(world.engine);
  world.config.node = "node-2";
  auto follower = world.make_engine();
  const auto too_early = follower->start();
  REQUIRE_FALSE(too_early.has_value());
  CHECK(too_early.error().code == ErrorCode::lease_held);
  world.clock.at += world.file->usual_lease_ms() + 1;  // and none of its alarms has rung
  REQUIRE(follower->start().has_value());
  world.settle();
  REQUIRE(world.steps.attempts.size() == 2);
  CHECK(world.steps.attempts[0].idempotency_key == world.steps.attempts[1].idempotency_key);
  CHECK(world.steps.attempts[1].unsettled);

  // The first one goes on: the answer to its call comes, somebody starts a run, an event arrives.
  late(Json{{"n", "late"}});
  const auto refused = world.begin(frozen->start_run(world.request("two")));
  world.settle();
  REQUIRE(refused->has_value());
  REQUIRE_FALSE((*refused)->has_value());
  CHECK((*refused)->error().code == ErrorCode::unavailable);
  CHECK(frozen->stats().partitions == 0);
  CHECK(world.steps.attempts.size() == 2);

  world.engine = std::move(follower);
  world.steps.hold = false;
  world.steps.let_go(Json{{"n", "own"}});
  world.settle();
  CHECK(world.result(id).status == machine::Status::completed);
  CHECK(world.steps.attempts.size() == 3);
  const auto page = world.file->list(runtime::RunFilter{}, "", 10);
  REQUIRE(page.has_value());
  CHECK(page->runs.size() == 1);
}
