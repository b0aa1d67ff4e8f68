// W4: three steps that are each an HTTP POST to a server which answers after 50 ms. What is in
// flight bounds the rate: callers / 150 ms.
#include <cstdio>

#include "bench/workloads/callers.hpp"
#include "bench/workloads/child.hpp"
#include "bench/workloads/workloads.hpp"

namespace sequent::bench {
namespace {

constexpr int steps = 3;
constexpr double seconds_per_step = 0.050;

std::string three_posts(const std::string& port) {
  std::string yaml = "document: {dsl: 1.0.3, namespace: bench, name: posts, version: 1.0.0}\ndo:\n";
  for (const auto* name : {"1", "2", "3"})
    yaml += std::string("  - call") + name +
            ": {call: http, with: {method: post, endpoint: 'http://127.0.0.1:" + port + "/{n}-" +
            name + "', body: {step: " + name + "}}}\n";
  return yaml;
}

}  // namespace

bool w4_http_steps(const Options& options) {
  Child server({"--answers", "50"});
  const auto port = server.line();
  if (!port) give_up("the server of W4 did not start");
  Node node(options, three_posts(*port));
  (void)drive(node, {.workflow = "posts", .runs = 256, .callers = 256});  // warm
  bool good = true;
  for (const int callers : {256, 2'000}) {
    const Load load{
        .workflow = "posts", .runs = std::max(callers, options.runs / 2), .callers = callers};
    auto measured = drive(node, load);
    print("W4", load, steps, measured);
    const double limit = callers / (steps * seconds_per_step);
    std::printf("     %.0f %% of %.0f runs/s, the limit of %d in flight\n",
                100 * load.runs / measured.seconds / limit, limit, callers);
    good = good && measured.failed == 0;
  }
  return good;
}

}  // namespace sequent::bench
