// How long each kind of search takes in a store full of runs.
// usage  bench_search [FOLDER | postgresql://…] [RUNS] [REPEATS]     default: a temporary folder, 1,000,000, 100
// shape  runs of 40 workflows over 90 days: 90% completed, 4% waiting, 3% parked, 2% faulted, 1% other; each
//        with a business key and three attributes
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/runtime/where.hpp"
#include "persistence/database.hpp"

namespace {

using namespace sequent;
using Clock = std::chrono::steady_clock;

constexpr Timestamp now = 1'800'000'000'000;
constexpr DurationMs span_ms = 90LL * 86'400'000;
constexpr PartitionId partitions = 16;
constexpr const char* errors[] = {"https://serverlessworkflow.io/spec/1.0.0/errors/communication",
                                  "https://serverlessworkflow.io/spec/1.0.0/errors/validation",
                                  "https://serverlessworkflow.io/spec/1.0.0/errors/timeout",
                                  "https://example.org/errors/card-declined"};
constexpr const char* providers[] = {"stripe", "aws", "flexprice", "langfuse"};

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

runtime::InstanceChange run_number(std::int64_t number, std::int64_t runs,
                                   std::mt19937_64& random) {
  runtime::InstanceChange change;
  const Timestamp started = now - span_ms + span_ms * number / runs;
  change.id = InstanceId::make(started, random(), static_cast<PartitionId>(number % partitions));
  auto& start = change.start.emplace();
  const auto workflow = random() % 40;
  start.workflow_namespace = workflow < 8 ? "facturation" : "space" + std::to_string(workflow / 8);
  start.name = "flow-" + std::to_string(workflow);
  start.version = random() % 10 == 0 ? "2.0.0" : "1.0.0";
  start.digest = start.name + start.version;
  start.key = "order-" + std::to_string(number) + "-" + std::to_string(random() % 100'000);
  start.attributes = {{"customer", "cus_" + std::to_string(random() % 50'000)},
                      {"region", random() % 3 == 0 ? "eu" : "us"},
                      {"amount", random() % 100'000}};
  start.started_at = started;
  start.started_by = "bench";
  change.first_seq = change.last_seq = 1;
  change.records = R"([{"seq":1}])";
  change.at = started;
  auto& row = change.row;
  row.updated_at = started + static_cast<Timestamp>(random() % 60'000);
  row.task = "/do/" + std::to_string(random() % 8) + "/step" + std::to_string(random() % 8);
  row.attempts = static_cast<std::uint32_t>(random() % 5);
  row.wake_at = INT64_MAX;
  const auto kind = random() % 100;
  row.status = kind < 90   ? "completed"
               : kind < 97 ? "waiting"
               : kind < 99 ? "faulted"
                           : "suspended";
  if (kind < 90) row.ended_at = row.updated_at;
  if (kind >= 90 && kind < 94) row.waiting_kind = "event";
  if (kind >= 94 && kind < 97) row.waiting_kind = "parked";
  if (kind >= 94 && kind < 99) {
    // One error is rare: what finds few among many is the hard case.
    const auto which = random() % 1'000;
    row.error_type = errors[which == 0 ? 3 : which % 3];
    row.error_status = which == 0 ? 402 : 503;
    row.provider = providers[random() % 4];
    row.operation = row.provider + ".thing.create";
  }
  if (row.waiting_kind == "parked") {
    row.park_reason = "retries_exhausted";
    row.parked_at = row.updated_at;
    row.deadline = row.updated_at + static_cast<Timestamp>(random() % 86'400'000);
  }
  return change;
}

void fill(persistence::Database& store, std::int64_t runs) {
  const auto joined = store.acquire({.node = "bench", .now = now, .ttl = 600'000});
  if (!joined) {
    std::fprintf(stderr, "%s\n", joined.error().detail.c_str());
    std::exit(1);
  }
  std::map<PartitionId, Epoch> epochs;
  for (const auto& lease : joined->leases) epochs[lease.partition] = lease.epoch;
  std::mt19937_64 random{7};
  const auto begin = Clock::now();
  constexpr std::int64_t at_once = 4'000;
  for (std::int64_t first = 0; first < runs; first += at_once) {
    std::map<PartitionId, runtime::Batch> batches;
    for (auto number = first; number < std::min(first + at_once, runs); ++number) {
      auto change = run_number(number, runs, random);
      auto& batch = batches[change.id.partition()];
      batch.partition = change.id.partition();
      batch.epoch = epochs[batch.partition];
      batch.changes.push_back(std::move(change));
    }
    std::vector<runtime::Batch> all;
    for (auto& [partition, batch] : batches) all.push_back(std::move(batch));
    (void)store.commit(all);
  }
  std::printf("%lld runs written in %.1f s, %.0f MB\n\n", static_cast<long long>(runs),
              ms_since(begin) / 1'000, static_cast<double>(store.bytes()) / 1e6);
}

struct Times {
  std::vector<double> ms;
  void print(const std::string& what, std::size_t found) {
    std::sort(ms.begin(), ms.end());
    const auto at = [this](double share) {
      return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
    };
    std::printf("%-62s %7.2f %7.2f %7.2f  %zu\n", what.c_str(), at(0.5), at(0.99), ms.back(),
                found);
  }
};

void measure(persistence::Database& store, const std::string& text, int repeats) {
  std::mt19937_64 random{11};
  Times times;
  std::size_t found = 0;
  for (int i = 0; i < repeats; ++i) {
    std::string search = text;
    for (auto at = search.find('#'); at != std::string::npos; at = search.find('#'))
      search.replace(at, 1, std::to_string(random() % 50'000));
    runtime::RunFilter filter;
    if (!runtime::read_where(search, now, filter)) std::exit(1);
    const auto begin = Clock::now();
    const auto page = static_cast<runtime::RunQueries&>(store).list(filter, "", 50);
    times.ms.push_back(ms_since(begin));
    found = std::max(found, page ? page->runs.size() : 0);
  }
  times.print(text, found);
}

void count(persistence::Database& store, const std::string& text, const std::string& by,
           int repeats) {
  Times times;
  std::size_t found = 0;
  for (int i = 0; i < repeats; ++i) {
    runtime::RunFilter filter;
    if (!text.empty() && !runtime::read_where(text, now, filter)) std::exit(1);
    const auto begin = Clock::now();
    const auto groups = store.aggregate(filter, {by}, 50);
    times.ms.push_back(ms_since(begin));
    found = groups ? groups->size() : 0;
  }
  times.print("count by " + by + (text.empty() ? "" : " where " + text), found);
}

}  // namespace

int main(int count_of_arguments, char** arguments) {
  const auto argument = [&](int i, const char* fallback) {
    return std::string(count_of_arguments > i ? arguments[i] : fallback);
  };
  persistence::DatabaseOptions options;
  const std::string place = argument(1, "");
  if (place.starts_with("postgres"))
    options.url = place;
  else
    options.directory = place.empty()
                            ? (std::filesystem::temp_directory_path() / "sequent-search").string()
                            : place;
  options.partitions = partitions;
  const auto runs = std::strtoll(argument(2, "1000000").c_str(), nullptr, 10);
  const int repeats = std::atoi(argument(3, "100").c_str());
  auto store = persistence::open_database(options);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().detail.c_str());
    return 1;
  }
  const auto there = (*store)->aggregate({}, {}, 1);
  if (!there || there->empty() || there->front().count == 0) fill(**store, runs);
  std::printf("%-62s %7s %7s %7s  found\n", "a page of 50, ms", "p50", "p99", "max");
  for (const char* search :
       {"status=faulted",
        "status in (faulted, suspended)",
        "waiting=parked",
        "waiting=parked and provider=stripe",
        "waiting=parked and deadline<now",
        "status=faulted and error.type~communication",
        "status=faulted and error.type~card-declined",
        "status=faulted and error.type~communication and workflow=facturation/*",
        "error.type~card-declined",
        "error.status=402",
        "workflow=facturation/flow-3",
        "workflow=facturation/*",
        "workflow=*/flow-3:2.*",
        "key~order-#-*",
        "text=order-#-",
        "attr.customer=cus_#",
        "attr.customer=cus_# and status=completed",
        "attr.region=eu",
        "attr.amount>99990",
        "started>1h",
        "started>24h and status=faulted",
        "updated>24h",
        "task=step3 and status=faulted",
        "provider=aws",
        "operation=stripe.thing.create",
        "attempts>3 and status=faulted",
        "parked<24h and waiting=parked",
        "ended>1h"})
    measure(**store, search, repeats);
  std::printf("\n");
  const int few = std::max(1, repeats / 10);
  count(**store, "", "status", few);
  count(**store, "status=faulted", "error_type", few);
  count(**store, "status=faulted", "error_status", few);
  count(**store, "status=faulted", "workflow", few);
  count(**store, "waiting=parked", "provider", few);
  count(**store, "waiting=parked", "workflow", few);
  count(**store, "status=faulted", "attribute.region", few);
  return 0;
}
