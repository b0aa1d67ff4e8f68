// Batch: one operator's action to very many faulted runs. How fast it goes, and that the node's memory does
// not grow with their number: they are chosen and acted on in helpings.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>
#include <thread>

#include "bench/workloads/callers.hpp"
#include "bench/workloads/figures.hpp"
#include "bench/workloads/workloads.hpp"
#include "engine/repair/worker.hpp"
#include "engine/runtime/where.hpp"

namespace sequent::bench {
namespace {

namespace asio = boost::asio;

constexpr auto between_counts = std::chrono::milliseconds(100);
constexpr double faults_within_s = 900, repaired_within_s = 3'600;

std::string one_step_that_fails() {
  return "document: {dsl: 1.0.3, namespace: bench, name: fails, version: 1.0.0}\ndo:\n"
         "  - charge: {call: debug.fail, with: {outcome: permanent, times: 9, status: 402, "
         "message: declined}}\n";
}

std::int64_t count_runs(Node& node, const std::string& status) {
  runtime::RunFilter filter;
  filter.statuses = {status};
  const auto groups = node.store().aggregate(filter, {"status"}, 1);
  return groups && !groups->empty() ? groups->front().count : 0;
}

void fault_all(Node& node, int runs) {
  const auto begun = SteadyClock::now();
  const Load load{.workflow = "fails", .runs = runs, .callers = 256, .wait = false};
  if (drive(node, load).failed != 0) give_up("some runs were not started");
  while (count_runs(node, "faulted") < runs) {
    if (seconds_since(begun) > faults_within_s) give_up("some runs never faulted");
    std::this_thread::sleep_for(between_counts);
  }
  std::printf("batch %d runs have faulted after %.1f s\n", runs, seconds_since(begun));
  std::fflush(stdout);
}

runtime::RepairBatch order_of(Node& node, Timestamp now) {
  runtime::RepairBatch batch;
  batch.id = node.engine().fresh_id();
  batch.action = "skip";
  batch.arguments["output"]["id"] = "by hand";
  batch.where = "status=faulted and error.status=402";
  if (!runtime::read_where(batch.where, now, batch.filter)) give_up("the filter cannot be read");
  batch.reason = batch.created_by = "bench";
  batch.created_at = now;
  return batch;
}

struct Watched {
  double chosen_s = 0, seconds = 0, cpu_s = 0, most_mb = 0;
  runtime::RepairCounts counts;
};

Watched watch(Node& node, const std::string& id) {
  auto& repairs = node.store().repairs();
  const auto begun = SteadyClock::now();
  const double cpu_before = cpu_seconds();
  Watched watched;
  while (true) {
    watched.most_mb = std::max(watched.most_mb, memory_mb());
    watched.seconds = seconds_since(begun);
    const auto batch = repairs.batch(id);
    if (batch && batch->selected && watched.chosen_s == 0) watched.chosen_s = watched.seconds;
    if (batch && batch->finished_at != 0) break;
    if (watched.seconds > repaired_within_s) give_up("the batch did not come to its end");
    std::this_thread::sleep_for(between_counts);
  }
  watched.cpu_s = cpu_seconds() - cpu_before;
  watched.counts = repairs.count_items(id);
  return watched;
}

}  // namespace

bool batch(const Options& options) {
  Node node(options, one_step_that_fails());
  fault_all(node, options.faulted);
  const runtime::SystemClock clock;
  asio::thread_pool pool{2};
  const auto worker = std::make_shared<repair::Worker>(
      repair::WorkerPorts{node.engine(), node.store().repairs(), node.store(), clock, pool},
      node.context().get_executor());
  worker->start();
  const double before = memory_mb();
  const auto order = order_of(node, clock.now());
  node.store().repairs().create_batch(order);
  worker->wake();
  const auto watched = watch(node, order.id);
  asio::co_spawn(node.context(), worker->stop(), asio::use_future).get();
  pool.join();
  const bool all = watched.counts.succeeded == options.faulted &&
                   count_runs(node, "completed") == options.faulted;
  std::printf(
      "batch %d runs skipped in one batch: chosen after %.1f s, over after %.1f s (%.0f/s), "
      "%.2f CPU-s for each 1,000; resident memory %.0f MB before, %.0f MB at most, %.0f MB after; "
      "%lld succeeded\n",
      options.faulted, watched.chosen_s, watched.seconds, options.faulted / watched.seconds,
      1'000 * watched.cpu_s / options.faulted, before, watched.most_mb, memory_mb(),
      static_cast<long long>(watched.counts.succeeded));
  return all;
}

}  // namespace sequent::bench
