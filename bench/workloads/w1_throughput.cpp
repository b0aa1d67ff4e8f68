// W1: as many runs as saturate. Shows what expressions, journal and store cost.
#include <cstdio>

#include "bench/workloads/callers.hpp"
#include "bench/workloads/figures.hpp"
#include "bench/workloads/workloads.hpp"

namespace sequent::bench {

bool w1_throughput(const Options& options) {
  Node node(options, five_steps());
  (void)drive(node, {.runs = std::max(100, options.runs / 20), .callers = 64});  // warm
  const Load load{.runs = options.runs, .callers = 600};
  auto measured = drive(node, load);
  print("W1", load, 5, measured);
  std::printf("     peak memory %.0f MB\n", peak_memory_mb());
  return measured.failed == 0;
}

}  // namespace sequent::bench
