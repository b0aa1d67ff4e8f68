// W1: as many runs as saturate. Shows what expressions, journal and store cost.
#include <cstdio>

#include "bench/workloads/callers.hpp"
#include "bench/workloads/figures.hpp"
#include "bench/workloads/workloads.hpp"

namespace sequent::bench {

std::optional<double> w1_rate(const Options& options, const char* name) {
  Node node(options, five_steps());
  (void)drive(node, {.runs = std::max(100, options.runs / 20), .callers = 64});  // warm
  const Load load{.runs = options.runs, .callers = 600};
  auto measured = drive(node, load);
  print(name, load, 5, measured);
  if (measured.failed != 0) return std::nullopt;
  return load.runs / measured.seconds;
}

bool w1_throughput(const Options& options) {
  const bool good = w1_rate(options, "W1").has_value();
  std::printf("     peak memory %.0f MB\n", peak_memory_mb());
  return good;
}

}  // namespace sequent::bench
