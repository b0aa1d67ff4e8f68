#include "bench/workloads/callers.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>
#include <future>

#include "bench/workloads/figures.hpp"

namespace sequent::bench {
namespace {

namespace asio = boost::asio;

constexpr DurationMs longest_wait_ms = 120'000;
constexpr auto between_looks = std::chrono::milliseconds(20);

struct Shared {
  const Load& load;
  runtime::Engine& engine;
  std::atomic<int> next = 0, ended = 0, failed = 0;
};

asio::awaitable<void> caller(Shared& shared, std::vector<double>& latencies) {
  for (int number = shared.next.fetch_add(1); number < shared.load.runs;
       number = shared.next.fetch_add(1)) {
    const auto start = SteadyClock::now();
    runtime::StartRequest request;
    request.workflow = {"bench", shared.load.workflow, ""};
    request.input["n"] = number;
    request.started_by = "bench";
    auto starting = shared.engine.start_run(std::move(request));
    const auto started = co_await std::move(starting);
    bool good = started.has_value();
    if (good && shared.load.wait) {
      auto waiting = shared.engine.wait(started->id, runtime::Until::ended, longest_wait_ms);
      const auto ended = co_await std::move(waiting);
      good = ended && ended->ended && ended->status == machine::Status::completed;
    }
    if (!good) shared.failed.fetch_add(1);
    latencies.push_back(seconds_since(start) * 1000);
    shared.ended.fetch_add(1);
  }
}

double kilobytes_each(std::int64_t bytes, int runs) {
  return static_cast<double>(bytes) / 1024 / runs;
}

}  // namespace

Measured drive(Node& node, const Load& load) {
  Shared shared{.load = load, .engine = node.engine()};
  std::vector<std::vector<double>> latencies(static_cast<std::size_t>(load.callers));
  const auto before = node.engine().stats();
  const auto statements = node.store().statements();
  const auto cpu = cpu_seconds(), database_cpu = node.database().cpu_seconds();
  const auto stored = node.store().bytes(), log = node.database().log_bytes();
  const auto start = SteadyClock::now();
  std::vector<std::future<void>> done;
  for (auto& each : latencies) {
    auto work = caller(shared, each);
    done.push_back(
        asio::co_spawn(asio::make_strand(node.context()), std::move(work), asio::use_future));
  }
  Progress progress("runs", static_cast<std::uint64_t>(load.runs));
  for (auto& each : done)
    while (each.wait_for(between_looks) != std::future_status::ready)
      progress.at(static_cast<std::uint64_t>(shared.ended.load()));
  Measured measured;
  measured.seconds = seconds_since(start);
  measured.cpu = cpu_seconds() - cpu;
  measured.database_cpu = node.database().cpu_seconds() - database_cpu;
  for (auto& each : done) each.get();
  const auto after = node.engine().stats();
  measured.commits_per_run = static_cast<double>(after.commits - before.commits) / load.runs;
  measured.statements_per_run =
      static_cast<double>(node.store().statements() - statements) / load.runs;
  measured.stored_kb = kilobytes_each(node.store().bytes() - stored, load.runs);
  measured.log_kb = kilobytes_each(node.database().log_bytes() - log, load.runs);
  measured.failed = shared.failed.load();
  for (auto& each : latencies)
    measured.latencies_ms.insert(measured.latencies_ms.end(), each.begin(), each.end());
  return measured;
}

void print(const char* name, const Load& load, int steps, Measured& measured) {
  std::printf(
      "%-4s %7d runs, %4d callers: %7.0f runs/s %7.0f steps/s  p50 %7.2f  p90 %7.2f  p99 %7.2f ms"
      "  %.3f CPU-s per 1,000 runs (%.1f cores)  %.2f commits, %.1f statements per run  %d "
      "failed\n",
      name, load.runs, load.callers, load.runs / measured.seconds,
      steps * load.runs / measured.seconds, percentile(measured.latencies_ms, 0.5),
      percentile(measured.latencies_ms, 0.9), percentile(measured.latencies_ms, 0.99),
      measured.cpu / load.runs * 1000, measured.cpu / measured.seconds, measured.commits_per_run,
      measured.statements_per_run, measured.failed);
  if (measured.database_cpu > 0)
    std::printf("     database %.3f CPU-s per 1,000 runs (%.1f cores)\n",
                measured.database_cpu / load.runs * 1000, measured.database_cpu / measured.seconds);
  std::printf("     on disk per run: %.1f KB", measured.stored_kb);
  if (measured.log_kb > 0) std::printf(", and %.1f KB of the server's log", measured.log_kb);
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace sequent::bench
