// W1 by one node and by two on one store, each node on a processor of its own, and the same with more
// work for the engine: what a second node adds, and whose processors are the limit. PostgreSQL is best
// kept off the first two processors (taskset -c 2-).
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

struct Shared {
  double runs_per_second = 0;
  double nodes_busy = 0, database_busy = 0;  // processors
};

Shared run_nodes(const Options& options, const char* workflow, int nodes) {
  std::filesystem::remove(options.folder / go);
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < nodes; ++i) {
    const std::vector<std::string> arguments{
        "--share",         options.folder.string(),
        options.store,     std::string{workflow} + "-" + std::to_string(nodes) + std::to_string(i),
        std::to_string(i), std::to_string(options.runs / nodes),
        workflow};
    children.push_back(std::make_unique<Child>(arguments));
    if (children.back()->line() != "ready") give_up("a node did not start");
  }
  const DatabaseLoad database(options.store);
  const double before = database.cpu_seconds();
  const auto start = SteadyClock::now();
  std::ofstream{options.folder / go} << nodes;
  Shared all;
  for (const auto& child : children) {
    const auto line = child->line();
    double rate = 0, busy = 0;
    if (!line || std::sscanf(line->c_str(), "did %lf %lf", &rate, &busy) != 2)
      give_up("a node did not finish");
    all.runs_per_second += rate;
    all.nodes_busy += busy;
  }
  all.database_busy = (database.cpu_seconds() - before) / seconds_since(start);
  return all;
}

void tell(const char* what, const Shared& shared) {
  std::printf("     %-12s %7.0f runs/s, processors busy: nodes %.2f, database %.2f\n", what,
              shared.runs_per_second, shared.nodes_busy, shared.database_busy);
  std::fflush(stdout);
}

}  // namespace

int share_the_store(Options options, const Share& share) {
  stay_on(share.processor);
  options.node = share.name;
  const bool priced = share.workflow == "priced";
  Node node(options, priced ? five_priced_steps() : five_steps());
  await_that([&] { return node.engine().stats().partitions > 0; }, "getting partitions");
  say("ready");
  await_that([&] { return std::filesystem::exists(options.folder / go); }, "the start");
  const Load warm{
      .workflow = share.workflow, .runs = std::max(100, options.runs / 20), .callers = 64};
  (void)drive(node, warm);
  const Load load{.workflow = share.workflow, .runs = options.runs, .callers = 300};
  const auto measured = drive(node, load);
  if (measured.failed > 0) give_up(std::to_string(measured.failed) + " runs failed");
  say("did " + std::to_string(options.runs / measured.seconds) + " " +
      std::to_string(measured.cpu / measured.seconds));
  return 0;
}

bool two_nodes(const Options& options) {
  if (options.store.empty()) {
    std::printf("nodes: SQLite has one; give --store postgresql://…\n");
    return true;
  }
  for (const char* workflow : {"five", "priced"}) {
    const Shared one = run_nodes(options, workflow, 1), two = run_nodes(options, workflow, 2);
    std::printf("nodes, bench/%s: two do %.2f times as much as one\n", workflow,
                two.runs_per_second / one.runs_per_second);
    tell("one node", one);
    tell("two nodes", two);
  }
  return true;
}

}  // namespace sequent::bench
