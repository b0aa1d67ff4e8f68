// W3: 64 callers at once, each waiting for its run: latency under a load that does not saturate.
#include "bench/workloads/callers.hpp"
#include "bench/workloads/workloads.hpp"

namespace sequent::bench {

bool w3_sixty_four_callers(const Options& options) {
  Node node(options, five_steps());
  (void)drive(node, {.runs = std::max(100, options.runs / 20), .callers = 64});  // warm
  const Load load{.runs = std::max(500, options.runs / 2), .callers = 64};
  auto measured = drive(node, load);
  print("W3", load, 5, measured);
  return measured.failed == 0;
}

}  // namespace sequent::bench
