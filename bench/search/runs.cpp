#include "bench/search/runs.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace sequent::bench {
namespace {

constexpr DurationMs day_ms = 86'400'000, span_ms = 90 * day_ms;
constexpr std::uint64_t workflows = 40, versions_of_ten = 10;
const std::string error_base = "https://serverlessworkflow.io/spec/1.0.0/errors/";

struct Standing {
  const char* kind;     // what the run waits for; or its status when it waits for nothing
  std::uint64_t share;  // of 10,000
};
// 96% have ended well; what an operator looks for is among the rest.
constexpr Standing standings[] = {{"completed", 9'500}, {"cancelled", 100}, {"faulted", 50},
                                  {"event", 150},       {"timer", 90},      {"parked", 70},
                                  {"activity", 20},     {"child", 15},      {"suspended", 5}};

struct Provider {
  const char* name;
  std::uint64_t share;  // of 1,000
};
constexpr Provider providers[] = {
    {"stripe", 800}, {"aws", 150}, {"flexprice", 48}, {"langfuse", 2}};

struct Fault {
  std::string type;
  int status;
  const char* title;
  std::uint64_t share;  // of 1,000
};
// One is rare: what finds few among many is the hard case.
const Fault faults[] = {{error_base + "communication", 503, "Service Unavailable", 600},
                        {error_base + "validation", 400, "Bad Request", 250},
                        {error_base + "timeout", 408, "Request Timeout", 145},
                        {"https://example.org/errors/card-declined", 402, "Card declined", 5}};

template <class Choices>
const auto& chosen(const Choices& choices, std::uint64_t number) {
  for (const auto& choice : choices) {
    if (number < choice.share) return choice;
    number -= choice.share;
  }
  return *std::begin(choices);
}

// A few workflows have most of the runs, and some have hardly any.
std::uint64_t skewed(std::mt19937_64& random, std::uint64_t count) {
  const double even = std::uniform_real_distribution<>{}(random);
  return static_cast<std::uint64_t>(static_cast<double>(count) * std::pow(even, 3));
}

runtime::NewInstance start_of(std::int64_t number, Timestamp at, std::mt19937_64& random) {
  runtime::NewInstance start;
  const auto workflow = skewed(random, workflows);
  start.workflow_namespace = workflow < 8 ? "facturation" : "space" + std::to_string(workflow / 8);
  start.name = "flow-" + std::to_string(workflow);
  start.version = random() % versions_of_ten == 0 ? "2.0.0" : "1.0.0";
  start.digest = start.name + start.version;
  start.key = "order-" + std::to_string(random() % key_numbers) + "-" + std::to_string(number);
  start.attributes = {{"customer", "cus_" + std::to_string(random() % customers)},
                      {"region", random() % 3 == 0 ? "eu" : "us"},
                      {"amount", random() % 100'000},
                      {"live", random() % 20 != 0}};
  start.started_at = at;
  start.started_by = random() % 4 == 0 ? "connector" : "gateway";
  return start;
}

void add_error(runtime::InstanceRow& row, std::mt19937_64& random) {
  const auto& fault = chosen(faults, random() % 1'000);
  row.error_type = fault.type;
  row.error_status = fault.status;
  row.error_title = fault.title;
}

void add_call(runtime::InstanceRow& row, std::mt19937_64& random) {
  row.provider = chosen(providers, random() % 1'000).name;
  row.operation = row.provider + (random() % 3 == 0 ? ".invoices.create" : ".charges.create");
}

// As row_of() in the engine tells it: who has ended waits for nothing, and only who faulted has a
// provider.
void stand(runtime::InstanceChange& change, const std::string& kind, std::mt19937_64& random) {
  auto& row = change.row;
  row.status = kind;
  row.updated_at = change.at + static_cast<Timestamp>(random() % 60'000);
  row.attempts = static_cast<std::uint32_t>(1 + skewed(random, 8));
  row.completed_tasks = static_cast<std::uint32_t>(random() % 9);
  if (kind == "completed" || kind == "cancelled" || kind == "faulted") {
    row.ended_at = row.updated_at;
    if (kind != "faulted") return;
    add_error(row, random);
  }
  row.task = "/do/" + std::to_string(random() % 8) + "/step" + std::to_string(skewed(random, 8));
  if (kind == "faulted") {
    if (random() % 4 != 0) add_call(row, random);
    return;
  }
  row.deadline = random() % 2 == 0 ? now + static_cast<Timestamp>(random() % day_ms) : 0;
  row.waiting_kind = kind == "suspended" ? "activity" : kind;
  if (kind != "suspended") row.status = "waiting";
  if (kind == "event") {
    runtime::SubscriptionRow subscription;
    subscription.filter_key = "invoice.paid";
    subscription.correlation_hash = change.id.text();
    subscription.type = "invoice.paid";
    change.subscriptions.emplace().push_back(subscription);
  } else if (kind == "timer" || kind == "activity" || kind == "child") {
    row.wake_at = now + static_cast<Timestamp>(random() % day_ms);
  }
  if (kind != "parked" && kind != "activity") return;
  add_call(row, random);
  add_error(row, random);
  if (kind != "parked") return;
  row.parked_at = row.updated_at;
  row.park_reason = random() % 10 == 0 ? "retries_exhausted" : "provider_open";
  if (row.park_reason == "retries_exhausted") return;
  runtime::ParkedCall call;
  call.circuit = row.provider + "//write";
  call.deadline = row.deadline;
  call.parked_at = row.parked_at;
  change.parked.emplace().push_back(call);
}

runtime::InstanceChange run_number(std::int64_t number, std::int64_t runs,
                                   std::mt19937_64& random) {
  runtime::InstanceChange change;
  const Timestamp started = now - span_ms + span_ms * number / runs;
  change.id = InstanceId::make(started, random(), static_cast<PartitionId>(number % partitions));
  change.start = start_of(number, started, random);
  change.first_seq = change.last_seq = 1;
  change.records = R"([{"seq":1}])";
  change.at = started;
  stand(change, chosen(standings, random() % 10'000).kind, random);
  return change;
}

std::map<PartitionId, Epoch> take_partitions(persistence::Database& store) {
  const auto joined = store.acquire({.node = "bench", .now = now, .ttl = 3'600'000});
  if (!joined) {
    std::fprintf(stderr, "bench_search: %s\n", joined.error().detail.c_str());
    std::exit(1);
  }
  std::map<PartitionId, Epoch> epochs;
  for (const auto& lease : joined->leases) epochs[lease.partition] = lease.epoch;
  return epochs;
}

}  // namespace

void fill(persistence::Database& store, std::int64_t runs) {
  auto epochs = take_partitions(store);
  std::mt19937_64 random{7};
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
    for (const auto& result : store.commit(all)) {
      if (!result.fenced) continue;
      std::fprintf(stderr, "bench_search: another node took the partitions\n");
      std::exit(1);
    }
  }
}

}  // namespace sequent::bench
