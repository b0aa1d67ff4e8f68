// A second node joins: partitions go to it one at a time, each after what is in flight there.
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;
using runtime::Engine;

namespace {

constexpr PartitionId all_partitions = 8;
constexpr PartitionId given_first = all_partitions - 1;  // partition 0 goes last
constexpr DurationMs step_ms = 10;
constexpr DurationMs drain_ms = 2'000;  // how long a partition waits for what is in flight

/// One node with all partitions and a call in flight in the one that it gives first, and a node that
/// has just joined.
struct Handover {
  Handover() {
    world.share(all_partitions);
    world.deploy(document("one", "do:\n  - only: {call: test.step, with: {n: 1}}\n"));
    // Starts go round.
    for (PartitionId i = 0; i < all_partitions && held.partition() != given_first - 1; ++i)
      held = world.start("one");
    world.steps.hold = true;
    held = world.start("one");
    REQUIRE(held.partition() == given_first);
    REQUIRE(world.steps.held.size() == 1);
    giver = owner_of(given_first);
    other = world.make_engine();
    REQUIRE(other->start().has_value());
    world.settle();
  }
  ~Handover() {
    other.reset();
    world.settle();
  }
  [[nodiscard]] std::string owner_of(PartitionId id) const {
    return world.store.shared_leases().owner(id);
  }
  /// Partitions that no node works on.
  [[nodiscard]] std::size_t without_owner() const {
    const std::size_t theirs = other ? other->stats().partitions : 0;
    return all_partitions - world.engine->stats().partitions - theirs;
  }
  /// Looks at every moment; false when `until` did not come about within `most`.
  template <class Until>
  bool watch(DurationMs most, const Until& until) {
    for (DurationMs passed = 0; passed <= most; passed += step_ms) {
      longest_gap = std::max(longest_gap, without_owner());
      if (until()) return true;
      world.advance(step_ms);
    }
    return false;
  }
  [[nodiscard]] bool fairly_shared() const {
    return world.engine->stats().partitions == all_partitions / 2 &&
           other->stats().partitions == all_partitions / 2;
  }

  mutable World world;
  std::unique_ptr<Engine> other;
  InstanceId held;
  std::string giver;
  std::size_t longest_gap = 0;  // the most partitions that were without an owner at one moment
};

}  // namespace

TEST_CASE("a partition goes to a node that joins after the call that is in flight there",
          "[cluster]") {
  Handover handover;
  World& world = handover.world;
  REQUIRE(handover.watch(3'000, [&] { return handover.without_owner() == 1; }));
  // For as long as the call is out nothing moves: not this partition, and no other beside it.
  CHECK_FALSE(handover.watch(drain_ms - 500, [&] { return handover.without_owner() != 1; }));
  CHECK(handover.owner_of(given_first) == handover.giver);
  world.steps.hold = false;
  world.steps.let_go(Json::object());
  REQUIRE(handover.watch(10'000, [&] { return handover.owner_of(given_first) != handover.giver; }));
  CHECK(world.store.status_of(handover.held) == "completed");
  REQUIRE(handover.watch(20'000, [&] { return handover.fairly_shared(); }));
  CHECK(handover.longest_gap == 1);
  CHECK(world.steps.attempts.size() == world.store.instances().size());
}

TEST_CASE("a call that does not end holds its partition no longer than the drain time",
          "[cluster]") {
  Handover handover;
  World& world = handover.world;
  world.steps.found.found = runtime::Reconciliation::Found::absent;
  REQUIRE(handover.watch(3'000, [&] { return handover.without_owner() == 1; }));
  const Timestamp begun = world.clock.at;
  REQUIRE(handover.watch(10'000, [&] { return handover.owner_of(given_first) != handover.giver; }));
  CHECK(world.clock.at - begun >= drain_ms - step_ms);
  CHECK(world.clock.at - begun <= drain_ms + 1'000);
  world.steps.hold = false;
  REQUIRE(handover.watch(20'000, [&] { return handover.fairly_shared(); }));
  CHECK(handover.longest_gap == 1);
  // What was in flight is the next owner's to find out; the answer that comes late is nobody's.
  world.steps.let_go(Json{{"late", true}});
  world.advance(5'000);
  CHECK(world.store.status_of(handover.held) == "completed");
  REQUIRE(world.steps.attempts.size() >= 2);
  CHECK(world.steps.attempts.back().idempotency_key ==
        world.steps.attempts[world.steps.attempts.size() - 2].idempotency_key);
}

TEST_CASE("a node that joins and dies at once leaves no more than one partition without an owner",
          "[cluster]") {
  Handover handover;
  World& world = handover.world;
  handover.other.reset();  // the giver counts it until its lease has run out
  world.steps.hold = false;
  world.steps.let_go(Json::object());
  REQUIRE(handover.watch(3'000, [&] { return handover.without_owner() == 1; }));
  REQUIRE(handover.watch(10'000, [&] { return handover.without_owner() == 0; }));
  CHECK(handover.longest_gap == 1);
  CHECK(world.store.status_of(handover.held) == "completed");
}
