// W6: runs that sleep. Memory, disk, what an idle node asks of its store, and what a node with that
// many sleepers does after a restart.
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/workloads/callers.hpp"
#include "bench/workloads/child.hpp"
#include "bench/workloads/figures.hpp"
#include "bench/workloads/workloads.hpp"

namespace sequent::bench {
namespace {

constexpr double wakes_within_s = 1'800;
constexpr auto between_wakes = std::chrono::milliseconds(50);
constexpr int pairs = 9;  // one W1 differs from the next by a tenth and more

std::string one_step_and_sleep() {
  return "document: {dsl: 1.0.3, namespace: bench, name: sleeper, version: 1.0.0}\ndo:\n"
         "  - step: {call: debug.echo, with: {n: '${ .n }', payload: " +
         std::string(180, 'x') + "}}\n  - sleep: {wait: {hours: 24}}\n";
}

void print_idle(Node& node, const Options& options) {
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const auto statements = node.store().statements();
  const auto cpu = cpu_seconds();
  const auto start = SteadyClock::now();
  while (seconds_since(start) < options.idle_seconds) std::this_thread::sleep_for(between_wakes);
  const double seconds = seconds_since(start);
  std::printf("     idle for %.0f s: %.3f statements/s, %.2f %% of a core\n", seconds,
              static_cast<double>(node.store().statements() - statements) / seconds,
              100 * (cpu_seconds() - cpu) / seconds);
}

bool put_to_sleep(const Options& options) {
  Node node(options, one_step_and_sleep());
  const double empty = memory_mb();
  const auto start = SteadyClock::now();
  const auto measured =
      drive(node, {.workflow = "sleeper", .runs = options.sleepers, .callers = 256, .wait = false});
  const auto target = static_cast<std::uint64_t>(options.sleepers);
  while (node.engine().stats().evictions < target) {
    if (seconds_since(start) > wakes_within_s) give_up("some runs never fell asleep");
    std::this_thread::sleep_for(between_wakes);
  }
  std::printf(
      "W6   %d runs asleep after %.1f s (%.0f/s), %.0f MB on disk, resident memory %.0f MB (%.0f "
      "MB "
      "before the first, %.0f MB at most), %d failed\n",
      options.sleepers, seconds_since(start), options.sleepers / seconds_since(start),
      static_cast<double>(node.store().bytes()) / (1 << 20), memory_mb(), empty, peak_memory_mb(),
      measured.failed);
  print_idle(node, options);
  return measured.failed == 0;
}

bool wake_up_beside(const Options& options) {
  const auto start = SteadyClock::now();
  Node node(options, five_steps());
  const double ready = seconds_since(start);
  const auto first = drive(node, {.runs = 1, .callers = 1});
  std::printf(
      "     restart: ready after %.2f s, first new run completed after %.2f s, resident memory "
      "%.0f "
      "MB\n",
      ready, seconds_since(start), memory_mb());
  print_idle(node, options);
  return first.failed == 0;
}

Options empty_store(Options options) {
  options.folder /= "empty";
  std::filesystem::create_directories(options.folder);
  if (!options.store.empty()) options.store += "_empty";  // it ends with its schema
  return options;
}

// By turns, as disks and neighbours change from minute to minute, and each as often first as second.
bool compare_with_empty(const Options& options) {
  const auto empty = empty_store(options);
  std::vector<double> shares;
  for (int pair = 0; pair < pairs; ++pair) {
    std::optional<double> beside, without;
    const auto measure_without = [&] {
      without = measure_apart([&] { return w1_rate(empty, "  W1 without"); });
    };
    if (pair % 2 == 1) measure_without();
    beside = measure_apart([&] { return w1_rate(options, "  W1 beside them"); });
    if (pair % 2 == 0) measure_without();
    if (!beside || !without) return false;
    shares.push_back(100 * *beside / *without);
  }
  std::printf("     W1 beside them is %.0f %% of W1 without (median of %zu pairs)\n",
              percentile(shares, 0.5), shares.size());
  return true;
}

}  // namespace

bool w6_sleepers(const Options& options) {
  return run_apart([&] { return put_to_sleep(options); }) &&
         run_apart([&] { return wake_up_beside(options); }) && compare_with_empty(options);
}

}  // namespace sequent::bench
