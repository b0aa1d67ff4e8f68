// Soak: full load for long, while what has ended is deleted. Shows how large each table and its indexes
// are over time; with retention on they must stop growing. Beside the load some runs wait for timers,
// events, children, branches and a provider that goes away and comes back; at no time may one of them
// have nothing that will wake it, and at the end all have ended.
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "bench/workloads/callers.hpp"
#include "bench/workloads/figures.hpp"
#include "bench/workloads/standing.hpp"
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
  std::vector<persistence::Database::TableSize> sizes;
};

double megabytes(std::int64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

// "journal 12.3 + 4.5 MB": the table and its indexes.
Sample sample(Node& node, double seconds, std::int64_t runs) {
  Sample taken{.seconds = seconds, .bytes = 0, .sizes = node.store().sizes()};
  std::string line;
  for (std::size_t i = 0; i < taken.sizes.size(); ++i) {
    const auto& [table, bytes, index_bytes] = taken.sizes[i];
    taken.bytes += bytes + index_bytes;
    if (i >= tables_shown) continue;
    char text[160];
    std::snprintf(text, sizeof text, "  %s %.1f + %.1f", table.c_str(), megabytes(bytes),
                  megabytes(index_bytes));
    line += text;
  }
  std::printf("     %6.0f s %10lld runs  %8.1f MB in all;%s\n", seconds,
              static_cast<long long>(runs), megabytes(taken.bytes), line.c_str());
  std::fflush(stdout);
  return taken;
}

double megabytes_of(const Sample& taken, const std::string& table) {
  for (const auto& size : taken.sizes)
    if (size.table == table) return megabytes(size.bytes + size.index_bytes);
  return 0;
}

// Of the tables that are the largest at the end, with their indexes.
void print_growth(const std::vector<Sample>& samples) {
  if (samples.empty()) return;
  const auto &start = samples.front(), &middle = samples[samples.size() / 2], &end = samples.back();
  std::printf("     %-24s %10.0f s %10.0f s %10.0f s\n", "MB with indexes after", start.seconds,
              middle.seconds, end.seconds);
  for (std::size_t i = 0; i < std::min(tables_shown, end.sizes.size()); ++i) {
    const auto& table = end.sizes[i].table;
    std::printf("     %-24s %12.1f %12.1f %12.1f\n", table.c_str(), megabytes_of(start, table),
                megabytes_of(middle, table), megabytes_of(end, table));
  }
}

// Vacuum gives room back in strokes, so sizes swing; what leaks is larger in the second half.
bool judge(const std::vector<Sample>& samples, double length) {
  std::int64_t before = 0, after = 0;
  for (const auto& taken : samples) {
    auto& most = taken.seconds < length / 2 ? before : after;
    most = std::max(most, taken.bytes);
  }
  const bool level =
      before == 0 || static_cast<double>(after) <= most_growth * static_cast<double>(before);
  std::printf("     largest %.1f MB in the first half, %.1f MB in the second: %s\n",
              megabytes(before), megabytes(after), level ? "level" : "STILL GROWING");
  return level;
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
  [[nodiscard]] std::size_t deleted_events() const { return deleted_events_; }
  /// The most that had faulted at one time. Whatever is deleted was looked at before.
  [[nodiscard]] std::int64_t faulted() const { return faulted_; }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    const runtime::SystemClock clock;
    while (!stopping_) {
      const Timestamp before = clock.now() - keep_;
      look_for_faulted();
      delete_runs("five", before);
      for (const auto& name : standing_workflows()) delete_runs(name, before);
      std::size_t step = runs_at_once;
      while (step == runs_at_once && !stopping_) {
        step = store_.delete_events(before, runs_at_once);
        deleted_events_ += step;
      }
      static_cast<void>(::poll(nullptr, 0, pause_ms));
    }
  }
  void delete_runs(const std::string& name, Timestamp before) {
    runtime::Outdated outdated;
    outdated.workflow_namespace = "bench";
    outdated.name = name;
    outdated.before = before;
    do {
      const auto step = store_.delete_ended(outdated, runs_at_once);
      deleted_ += step.runs;
      outdated.after = step.next;
    } while (outdated.after && !stopping_);
  }
  void look_for_faulted() {
    runtime::RunFilter filter;
    filter.statuses = {"faulted"};
    const auto groups = store_.aggregate(filter, {"status"}, 1);
    if (!groups) give_up(groups.error().detail);
    if (!groups->empty()) faulted_ = std::max(faulted_.load(), groups->front().count);
  }

  persistence::Database& store_;
  const DurationMs keep_;
  std::atomic<std::size_t> deleted_{0}, deleted_events_{0};
  std::atomic<std::int64_t> faulted_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// Beside the load: runs that stand still, and an outage now and then.
struct Beside {
  Node& node;
  ShakyProvider& provider;
  Outages outages{node, provider};
  std::int64_t runs = 0, calls = 0, most_parked = 0, looks = 0;
  bool good = true;

  void start() {
    for (const auto& name : standing_workflows()) {
      const Load load{
          .workflow = name, .runs = waiters_a_round, .callers = waiters_a_round, .wait = false};
      good = drive(node, load).failed == 0 && good;
      runs += load.runs;
      if (name == "calls" || name == "asks") calls += 2 * load.runs;
    }
  }
  void look() {
    most_parked = std::max(most_parked, standing(node).parked);
    good = none_stuck(node) && good;
    ++looks;
  }
  /// Everything ends, each effect came about once, and the provider was really away.
  [[nodiscard]] bool end() {
    outages.stop();
    const auto begun = SteadyClock::now();
    while (standing(node).live > 0 && seconds_since(begun) < waiters_end_within_s)
      static_cast<void>(::poll(nullptr, 0, pause_ms));
    look();
    const auto left = standing(node).live;
    const auto effects = static_cast<std::int64_t>(provider.effects());
    const auto totals = node.engine().stats().outages;
    std::printf(
        "     %lld runs waited for timers, events, children, branches and a provider; %lld did not "
        "end; %lld looks for stuck ones\n"
        "     the provider was away %d times, opened %llu times by what it answered, %lld runs "
        "parked at most, %lld effects of %lld calls\n",
        static_cast<long long>(runs), static_cast<long long>(left), static_cast<long long>(looks),
        outages.count(), static_cast<unsigned long long>(totals.opened),
        static_cast<long long>(most_parked), static_cast<long long>(effects),
        static_cast<long long>(calls));
    const bool parked = totals.held_back > 0 && totals.opened > 0;
    if (!parked) std::fprintf(stderr, "soak: no outage was noticed; it has to last longer\n");
    return good && left == 0 && effects == calls && parked;
  }
};

}  // namespace

bool soak(const Options& options) {
  ShakyProvider provider;
  std::vector<std::unique_ptr<runtime::Activity>> more;
  more.push_back(shaky_activity(provider));
  Node node(options, five_steps(), std::move(more));
  deploy_standing(node);
  Deleter deleter{node.store(), options.keep_seconds * 1'000LL};
  Beside beside{.node = node, .provider = provider};
  std::printf("soak %d s of full load, ended runs and events are kept for %d s\n",
              options.soak_seconds, options.keep_seconds);
  const auto begun = SteadyClock::now();
  const double length = options.soak_seconds, step = std::max(1.0, length / 30);
  std::vector<Sample> samples;
  std::int64_t runs = 0;
  bool good = true;
  for (double next = step; seconds_since(begun) < length;) {
    beside.start();
    const Load load{.runs = 2'000, .callers = 600};
    good = drive(node, load).failed == 0 && good;
    runs += load.runs;
    beside.look();
    const double now = seconds_since(begun);
    if (now < next) continue;
    next = now + step;
    samples.push_back(sample(node, now, runs));
  }
  good = beside.end() && good;
  deleter.stop();
  print_growth(samples);
  std::printf(
      "     %.0f runs/s, %zu runs and %zu events deleted, %lld faulted, %.0f MB of memory at "
      "most\n",
      static_cast<double>(runs) / seconds_since(begun), deleter.deleted(), deleter.deleted_events(),
      static_cast<long long>(deleter.faulted()), peak_memory_mb());
  if (deleter.deleted() == 0 || deleter.deleted_events() == 0) {
    std::fprintf(stderr, "soak: no runs or no events were deleted; keep them for less time\n");
    return false;
  }
  good = good && deleter.faulted() == 0;
  // A short one shows that it works, and says nothing about growth.
  return (length < 20.0 * options.keep_seconds || judge(samples, length)) && good;
}

}  // namespace sequent::bench
