// A provider goes and comes back: what leaves, what waits on disk, and in which order it is let go.
#include "tests/runtime_sqlite/outage_world.hpp"

using namespace sequent;
using namespace sequent::testing;

TEST_CASE("calls of a provider that is down park without an attempt, and none is lost",
          "[runtime][outages]") {
  OutageWorld world;
  world.steps.failure = refused(503);
  const auto ids = world.start_many("one", 30);
  const auto calls = world.steps.attempts.size();
  CHECK(calls >= 20);  // what it took to know
  CHECK(calls <= 30);
  world.advance(3'000);  // the back-offs of those that failed first
  CHECK(world.count("parked", "provider_open") == 30);
  const auto failed = world.steps.attempts.size();

  SECTION("a new start is accepted and parks at once, without a call") {
    const auto id = world.start("one");
    CHECK(world.steps.attempts.size() == failed);
    const auto run = world.get(world.engine->read(id));
    REQUIRE(run.has_value());
    CHECK(run->view.waiting_for.kind == "parked");
    CHECK(run->view.waiting_for.reason == "provider_open");
    CHECK(run->state.attempts == 1);
    CHECK(world.engine->stats().resident == 0);  // it costs no memory
  }
  SECTION("canaries probe ever more rarely, and burn nothing") {
    world.advance(3'600'000);
    CHECK(world.steps.attempts.size() - failed < 3 * 80);
    CHECK(world.count("parked", "provider_open") == 30);
    CHECK(world.count("parked", "retries_exhausted") == 0);
  }
  SECTION("a restart knows what was known") {
    world.restart();
    CHECK(world.start("one") != InstanceId{});
    CHECK(world.steps.attempts.size() == failed);
    world.steps.failure.reset();
    world.advance(120'000);
    CHECK(world.count("parked") == 0);
  }
  SECTION("when it is back, all of them end") {
    world.steps.failure.reset();
    world.advance(120'000);
    CHECK(world.count("parked") == 0);
    CHECK(world.completed() == 30);
    for (const auto& id : ids) CHECK(world.result(id).status == machine::Status::completed);
    // And the next one leaves without a detour.
    world.start("one");
    CHECK(world.completed() == 31);
  }
}

TEST_CASE("what is parked is let go by deadline, then by age", "[runtime][outages]") {
  OutageWorld world;
  world.config.outages.canaries = 1;
  world.reboot([](runtime::EngineConfig&) {});
  world.deploy(document("urgent", R"(do:
  - only: {call: test.step, with: {n: 1}, metadata: {mustSucceedBefore: PT1H}}
)"));
  world.deploy(document("hurried", R"(do:
  - only: {call: test.step, with: {n: 1}, metadata: {mustSucceedBefore: PT2H}}
)"));
  const auto circuit = definition::CircuitId{"test", "", "write"};
  REQUIRE(world
              .get(world.engine->change_provider(
                  circuit,
                  [](outages::Circuit& state, Timestamp now) -> Result<void> {
                    outages::open_by_hand(state, "test", "ana", 0, now);
                    return {};
                  }))
              .has_value());
  std::vector<InstanceId> order;
  const auto plain = world.start_many("one", 3);
  world.advance(10);
  const auto later = world.start_many("hurried", 3);
  world.advance(10);
  const auto urgent = world.start_many("urgent", 3);
  CHECK(world.steps.attempts.empty());
  CHECK(world.count("parked", "provider_open") == 9);
  world.advance(600'000);
  CHECK(world.steps.attempts.empty());  // a hand opened it, a hand closes it
  REQUIRE(world
              .get(world.engine->change_provider(
                  circuit,
                  [](outages::Circuit& state, Timestamp now) -> Result<void> {
                    outages::close_by_hand(state, "test", "ana", now);
                    return {};
                  }))
              .has_value());
  world.advance(60'000);
  REQUIRE(world.steps.attempts.size() == 9);
  std::vector<InstanceId> wanted;
  for (auto group : {urgent, later, plain}) {
    std::ranges::sort(group);  // of one moment: by id
    wanted.insert(wanted.end(), group.begin(), group.end());
  }
  for (const auto& attempt : world.steps.attempts) order.push_back(attempt.instance);
  CHECK(order == wanted);
  for (const auto& attempt : world.steps.attempts) CHECK(attempt.number == 1);  // the first it is
  CHECK(world.completed() == 9);
}

TEST_CASE("a refusal for being too many uses up no attempt", "[runtime][outages]") {
  OutageWorld world;
  world.steps.failure = refused(429);
  const auto id = world.start("one");
  world.advance(600'000);
  CHECK(world.steps.attempts.size() > 3);  // the policy's attempts
  CHECK(world.count("parked", "retries_exhausted") == 0);
  world.steps.failure.reset();
  world.advance(300'000);
  CHECK(world.result(id).status == machine::Status::completed);
}

TEST_CASE("a provider that says no is well", "[runtime][outages]") {
  OutageWorld world;
  world.steps.failure = refused(402, machine::Outcome::permanent);
  for (int i = 0; i < 50; ++i) world.start("one");
  CHECK(world.steps.attempts.size() == 50);
  CHECK(world.engine->stats().faulted == 50);
  world.steps.failure.reset();
  world.start("one");
  CHECK(world.completed() == 1);
}

TEST_CASE("an operator's rate holds, and what is too much for memory waits on disk",
          "[runtime][outages]") {
  OutageWorld world;
  const auto limited = world.get(
      world.engine->change_provider(definition::CircuitId{"test", "", "write"},
                                    [](outages::Circuit& state, Timestamp) -> Result<void> {
                                      state.most_per_second = 10;
                                      return {};
                                    }));
  REQUIRE(limited.has_value());
  world.start_many("one", 100);
  CHECK(world.steps.attempts.size() <= 2);
  CHECK(world.count("parked", "limit") > 50);
  world.advance(5'000);
  CHECK(world.steps.attempts.size() <= 55);
  world.advance(15'000);
  CHECK(world.completed() == 100);
  CHECK(world.count("parked") == 0);
}

TEST_CASE("how long a provider takes to answer is part of its health", "[runtime][outages]") {
  OutageWorld world;
  world.steps.hold = true;
  const auto mean = [&] {
    const auto views = world.get(world.engine->providers());
    REQUIRE(views.has_value());
    REQUIRE(views->size() == 1);
    return views->front().rates.mean_latency_ms;
  };
  for (const DurationMs took : {250, 750}) {
    world.start_many("one", 3);
    world.advance(took);
    world.steps.let_go(Json::object());
    world.settle();
  }
  CHECK(mean() == Approx(500));
  world.advance(60'000);
  CHECK(mean() == 0);  // of long ago
}

TEST_CASE("a node whose providers are well asks the store nothing about them",
          "[runtime][outages]") {
  OutageWorld world;
  world.start_many("one", 50);
  CHECK(world.completed() == 50);
  world.advance(3'000);
  const auto before = world.file->statements();
  world.advance(600'000);
  CHECK(world.file->statements() - before < 70);  // leases and the expiry of events
}
