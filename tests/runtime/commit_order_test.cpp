#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

TEST_CASE("a start is answered only after its commit", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.store.next_commit = CommitFault::before;
  const auto refused = world.get(world.engine->start_run(world.request("two")));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(world.steps.attempts.empty());
}

TEST_CASE("n sequential activities cost n + 1 commits, each before its request", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.log.clear();
  const auto id = world.start("two");
  CHECK(world.log == std::vector<std::string>{"commit", "call /do/0/first", "commit",
                                              "call /do/1/second", "commit"});
  CHECK(world.result(id).status == machine::Status::completed);
  CHECK(*world.result(id).response == Json{{"n", 2}});
}

TEST_CASE("an operation of the store rides in the commit of its intent", "[runtime]") {
  World world;
  world.deploy(document("put", R"(do:
  - keep: {call: records.put, with: {collection: c, key: k, value: 1}}
)"));
  world.log.clear();
  const auto id = world.start("put");
  CHECK(world.log == std::vector<std::string>{"operation records.put", "commit", "commit"});
  CHECK(world.result(id).status == machine::Status::completed);
}

TEST_CASE("an instance whose commit failed goes on from the store", "[runtime]") {
  const auto side = GENERATE(CommitFault::before, CommitFault::after, CommitFault::full);
  World world;
  world.deploy(document("two", two_steps));
  world.steps.hold = true;
  const auto id = world.start("two");
  world.store.next_commit = side;
  world.steps.let_go(Json{{"n", 1}});
  world.settle();
  CHECK(world.engine->health() == runtime::Health::degraded);
  world.store.next_commit = CommitFault::none;
  world.steps.hold = false;
  world.advance(2'000);
  CHECK(world.engine->health() == runtime::Health::ready);
  CHECK(world.result(id).status == machine::Status::completed);
  // Whatever was repeated was repeated under its first key.
  std::set<std::string> keys;
  for (const auto& attempt : world.steps.attempts) keys.insert(attempt.idempotency_key);
  CHECK(keys.size() == 2);
}

TEST_CASE("a full disk says so, and the next start succeeds", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.store.next_commit = CommitFault::full;
  const auto refused = world.get(world.engine->start_run(world.request("two")));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().detail.find("no room") != std::string::npos);
  world.store.next_commit = CommitFault::none;
  world.advance(1'000);
  CHECK(world.result(world.start("two")).ended);
}

TEST_CASE("a fenced partition tells nobody anything and starts nothing", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.store.fence();
  const auto refused = world.get(world.engine->start_run(world.request("two")));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(world.steps.attempts.empty());
  CHECK(world.engine->stats().partitions == 0);
}

TEST_CASE("a restart sends an open intent again under the same key", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.steps.hold = true;
  const auto id = world.start("two");
  world.crash();
  world.steps.hold = false;
  world.boot();
  REQUIRE(world.steps.attempts.size() == 3);
  CHECK(world.steps.attempts[0].idempotency_key == world.steps.attempts[1].idempotency_key);
  CHECK(world.steps.attempts[1].unsettled);
  CHECK(world.result(id).status == machine::Status::completed);
}

TEST_CASE("without a key that protects, an unknown outcome is looked for first", "[runtime]") {
  World world{0};
  world.deploy(document("two", two_steps));
  world.steps.hold = true;
  const auto id = world.start("two");
  world.crash();
  world.steps.hold = false;
  world.log.clear();
  SECTION("what is found is adopted") {
    world.steps.found.found = runtime::Reconciliation::Found::adopted;
    world.steps.found.object = Json{{"found", true}};
    world.boot();
    CHECK(world.log[0] == "look /do/0/first");
    CHECK(world.log[2] == "call /do/1/second");
    CHECK(world.result(id).ended);
  }
  SECTION("what is proven absent is asked for again") {
    world.steps.found.found = runtime::Reconciliation::Found::absent;
    world.boot();
    CHECK(world.log[0] == "look /do/0/first");
    CHECK(world.log[1] == "call /do/0/first");
    CHECK(world.result(id).ended);
  }
  SECTION("what nobody knows is not repeated") {
    world.boot();
    world.advance(600'000);
    CHECK(std::ranges::count(world.log, "call /do/0/first") == 0);
    CHECK_FALSE(world.result(id).ended);
  }
}
