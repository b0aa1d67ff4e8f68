// What a node does by itself while nobody asks anything of it.
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

constexpr DurationMs long_lease = 600'000;

Json old_ping(int number) {
  return Json{{"specversion", "1.0"},
              {"id", std::to_string(number)},
              {"source", "/test"},
              {"type", "test.ping"}};
}

}  // namespace

TEST_CASE("leases are renewed at a third of their time and no more often", "[runtime]") {
  World world;
  world.reboot([](auto& config) { config.lease_ttl_ms = long_lease; });
  const int before = world.store.acquires;
  world.advance(199'000);
  CHECK(world.store.acquires == before);
  world.advance(2'000);
  CHECK(world.store.acquires == before + 1);
  world.advance(long_lease);
  CHECK(world.store.acquires == before + 4);
}

TEST_CASE("a node that lost its leases to a broken store has them back within a second of it",
          "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.reboot([](auto& config) { config.lease_ttl_ms = long_lease; });
  world.store.leases_fail = true;
  world.advance(2 * long_lease);
  const auto refused = world.begin(world.engine->start_run(world.request("two")));
  world.settle();
  REQUIRE(refused->has_value());
  REQUIRE_FALSE((*refused)->has_value());
  CHECK((*refused)->error().code == ErrorCode::unavailable);
  world.store.leases_fail = false;
  world.advance(6'000);  // the renewal, and the partition's own pause before it tries again
  CHECK(world.result(world.start("two")).ended);
}

TEST_CASE("all events that expired are let go of, however many they are", "[runtime]") {
  constexpr int events = 2'500;  // more than one statement takes
  World world;
  world.reboot([](auto& config) {
    config.lease_ttl_ms = long_lease;
    config.event_ttl_ms = 1'000;
  });
  for (int i = 0; i < events; ++i)
    REQUIRE(world.get(world.engine->deliver(old_ping(i), "api"))->held);
  CHECK(world.store.held_events() == events);
  world.advance(201'000);
  CHECK(world.store.held_events() == 0);
}
