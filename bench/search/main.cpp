// How long searches and counts take in a store full of runs, for each filter that there is.
// usage  bench_search [FOLDER | postgresql://…] [RUNS] [REPEATS] [ONLY]
//        default: a temporary folder, 1,000,000, 200; ONLY: those whose text has it
// shape  p50, p99 and most of REPEATS requests for a first page of 50, then of later pages, then of
//        counts. `#` is another number each time. Exit code 1 when a p99 is over the goal.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "bench/search/runs.hpp"
#include "engine/runtime/where.hpp"

namespace sequent::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr double goal_ms = 50;
constexpr std::size_t page_size = 50, pages_followed = 40;

double ms_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

// What is asked, and how many answers within the goal.
const char* const searches[] = {
    "",
    "status=faulted",
    "status=completed",
    "status in (faulted, suspended)",
    "status=faulted and workflow=facturation/*",
    "status=faulted and provider=stripe",
    "status=faulted and provider=langfuse",
    "waiting=parked",
    "waiting=event",
    "waiting=child",
    "waiting=parked and reason=retries_exhausted",
    "waiting=parked and provider=stripe",
    "waiting=parked and provider=langfuse",
    "waiting=parked and deadline<1h",
    "waiting=parked and parked<24h",
    "workflow=facturation/flow-3",
    "workflow=facturation/flow-3:2.0.0",
    "workflow=space4/flow-39",
    "workflow=facturation/*",
    "workflow=*/flow-3:2.*",
    "version=2.0.0",
    "namespace=space2",
    "key~order-#-*",
    "key~*-#",
    "text=order-#-",
    "text=#-9",
    "attr.customer=cus_#",
    "attr.customer=cus_# and status=completed",
    "attr.customer=cus_# and attr.region=eu",
    "attr.region=eu",
    "attr.region=eu and status=faulted",
    "attr.live=false",
    "attr.live=false and status=faulted",
    "attr.amount=#",
    "attr.amount>99990",
    "attr.amount>500",
    "attr.amount<100 and status=faulted",
    "error.type~communication",
    "error.type~card-declined",
    "status=faulted and error.type~card-declined",
    "status=faulted and error.type~communication and workflow=facturation/*",
    "error.status=402",
    "error.status>=500",
    "error.title~declined",
    "provider=stripe",
    "provider=aws",
    "provider=langfuse",
    "provider=nobody",
    "operation=stripe.invoices.create",
    "operation~langfuse.*",
    "task=step3",
    "task=step3 and status=faulted",
    "task~step7",
    "attempts>3",
    "attempts>20",
    "attempts>3 and status=faulted",
    "started>1h",
    "started>24h and status=faulted",
    "started<2026-12-01T00:00:00Z and status=faulted",
    "started<2026-12-01T00:00:00Z",
    "updated>24h",
    "updated<2026-12-01T00:00:00Z",
    "ended>1h",
    "ended<2026-12-01T00:00:00Z",
    "deadline<1h",
    "parked>1h",
};

const char* const whole_searches[] = {"provider=langfuse",
                                      "provider=nobody",
                                      "attempts>20",
                                      "key~*-77777",
                                      "text=7777-",
                                      "error.type~card-declined",
                                      "attr.region=eu and error.status=402"};

struct Count {
  const char* where;
  std::vector<std::string> by;
};
const Count counts[] = {
    {"", {}},
    {"", {"status"}},
    {"", {"workflow"}},
    {"", {"workflow", "version"}},
    {"", {"namespace"}},
    {"", {"attribute.region"}},
    {"", {"started_by"}},
    {"", {"task"}},
    {"status=completed", {"workflow"}},
    {"started>24h", {"status"}},
    {"workflow=facturation/flow-3", {"status"}},
    {"attr.customer=cus_#", {"status"}},
    {"attr.region=eu", {"status"}},
    {"status=faulted", {}},
    {"status=faulted", {"error_type"}},
    {"status=faulted", {"error_type", "error_status"}},
    {"status=faulted", {"error_title"}},
    {"status=faulted", {"provider", "operation"}},
    {"status=faulted", {"workflow"}},
    {"status=faulted", {"workflow", "version"}},
    {"status=faulted", {"task"}},
    {"status=faulted", {"attribute.region"}},
    {"status=faulted", {"key"}},
    {"status=faulted and error.type~communication", {"workflow"}},
    {"status in (pending, running, waiting, suspended)", {"status"}},
    {"status=waiting", {"waiting"}},
    {"waiting=parked", {"provider"}},
    {"waiting=parked", {"operation"}},
    {"waiting=parked", {"park_reason"}},
    {"waiting=parked", {"provider", "error_type"}},
    {"waiting=parked", {"workflow"}},
    {"provider=stripe", {"operation"}},
    {"attempts>3", {"workflow"}},
};

class Bench {
 public:
  Bench(persistence::Database& store, int repeats, std::string only)
      : store_(store), repeats_(repeats), only_(std::move(only)) {}

  void heading(const char* what) {
    std::printf("\n%-66s %7s %7s %7s  found\n", what, "p50", "p99", "most");
  }

  void first_pages(const std::string& text) {
    if (text.find(only_) == std::string::npos) return;
    measure(text.empty() ? "(all)" : text, [&] { return page(filter_of(text), "").runs.size(); });
  }

  // As somebody who goes on and on, and as somebody who comes back with a cursor of long ago.
  void later_pages(const std::string& text) {
    if (text.find(only_) == std::string::npos || text.find('#') != std::string::npos) return;
    const auto filter = filter_of(text);
    std::vector<std::string> cursors{""};
    while (cursors.size() <= pages_followed) {
      auto next = page(filter, cursors.back()).cursor;
      if (next.empty()) break;
      cursors.push_back(std::move(next));
    }
    if (cursors.size() == 1) return;
    measure(text.empty() ? "(all)" : text, [&] {
      return page(filter, cursors[1 + random_() % (cursors.size() - 1)]).runs.size();
    });
  }

  // What no index serves is looked for in several requests, each of them bounded.
  void to_the_end(const std::string& text) {
    if (text.find(only_) == std::string::npos) return;
    const auto filter = filter_of(text);
    std::size_t found = 0, requests = 0;
    const auto begin = SteadyClock::now();
    for (std::string cursor; requests == 0 || !cursor.empty(); ++requests) {
      auto next = page(filter, cursor);
      found += next.runs.size();
      cursor = std::move(next.cursor);
    }
    std::printf("%-66s %7zu %7.0f          %zu\n", text.c_str(), requests, ms_since(begin), found);
    std::fflush(stdout);
  }

  void stuck() {
    if (!only_.empty() && only_ != "stuck") return;
    runtime::RunFilter filter;
    filter.stuck = true;
    filter.stuck_at = now;
    measure("stuck", [&] { return page(filter, "").runs.size(); });
  }

  void counted(const Count& count) {
    std::string what = "by";
    for (const auto& dimension : count.by) what += " " + dimension;
    if (count.by.empty()) what = "all";
    if (*count.where != '\0') what += " where " + std::string{count.where};
    if (what.find(only_) == std::string::npos) return;
    measure(what, [&] {
      const auto counts = store_.aggregate_newest(filter_of(count.where), count.by, 1'000);
      if (!counts) give_up(counts.error().detail);
      if (!counts->complete) what_note_ = "  of the newest";
      return counts->groups.size();
    });
  }

  [[nodiscard]] int over() const { return over_; }
  [[nodiscard]] int asked() const { return asked_; }

 private:
  [[noreturn]] static void give_up(const std::string& problem) {
    std::fprintf(stderr, "bench_search: %s\n", problem.c_str());
    std::exit(1);
  }

  runtime::RunFilter filter_of(std::string text) {
    for (auto at = text.find('#'); at != std::string::npos; at = text.find('#'))
      text.replace(at, 1, std::to_string(random_() % customers));
    runtime::RunFilter filter;
    if (text.empty()) return filter;
    if (const auto read = runtime::read_where(text, now, filter); !read)
      give_up(text + ": " + read.error().detail);
    return filter;
  }

  runtime::RunPage page(const runtime::RunFilter& filter, const std::string& cursor) {
    auto found = static_cast<runtime::RunQueries&>(store_).list(filter, cursor, page_size);
    if (!found) give_up(found.error().detail);
    return *std::move(found);
  }

  template <class Ask>
  void measure(const std::string& what, const Ask& ask) {
    std::vector<double> ms;
    std::size_t found = ask();  // once before, so that what is measured is not the disk
    for (int i = 0; i < repeats_; ++i) {
      const auto begin = SteadyClock::now();
      found = std::max(found, ask());
      ms.push_back(ms_since(begin));
      // What is far too slow needs no two hundred proofs.
      if (i >= 10 && ms.back() > 20 * goal_ms) break;
    }
    std::sort(ms.begin(), ms.end());
    const auto at = [&](double share) {
      return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
    };
    const bool slow = at(0.99) > goal_ms;
    over_ += slow ? 1 : 0;
    ++asked_;
    std::printf("%-66s %7.2f %7.2f %7.2f  %zu%s\n", what.c_str(), at(0.5), at(0.99), ms.back(),
                found, (what_note_ + (slow ? "  OVER" : "")).c_str());
    std::fflush(stdout);
    what_note_.clear();
  }

  persistence::Database& store_;
  int repeats_;
  std::string only_;
  std::mt19937_64 random_{11};
  int over_ = 0, asked_ = 0;
  std::string what_note_;  // of what is being measured
};

int run(const std::vector<std::string>& words) {
  const auto word = [&](std::size_t i, const char* fallback) {
    return words.size() > i ? words[i] : std::string{fallback};
  };
  persistence::DatabaseOptions options;
  const std::string place = word(0, "");
  if (place.starts_with("postgres"))
    options.url = place;
  else
    options.directory = place.empty()
                            ? (std::filesystem::temp_directory_path() / "sequent-search").string()
                            : place;
  options.partitions = partitions;
  const auto runs = std::strtoll(word(1, "1000000").c_str(), nullptr, 10);
  const int repeats = std::max(1, std::atoi(word(2, "200").c_str()));
  auto store = persistence::open_database(options);
  if (!store) {
    std::fprintf(stderr, "bench_search: %s\n", store.error().detail.c_str());
    return 1;
  }
  const auto there = static_cast<runtime::RunQueries&>(**store).list(runtime::RunFilter{}, "", 1);
  if (there && there->runs.empty()) {
    const auto begin = SteadyClock::now();
    fill(**store, runs);
    std::printf("%lld runs written in %.1f s, %.0f MB\n", static_cast<long long>(runs),
                ms_since(begin) / 1'000, static_cast<double>((*store)->bytes()) / 1e6);
  }
  Bench bench{**store, repeats, word(3, "")};
  bench.heading("first page of 50, ms");
  for (const char* search : searches) bench.first_pages(search);
  bench.stuck();
  bench.heading("later pages of 50, ms");
  for (const char* search : searches) bench.later_pages(search);
  std::printf("\n%-66s %7s %7s          found\n", "to the end, pages of 50", "pages", "ms");
  for (const char* search : whole_searches) bench.to_the_end(search);
  bench.heading("counts, ms");
  for (const Count& count : counts) bench.counted(count);
  std::printf("\n%d of %d are over %.0f ms at the 99th percentile\n", bench.over(), bench.asked(),
              goal_ms);
  return bench.over() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace sequent::bench

int main(int count, char** arguments) {
  return sequent::bench::run({arguments + 1, arguments + count});
}
