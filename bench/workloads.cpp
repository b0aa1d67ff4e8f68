// Workloads W1 to W3 of one node on SQLite, in process: no HTTP, so that they show what expressions,
// journal and store cost. Beside them the disk's own limit, measured in the same run.
//
//   bench_workloads [FOLDER] [RUNS]
//
// A run is five sequential durable steps with a 200-byte result; six commits depend on each other.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>
#include <thread>

#include "activities/debug/debug.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/system_clock.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

using namespace sequent;
namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

namespace {

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double percentile(std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[at];
}

/// Appends of 4 KiB, each followed by fdatasync, for two seconds.
double fdatasync_rate(const std::filesystem::path& folder) {
  const auto path = folder / "fdatasync";
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
  if (file < 0) return 0;
  const std::string block(4096, 'x');
  const auto start = SteadyClock::now();
  int count = 0;
  while (seconds_since(start) < 2.0) {
    if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0) break;
    ++count;
  }
  const auto rate = count / seconds_since(start);
  ::close(file);
  std::filesystem::remove(path);
  return rate;
}

std::string five_steps() {
  const std::string payload(180, 'x');
  std::string yaml = "document: {dsl: 1.0.3, namespace: bench, name: five, version: 1.0.0}\ndo:\n";
  for (const auto* name : {"one", "two", "three", "four", "five"})
    yaml += std::string("  - ") + name +
            ": {call: debug.echo, with: {n: '${ .n }', payload: " + payload + "}}\n";
  return yaml;
}

struct Node {
  explicit Node(const std::filesystem::path& folder) {
    auto opened = persistence::SqliteStore::open({.directory = folder.string()});
    if (!opened) {
      std::fprintf(stderr, "bench_workloads: %s\n", opened.error().detail.c_str());
      std::exit(1);
    }
    store = std::move(*opened);
    registry.add(std::make_unique<activities::debug::Echo>());
    const int count = std::max(2, static_cast<int>(std::thread::hardware_concurrency()) - 1);
    engine = std::make_unique<runtime::Engine>(
        runtime::EngineConfig{.threads = count},
        runtime::Ports{*store, *store, *store, clock, registry}, context.get_executor());
    for (int i = 0; i < count; ++i) threads.emplace_back([this] { context.run(); });
    if (const auto started = engine->start(); !started) {
      std::fprintf(stderr, "bench_workloads: %s\n", started.error().detail.c_str());
      std::exit(1);
    }
    auto deployed =
        asio::co_spawn(context, engine->deploy(five_steps(), "bench"), asio::use_future);
    if (const auto result = deployed.get(); !result) {
      std::fprintf(stderr, "bench_workloads: %s\n", result.error().detail.c_str());
      std::exit(1);
    }
  }
  ~Node() {
    asio::co_spawn(context, engine->stop(5'000), asio::use_future).get();
    engine.reset();
    work.reset();
    context.stop();
    for (auto& thread : threads) thread.join();
  }

  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  std::vector<std::thread> threads;
  std::unique_ptr<persistence::SqliteStore> store;
  runtime::SystemClock clock;
  runtime::ActivityRegistry registry;
  std::unique_ptr<runtime::Engine> engine;
};

/// One caller after the other starts a run and waits for its end.
asio::awaitable<void> caller(runtime::Engine& engine, std::atomic<int>& left,
                             std::vector<double>& latencies, std::atomic<int>& failed) {
  while (left.fetch_sub(1) > 0) {
    const auto start = SteadyClock::now();
    runtime::StartRequest request;
    request.workflow = {"bench", "five", ""};
    request.input = Json{{"n", 1}};
    request.started_by = "bench";
    const auto started = co_await engine.start_run(std::move(request));
    if (!started) {
      failed.fetch_add(1);
      continue;
    }
    const auto ended = co_await engine.wait(started->id, runtime::Until::ended, 60'000);
    if (!ended || !ended->ended || ended->status != machine::Status::completed) failed.fetch_add(1);
    latencies.push_back(seconds_since(start) * 1000);
  }
}

void measure(Node& node, const char* name, int runs, int callers) {
  std::atomic<int> left = runs, failed = 0;
  std::vector<std::vector<double>> latencies(static_cast<std::size_t>(callers));
  const auto before = node.engine->stats();
  const auto cpu = cpu_seconds();
  const auto start = SteadyClock::now();
  std::vector<std::future<void>> done;
  for (auto& each : latencies) {
    auto work = caller(*node.engine, left, each, failed);
    done.push_back(
        asio::co_spawn(asio::make_strand(node.context), std::move(work), asio::use_future));
  }
  for (auto& each : done) each.get();
  const auto elapsed = seconds_since(start);
  const auto used = cpu_seconds() - cpu;
  const auto after = node.engine->stats();
  std::vector<double> all;
  for (auto& each : latencies) all.insert(all.end(), each.begin(), each.end());
  std::sort(all.begin(), all.end());
  std::printf(
      "%-4s %6d runs, %4d callers: %8.0f runs/s %8.0f steps/s   p50 %7.2f  p90 %7.2f  p99 %7.2f ms "
      "  "
      "%.3f CPU-s per 1,000 runs   %.2f commits per run   %d failed\n",
      name, runs, callers, runs / elapsed, 5 * runs / elapsed, percentile(all, 0.5),
      percentile(all, 0.9), percentile(all, 0.99), used / runs * 1000,
      static_cast<double>(after.commits - before.commits) / runs, failed.load());
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path parent = count > 1 ? arguments[1] : ".";
  const int runs = count > 2 ? std::atoi(arguments[2]) : 30'000;
  if (runs < 100) {
    std::fprintf(stderr, "usage: bench_workloads [FOLDER] [RUNS, at least 100]\n");
    return 2;
  }
  const auto folder = parent / "bench-workloads-data";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::printf("limit: %.0f appends with fdatasync per second\n", fdatasync_rate(folder));
  {
    Node node(folder);
    measure(node, "warm", 1'000, 64);
    measure(node, "W2", 500, 1);
    measure(node, "W3", runs / 3, 64);
    measure(node, "W1", runs, 600);
    std::printf("peak memory %.0f MB\n", peak_memory_mb());
  }
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) bytes += entry.file_size();
  std::printf("%.2f KB on disk per run\n",
              static_cast<double>(bytes) / 1024 / (runs + runs / 3 + 1'500));
  std::filesystem::remove_all(folder);
}
