#pragma once
// One seed, one world: nodes that crash, a disk that fails, a network that loses and repeats,
// operators who interfere; then calm, in which everything must come to its end. The real runtime
// runs in it, in one thread. The same seed gives the same trace.
#include <cstdint>
#include <string>
#include <vector>

#include "simulation/notebook.hpp"

namespace sequent::simulation {

struct SeedOptions {
  std::uint64_t seed = 1;
  int runs = 8;  // starts by callers; children and events start more
  // Operators also skip tasks and go back to earlier ones. Seeds found before they did need them
  // not to: another draw makes another world.
  bool rewinds = true;
  // Several nodes share the store, come and go, and any of them is asked. Without, one node has a
  // store of its own: seeds found before there were clusters need it.
  bool cluster = true;
  // Callers also start with business keys, a node alone has schedules too, and clocks are set while
  // nodes run. Seeds found before need them not to.
  bool keys_and_times = true;
  // The provider is out of order for minutes, and nodes park what they would have sent it. Without,
  // nothing is ever parked: seeds found before need it.
  bool outages = true;
  // Most workflows have a second version, and operators move runs from one to the other. Without,
  // each has one: seeds found before need it.
  bool migrations = true;
  // Workflows say what undoes their calls, and operators cancel their runs at the worst moments.
  // Without, nothing is undone: seeds found before need it.
  bool undoing = true;
};

struct SeedOutcome {
  std::uint64_t seed = 0;
  std::string digest;  // of the trace
  std::vector<Breach> breaches;
  std::vector<std::string> trace;
  std::uint64_t steps = 0;
  int lives = 0;  // of nodes
  std::size_t runs = 0, objects = 0, completed = 0, faulted = 0, cancelled = 0, moves = 0;
  std::size_t undone = 0;  // effects
};

[[nodiscard]] SeedOutcome simulate(const SeedOptions& options);

}  // namespace sequent::simulation
