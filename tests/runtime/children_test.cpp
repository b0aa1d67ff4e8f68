// Parents and children at every moment of a child's start.
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

const std::string waiting_parent = R"(do:
  - sub: {run: {workflow: {namespace: test, name: two, version: 1.0.0, input: {}}}}
)";
const runtime::Engine::Action mends{.reason = "mend", .by = "op"};

/// A parent that has faulted because its child has: its first step was refused.
InstanceId begin_faulted(World& world) {
  world.deploy(document("two", two_steps));
  world.deploy(document("parent", waiting_parent));
  world.steps.failure = {
      .outcome = machine::Outcome::permanent,
      .problem = machine::make_problem(machine::ErrorKind::communication, "refused")};
  const auto id = world.start("parent");
  REQUIRE(world.store.status_of(id) == "faulted");
  REQUIRE(world.store.children(id).size() == 1);
  return id;
}

constexpr int moments = 40;  // a child's start and its first call take fewer

/// A parent whose start is durable, `moment` steps of the event loop after its caller heard of it.
InstanceId begin_parent(World& world, int moment) {
  world.deploy(document("two", two_steps));
  world.deploy(document("parent", waiting_parent));
  world.steps.hold = true;
  const auto started = world.begin(world.engine->start_run(world.request("parent")));
  world.io.restart();
  while (!started->has_value()) REQUIRE(world.io.poll_one() == 1);
  REQUIRE((*started)->has_value());
  for (int i = 0; i < moment; ++i) world.io.poll_one();
  return (**started)->id;
}

}  // namespace

TEST_CASE("a parent's cancellation reaches its child at whatever moment it comes", "[runtime]") {
  int children = 0;
  for (int moment = 0; moment < moments; ++moment) {
    CAPTURE(moment);
    World world;
    const auto id = begin_parent(world, moment);
    REQUIRE(world.get(world.engine->cancel(id, {.reason = "no", .by = "op"})).has_value());
    world.crash();  // what it means for the child must be durable with it
    world.boot();
    CHECK(world.store.status_of(id) == "cancelled");
    for (const auto& child : world.store.children(id)) {
      ++children;
      CHECK(world.store.status_of(child) == "cancelled");
    }
  }
  CHECK(children > 0);
}

TEST_CASE("a parent's suspension reaches its child at whatever moment it comes", "[runtime]") {
  int children = 0;
  for (int moment = 0; moment < moments; ++moment) {
    CAPTURE(moment);
    World world;
    const auto id = begin_parent(world, moment);
    REQUIRE(world.get(world.engine->suspend(id, {.reason = "look", .by = "op"})).has_value());
    for (const auto& child : world.store.children(id)) {
      ++children;
      CHECK(world.store.status_of(child) == "suspended");
    }
    world.steps.hold = false;
    world.steps.let_go(Json{{"n", 1}});
    world.settle();
    CHECK_FALSE(world.result(id).ended);
    REQUIRE(world.get(world.engine->resume(id, {.reason = "on", .by = "op"})).has_value());
    CHECK(world.result(id).status == machine::Status::completed);
  }
  CHECK(children > 0);
}

TEST_CASE("a child that is being started when its parent's task times out ends too", "[runtime]") {
  for (int moment = 0; moment < moments; ++moment) {
    CAPTURE(moment);
    World world;
    world.deploy(document("two", two_steps));
    world.deploy(document("parent", R"(do:
  - guarded:
      try:
        - sub:
            run: {workflow: {namespace: test, name: two, version: 1.0.0, input: {}}}
            timeout: {after: PT1S}
      catch: {errors: {with: {status: 408}}, do: [{late: {set: {late: true}}}]}
)"));
    world.steps.hold = true;
    const auto started = world.begin(world.engine->start_run(world.request("parent")));
    world.io.restart();
    while (!started->has_value()) REQUIRE(world.io.poll_one() == 1);
    for (int i = 0; i < moment; ++i) world.io.poll_one();
    const auto id = (**started)->id;
    // The alarm rings in the middle of whatever is under way.
    world.alarms.ring_next(world.clock, world.clock.at + 1'000);
    world.advance(2'000);
    CHECK(*world.result(id).response == Json{{"late", true}});
    for (const auto& child : world.store.children(id))
      CHECK(world.store.status_of(child) == "cancelled");
  }
}

TEST_CASE("a parent that goes back goes on with the child it had", "[runtime]") {
  int children = 0;
  for (int moment = 0; moment < moments; ++moment) {
    CAPTURE(moment);
    World world;
    const auto id = begin_parent(world, moment);
    const auto gone_back =
        world.get(world.engine->rewind(id, "sub", {.reason = "again", .by = "op"}));
    world.crash();
    world.boot();
    world.steps.hold = false;
    world.steps.let_go(Json{{"n", 1}});
    world.settle();
    if (!gone_back) CHECK(gone_back.error().code == ErrorCode::wrong_state);
    CHECK(world.result(id).status == machine::Status::completed);
    children += static_cast<int>(world.store.children(id).size());
    for (const auto& child : world.store.children(id))
      CHECK(world.store.status_of(child) == "completed");
  }
  CHECK(children == moments);
}

TEST_CASE("a faulted child ends when its parent's task is edited or skipped", "[runtime]") {
  World world;
  const auto id = begin_faulted(world);
  const auto child = world.store.children(id).front();
  world.steps.failure.reset();
  std::size_t calls = world.steps.attempts.size();
  SECTION("edited: another takes its place") {
    REQUIRE(world.get(world.engine->retry(id, "sub", Json{{"n", 2}}, mends)).has_value());
    CHECK(world.store.children(id).size() == 2);
    CHECK(world.store.status_of(id) == "completed");
    calls += 2;
  }
  SECTION("skipped") {
    REQUIRE(world.get(world.engine->skip(id, "sub", Json{{"n", 1}}, mends)).has_value());
    CHECK(world.store.status_of(id) == "completed");
  }
  SECTION("or when its parent is terminated") {
    REQUIRE(world.get(world.engine->terminate(id, mends)).has_value());
    CHECK(world.store.status_of(id) == "cancelled");
  }
  world.crash();
  world.boot();
  CHECK(world.store.status_of(child) == "cancelled");
  CHECK_FALSE(world.get(world.engine->retry(child, "", {}, mends)).has_value());
  CHECK(world.steps.attempts.size() == calls);
}

TEST_CASE("a faulted child's own faulted child ends with it", "[runtime]") {
  World world;
  begin_faulted(world);
  world.deploy(document("grandparent", R"(do:
  - run: {run: {workflow: {namespace: test, name: parent, version: 1.0.0, input: {}}}}
)"));
  const auto id = world.start("grandparent");
  const auto middle = world.store.children(id).front();
  const auto last = world.store.children(middle).front();
  REQUIRE(world.store.status_of(last) == "faulted");
  REQUIRE(world.get(world.engine->skip(id, "run", Json{{"n", 1}}, mends)).has_value());
  CHECK(world.store.status_of(middle) == "cancelled");
  CHECK(world.store.status_of(last) == "cancelled");
}

TEST_CASE("a child that was retried by itself has no other beside it", "[runtime]") {
  World world;
  const auto id = begin_faulted(world);
  const auto child = world.store.children(id).front();
  world.steps.failure.reset();
  world.steps.hold = GENERATE(false, true);
  REQUIRE(world.get(world.engine->retry(child, "", {}, mends)).has_value());
  const auto edited = world.get(world.engine->retry(id, "sub", Json{{"n", 2}}, mends));
  REQUIRE_FALSE(edited.has_value());
  CHECK(edited.error().code == ErrorCode::wrong_state);
  CHECK(edited.error().detail.find(child.text()) != std::string::npos);
  world.steps.hold = false;
  world.steps.let_go(Json{{"n", 1}});
  world.settle();
  REQUIRE(world.get(world.engine->retry(id, "sub", {}, mends)).has_value());
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 1);
}

TEST_CASE("a parent that goes back after an edit goes on with the child of the edit", "[runtime]") {
  World world;
  const auto id = begin_faulted(world);
  REQUIRE(world.get(world.engine->retry(id, "sub", Json{{"n", 2}}, mends)).has_value());
  REQUIRE(world.store.status_of(id) == "faulted");
  REQUIRE(world.store.children(id).size() == 2);
  world.steps.failure.reset();
  REQUIRE(world.get(world.engine->rewind(id, "sub", mends)).has_value());
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 2);
}
