#pragma once
// Counters that any strand raises; read at one moment for /metrics.
#include <atomic>
#include <cstdint>

namespace sequent::runtime {

struct Stats {
  using Count = std::atomic<std::uint64_t>;
  Count commits = 0, committed_records = 0, committed_changes = 0, commit_ms = 0,
        last_commit_ms = 0;
  Count started = 0, completed = 0, faulted = 0, cancelled = 0, parked = 0;
  Count activities_started = 0, activities_failed = 0, activity_retries = 0;
  Count events = 0, timers = 0, loads = 0, evictions = 0, store_failures = 0;
  std::atomic<std::int64_t> resident = 0, in_flight = 0, queued = 0, starting = 0;
};

}  // namespace sequent::runtime
