// W1 by one node and by two on one store, each node on a processor of its own: what a second node adds
// while the database still has processors to spare. PostgreSQL is best kept off the first two
// processors (taskset -c 2-).
#include "bench/workloads/two_nodes.hpp"

#include <sched.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "bench/workloads/callers.hpp"
#include "bench/workloads/child.hpp"
#include "bench/workloads/figures.hpp"

namespace sequent::bench {
namespace {

constexpr auto between_checks = std::chrono::milliseconds(5);
constexpr double start_patience_s = 60;
const char* const go = "go";

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

template <class Condition>
void await_that(const Condition& condition, const std::string& what) {
  const auto start = SteadyClock::now();
  while (!condition()) {
    if (seconds_since(start) > start_patience_s) give_up(what + " took too long");
    std::this_thread::sleep_for(between_checks);
  }
}

void stay_on(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(processor), &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) give_up("there is no such processor");
}

double runs_per_second(const Options& options, int nodes) {
  std::filesystem::remove(options.folder / go);
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < nodes; ++i) {
    const std::vector<std::string> arguments{
        "--share",         options.folder.string(),
        options.store,     "node-" + std::to_string(nodes) + std::to_string(i),
        std::to_string(i), std::to_string(options.runs / nodes)};
    children.push_back(std::make_unique<Child>(arguments));
    if (children.back()->line() != "ready") give_up("a node did not start");
  }
  std::ofstream{options.folder / go} << nodes;
  double sum = 0;
  for (const auto& child : children) {
    const auto line = child->line();
    if (!line || !line->starts_with("did ")) give_up("a node did not finish");
    sum += std::stod(line->substr(4));
  }
  return sum;
}

}  // namespace

int share_the_store(Options options, const std::string& name, int processor) {
  stay_on(processor);
  options.node = name;
  Node node(options, five_steps());
  await_that([&] { return node.engine().stats().partitions > 0; }, "getting partitions");
  say("ready");
  await_that([&] { return std::filesystem::exists(options.folder / go); }, "the start");
  (void)drive(node, {.runs = std::max(100, options.runs / 20), .callers = 64});  // warm
  const auto measured = drive(node, {.runs = options.runs, .callers = 300});
  if (measured.failed > 0) give_up(std::to_string(measured.failed) + " runs failed");
  say("did " + std::to_string(options.runs / measured.seconds));
  return 0;
}

bool two_nodes(const Options& options) {
  if (options.store.empty()) {
    std::printf("nodes: SQLite has one; give --store postgresql://…\n");
    return true;
  }
  const double one = runs_per_second(options, 1);
  const double two = runs_per_second(options, 2);
  std::printf(
      "nodes one on one processor: %.0f runs/s; two on two: %.0f runs/s, %.2f times as many\n", one,
      two, two / one);
  return true;
}

}  // namespace sequent::bench
