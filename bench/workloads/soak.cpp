// Soak: full load for long, while what has ended is deleted. Shows how large each table and its indexes
// are over time; with retention on they must stop growing. Beside the load some runs wait for timers,
// events, children and branches; at no time may one of them have nothing that will wake it.
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "bench/workloads/callers.hpp"
#include "bench/workloads/figures.hpp"
#include "bench/workloads/workloads.hpp"
#include "engine/runtime/retention.hpp"

namespace sequent::bench {
namespace {

constexpr std::size_t tables_shown = 4, runs_at_once = 200;
constexpr int pause_ms = 200;  // between two looks for what is old
constexpr int waiters_a_round = 20;
constexpr double waiters_end_within_s = 60;
constexpr double most_growth = 1.1;  // from the first half to the second

struct Sample {
  double seconds = 0;
  std::int64_t bytes = 0;
};

double megabytes(std::int64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

// "journal 12.3 + 4.5 MB": the table and its indexes.
std::int64_t print_sizes(Node& node, double seconds, std::int64_t runs) {
  const auto sizes = node.store().sizes();
  std::int64_t sum = 0;
  std::string line;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto& [table, bytes, index_bytes] = sizes[i];
    sum += bytes + index_bytes;
    if (i >= tables_shown) continue;
    char text[160];
    std::snprintf(text, sizeof text, "  %s %.1f + %.1f", table.c_str(), megabytes(bytes),
                  megabytes(index_bytes));
    line += text;
  }
  std::printf("     %6.0f s %10lld runs  %8.1f MB in all;%s\n", seconds,
              static_cast<long long>(runs), megabytes(sum), line.c_str());
  std::fflush(stdout);
  return sum;
}

// Vacuum gives room back in strokes, so sizes swing; what leaks is larger in the second half.
bool judge(const std::vector<Sample>& samples, double length) {
  std::int64_t before = 0, after = 0;
  for (const auto& [seconds, bytes] : samples) {
    auto& most = seconds < length / 2 ? before : after;
    most = std::max(most, bytes);
  }
  const bool level =
      before == 0 || static_cast<double>(after) <= most_growth * static_cast<double>(before);
  std::printf("     largest %.1f MB in the first half, %.1f MB in the second: %s\n",
              megabytes(before), megabytes(after), level ? "level" : "STILL GROWING");
  return level;
}

// Runs that stand still in every way but a provider's outage, each for about a second.
std::string waits_in_every_way() {
  return "document: {dsl: 1.0.3, namespace: bench, name: waits, version: 1.0.0}\ndo:\n"
         "  - sleep: {wait: {milliseconds: 300}}\n"
         "  - both:\n"
         "      fork:\n"
         "        branches:\n"
         "          - child: {run: {workflow: {namespace: bench, name: five, version: 1.0.0, "
         "input: {n: 1}}}}\n"
         "          - nap: {wait: {milliseconds: 500}}\n"
         "  - patient:\n"
         "      try:\n"
         "        - hear:\n"
         "            timeout: {after: {milliseconds: 500}}\n"
         "            listen: {to: {one: {with: {type: com.example.never}}}}\n"
         "      catch: {do: [{went: {set: {heard: false}}}]}\n";
}

// What `sequent runs --stuck` lists: it must be nothing. A page is bounded, so all pages are read.
bool none_stuck(Node& node) {
  constexpr std::size_t page_size = 100;
  runtime::RunFilter filter;
  filter.stuck = true;
  std::string cursor;
  do {
    const auto page =
        static_cast<runtime::RunQueries&>(node.store()).list(filter, cursor, page_size);
    if (!page) give_up(page.error().detail);
    for (const auto& run : page->runs)
      std::fprintf(stderr, "soak: run %s (%s/%s, %s at %s) has nothing that will wake it\n",
                   run.id.text().c_str(), run.workflow_namespace.c_str(), run.name.c_str(),
                   run.row.status.c_str(), run.row.task.c_str());
    if (!page->runs.empty()) return false;
    cursor = page->cursor;
  } while (!cursor.empty());
  return true;
}

std::int64_t waiters_left(Node& node) {
  runtime::RunFilter filter;
  filter.workflow_namespace = "bench";
  filter.name = "waits";
  filter.statuses = {"pending", "running", "waiting", "suspended", "faulted"};
  const auto groups = node.store().aggregate(filter, {"workflow"}, 1);
  return groups && !groups->empty() ? groups->front().count : 0;
}

// As `serve --retention` does it, beside the work.
class Deleter {
 public:
  Deleter(persistence::Database& store, DurationMs keep)
      : store_(store), keep_(keep), thread_([this] { run(); }) {}
  ~Deleter() { stop(); }
  Deleter(const Deleter&) = delete;
  Deleter& operator=(const Deleter&) = delete;
  [[nodiscard]] std::size_t deleted() const { return deleted_; }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    const runtime::SystemClock clock;
    while (!stopping_) {
      runtime::Outdated outdated;
      outdated.workflow_namespace = "bench";
      outdated.name = "five";
      outdated.before = clock.now() - keep_;
      do {
        const auto step = store_.delete_ended(outdated, runs_at_once);
        deleted_ += step.runs;
        outdated.after = step.next;
      } while (outdated.after && !stopping_);
      static_cast<void>(::poll(nullptr, 0, pause_ms));
    }
  }

  persistence::Database& store_;
  const DurationMs keep_;
  std::atomic<std::size_t> deleted_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace

bool soak(const Options& options) {
  Node node(options, five_steps());
  node.deploy(waits_in_every_way());
  Deleter deleter{node.store(), options.keep_seconds * 1'000LL};
  std::printf("soak %d s of full load, ended runs are kept for %d s\n", options.soak_seconds,
              options.keep_seconds);
  const auto begun = SteadyClock::now();
  const double length = options.soak_seconds, step = std::max(1.0, length / 30);
  std::vector<Sample> samples;
  std::int64_t runs = 0, waiters = 0, looks = 0;
  bool good = true;
  for (double next = step; seconds_since(begun) < length;) {
    const Load load{.runs = 2'000, .callers = 600};
    const Load waiting{
        .workflow = "waits", .runs = waiters_a_round, .callers = waiters_a_round, .wait = false};
    good = drive(node, waiting).failed == 0 && good;
    good = drive(node, load).failed == 0 && good;
    runs += load.runs;
    waiters += waiting.runs;
    good = none_stuck(node) && good;
    ++looks;
    const double now = seconds_since(begun);
    if (now < next) continue;
    next = now + step;
    samples.push_back({now, print_sizes(node, now, runs)});
  }
  const auto ended = SteadyClock::now();
  while (waiters_left(node) > 0 && seconds_since(ended) < waiters_end_within_s)
    static_cast<void>(::poll(nullptr, 0, pause_ms));
  const auto left = waiters_left(node);
  good = none_stuck(node) && left == 0 && good;
  std::printf(
      "     %lld runs waited for timers, events, children and branches; %lld did not end; "
      "%lld looks for stuck ones\n",
      static_cast<long long>(waiters), static_cast<long long>(left),
      static_cast<long long>(looks + 1));
  deleter.stop();
  std::printf("     %.0f runs/s, %zu runs deleted, %.0f MB of memory at most\n",
              static_cast<double>(runs) / seconds_since(begun), deleter.deleted(),
              peak_memory_mb());
  if (deleter.deleted() == 0) {
    std::fprintf(stderr, "soak: nothing was deleted\n");
    return false;
  }
  // A short one shows that it works, and says nothing about growth.
  return (length < 20.0 * options.keep_seconds || judge(samples, length)) && good;
}

}  // namespace sequent::bench
