// Cancellations that undo, across crashes, and up and down the tree of runs.
#include <set>

#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

const std::string two_charges = R"(do:
  - charge: {call: test.step, with: {n: 1}, metadata: {compensate: payBack}}
  - meter: {call: test.step, with: {n: 2}, metadata: {compensate: uncount}}
  - rest: {wait: PT1H, then: end}
  - payBack: {call: test.step, with: {back: '${ .output.n }'}}
  - uncount: {call: test.step, with: {uncount: '${ .output.n }'}}
)";
const std::string charging_parent = R"(do:
  - sub: {run: {workflow: {namespace: test, name: charges, version: 1.0.0, input: {}}}}
)";
const runtime::Engine::Action left{.reason = "left", .by = "op"};

machine::Failure refused() {
  return {.outcome = machine::Outcome::permanent,
          .problem = machine::make_problem(machine::ErrorKind::communication, "refused")};
}
/// A run that rests after a charge, which a workflow of its own undoes.
InstanceId start_selling(World& world) {
  world.deploy(
      document("refund", "do:\n  - back: {call: test.step, with: {in: '${ .output }'}}\n"));
  world.deploy(document("sells", R"(do:
  - charge: {call: test.step, with: {n: 1}, metadata: {compensate: test/refund}}
  - rest: {wait: PT1H}
)"));
  return world.start("sells");
}
/// The idempotency keys that a task was called with.
std::set<std::string> keys_of(const World& world, const std::string& task) {
  std::set<std::string> keys;
  for (const auto& attempt : world.steps.attempts)
    if (attempt.task == task) keys.insert(attempt.idempotency_key);
  return keys;
}
std::ptrdiff_t place_of(const World& world, const std::string& line) {
  return std::ranges::find(world.log, line) - world.log.begin();
}

}  // namespace

TEST_CASE("a cancellation goes on where a crash has cut it off", "[runtime]") {
  constexpr int moments = 60;  // it takes fewer
  for (int moment = 0; moment < moments; ++moment) {
    CAPTURE(moment);
    World world;
    world.deploy(document("charges", two_charges));
    const auto id = world.start("charges");
    const auto asked = world.begin(world.engine->cancel(id, left));
    world.io.restart();
    for (int i = 0; i < moment; ++i) world.io.poll_one();
    world.crash();
    world.boot();
    if (world.store.status_of(id) == "waiting") {  // nobody heard that it was cancelled
      REQUIRE(world.get(world.engine->cancel(id, left)).has_value());
    }
    CHECK(world.store.status_of(id) == "cancelled");
    CHECK(keys_of(world, "/do/3/payBack").size() == 1);
    CHECK(keys_of(world, "/do/4/uncount").size() == 1);
    CHECK(place_of(world, "call /do/4/uncount") < place_of(world, "call /do/3/payBack"));
    const auto again = world.get(world.engine->cancel(id, left));
    CHECK_FALSE(again.has_value());
  }
}

TEST_CASE("a parent that is cancelled ends when its child has undone what it did", "[runtime]") {
  World world;
  world.deploy(document("charges", two_charges));
  world.deploy(document("parent", charging_parent));
  const auto id = world.start("parent");
  REQUIRE(world.store.children(id).size() == 1);
  const auto child = world.store.children(id).front();
  SECTION("at once") {
    REQUIRE(world.get(world.engine->cancel(id, left)).has_value());
    CHECK(keys_of(world, "/do/3/payBack").size() == 1);
  }
  SECTION("after a while, and a crash") {
    world.steps.hold = true;
    REQUIRE(world.get(world.engine->cancel(id, left)).has_value());
    CHECK(world.store.status_of(id) == "waiting");
    CHECK(world.store.status_of(child) == "running");
    world.crash();
    world.boot();
    CHECK(world.store.status_of(id) == "waiting");
    world.steps.hold = false;
    world.steps.let_go(Json{{"n", 1}});
    world.settle();
    CHECK(keys_of(world, "/do/4/uncount").size() == 1);
  }
  SECTION("when an operator has mended what could not be undone") {
    world.steps.failure = refused();
    REQUIRE(world.get(world.engine->cancel(id, left)).has_value());
    CHECK(world.store.status_of(child) == "faulted");
    CHECK(world.store.status_of(id) == "waiting");
    world.steps.failure.reset();
    REQUIRE(world.get(world.engine->retry(child, "", {}, left)).has_value());
  }
  SECTION("or has had enough: both end, and nothing more is undone") {
    world.steps.failure = refused();
    REQUIRE(world.get(world.engine->cancel(id, left)).has_value());
    REQUIRE(world.get(world.engine->terminate(id, left)).has_value());
    CHECK(keys_of(world, "/do/3/payBack").empty());
  }
  CHECK(world.store.status_of(child) == "cancelled");
  CHECK(world.store.status_of(id) == "cancelled");
}

TEST_CASE("terminate goes down to the children", "[runtime]") {
  World world;
  world.deploy(document("charges", two_charges));
  world.deploy(document("parent", charging_parent));
  const auto id = world.start("parent");
  REQUIRE(world.get(world.engine->terminate(id, left)).has_value());
  CHECK(world.store.status_of(id) == "cancelled");
  CHECK(world.store.status_of(world.store.children(id).front()) == "cancelled");
  CHECK(keys_of(world, "/do/3/payBack").empty());
}

TEST_CASE("a workflow that undoes is one child, whatever crashes", "[runtime]") {
  World world;
  const auto id = start_selling(world);
  world.steps.hold = true;
  REQUIRE(world.get(world.engine->cancel(id, left)).has_value());
  CHECK(world.store.status_of(id) == "waiting");
  world.crash();
  world.boot();
  world.steps.hold = false;
  world.steps.let_go(Json{{"n", 1}});
  world.settle();
  CHECK(world.store.status_of(id) == "cancelled");
  REQUIRE(world.store.children(id).size() == 1);
  CHECK(world.store.status_of(world.store.children(id).front()) == "completed");
  CHECK(keys_of(world, "/do/0/back").size() == 1);
}

TEST_CASE("of two workflows that undo the same effect one after the other, only the last can act",
          "[runtime]") {
  World world;
  const auto id = start_selling(world);
  world.steps.failure = refused();
  REQUIRE(world.get(world.engine->cancel(id, left)).has_value());
  REQUIRE(world.store.status_of(id) == "faulted");
  const auto first = world.store.children(id).front();
  const auto before = world.steps.attempts.size();
  const Json edited{{"output", {{"n", 1}}}};
  REQUIRE(world.get(world.engine->retry(id, "", edited, left)).has_value());
  CHECK(world.store.children(id).size() == 2);
  CHECK(world.store.status_of(first) == "cancelled");
  if (GENERATE(false, true)) {
    world.crash();
    world.boot();
  }
  world.steps.failure.reset();
  const auto alone = world.get(world.engine->retry(first, "", {}, left));
  REQUIRE_FALSE(alone.has_value());
  CHECK(alone.error().code == ErrorCode::wrong_state);
  REQUIRE(world.get(world.engine->retry(id, "", {}, left)).has_value());
  CHECK(world.store.status_of(id) == "cancelled");
  CHECK(world.store.children(id).size() == 2);
  CHECK(world.steps.attempts.size() == before + 2);  // refused, and undone
}

TEST_CASE("a faulted run whose business key has gone on can still be undone", "[runtime]") {
  World world;
  world.deploy(document("charges", two_charges + "timeout: {after: PT1M}\n"));
  auto order = world.request("charges");
  order.key = "order 7";
  const auto first = world.get(world.engine->start_run(order));
  REQUIRE(first.has_value());
  world.advance(61'000);
  REQUIRE(world.store.status_of(first->id) == "faulted");
  order.on_conflict = runtime::OnConflict::restart_if_faulted;
  const auto second = world.get(world.engine->start_run(order));
  REQUIRE(second.has_value());
  REQUIRE(second->id != first->id);
  CHECK_FALSE(world.get(world.engine->retry(first->id, "", {}, left)).has_value());
  REQUIRE(world.get(world.engine->cancel(first->id, left)).has_value());
  CHECK(world.store.status_of(first->id) == "cancelled");
  CHECK(world.store.status_of(second->id) == "waiting");
  CHECK(keys_of(world, "/do/3/payBack").size() == 1);
}

TEST_CASE("a request that is out when its run is cancelled is undone once it has answered",
          "[runtime]") {
  World world;
  world.deploy(document("charges", two_charges));
  world.steps.hold = true;
  const auto id = world.start("charges");
  REQUIRE(world.get(world.engine->cancel(id, left)).has_value());
  CHECK(world.store.status_of(id) == "running");
  const auto crashed = GENERATE(false, true);
  if (crashed) {
    world.crash();
    world.boot();
    CHECK(world.steps.attempts.back().unsettled);
  }
  world.steps.hold = false;
  world.steps.let_go(Json{{"n", 1}});
  world.settle();
  CHECK(world.store.status_of(id) == "cancelled");
  CHECK(keys_of(world, "/do/0/charge").size() == 1);
  CHECK(keys_of(world, "/do/3/payBack").size() == 1);
}
