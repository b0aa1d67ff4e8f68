#include <catch2/catch.hpp>

#include "simulation/simulation.hpp"

using namespace sequent;
using simulation::simulate;

namespace {

void check(std::uint64_t seed, int runs, bool rewinds) {
  const auto outcome = simulate({.seed = seed, .runs = runs, .rewinds = rewinds});
  UNSCOPED_INFO("repeat: sequent simulate --seed " << seed << " --runs " << runs << " --verbose"
                                                   << (rewinds ? "" : " --no-rewinds"));
  for (const auto& breach : outcome.breaches)
    UNSCOPED_INFO("broken: " << breach.invariant << ": " << breach.detail);
  CHECK(outcome.breaches.empty());
}

}  // namespace

TEST_CASE("no invariant breaks in any of the first seeds", "[simulation]") {
  constexpr std::uint64_t seeds = 40;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) check(seed, 6, true);
}

// They lose their meaning when the generator or the scheduler changes; what they found does not.
TEST_CASE("seeds that once failed hold", "[simulation]") {
  const auto check = [](std::uint64_t seed) { ::check(seed, 8, false); };
  check(1687);  // a node frozen past its leases sent a call that had been looking at the provider
  check(4340);  // a start was resumed after its engine had gone
  check(7938);  // a long loop of tries and events was taken for a run that stands still
  check(3065);  // a message came between a restart and the call that it was to look for
}

TEST_CASE("seeds with rewinds that once failed hold", "[simulation]") {
  check(40, 8, true);  // a parent that went back cancelled the child that it was to go on with
  check(5334, 8, true);
}

TEST_CASE("a seed gives the same trace each time", "[simulation]") {
  for (const std::uint64_t seed : {3, 14}) {
    CAPTURE(seed);
    const auto first = simulate({.seed = seed}), second = simulate({.seed = seed});
    CHECK(first.trace == second.trace);
    CHECK(first.digest == second.digest);
    CHECK(first.digest != simulate({.seed = seed + 1}).digest);
  }
}
