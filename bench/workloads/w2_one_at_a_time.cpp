// W2: one run at a time. Six commits that depend on each other, and the way between them.
#include "bench/workloads/callers.hpp"
#include "bench/workloads/workloads.hpp"

namespace sequent::bench {

bool w2_one_at_a_time(const Options& options) {
  Node node(options, five_steps());
  (void)drive(node, {.runs = 100, .callers = 1});  // warm
  const Load load{.runs = std::max(100, options.runs / 20), .callers = 1};
  auto measured = drive(node, load);
  print("W2", load, 5, measured);
  return measured.failed == 0;
}

}  // namespace sequent::bench
