#pragma once
// What a workload measures and how it is said: clocks, processor time, memory, percentiles, progress.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sequent::bench {

using SteadyClock = std::chrono::steady_clock;

[[nodiscard]] double seconds_since(SteadyClock::time_point start);

/// Of this process, all threads, user and system.
[[nodiscard]] double cpu_seconds();
[[nodiscard]] double memory_mb();       // resident now
[[nodiscard]] double peak_memory_mb();  // resident at most so far

/// `share` from 0 to 1; sorts. 0 of nothing.
[[nodiscard]] double percentile(std::vector<double>& values, double share);

/// One line on standard error every other second, so that a long run is seen to move.
/// threads  one
class Progress {
 public:
  Progress(std::string what, std::uint64_t total);
  void at(std::uint64_t done);

 private:
  std::string what_;
  std::uint64_t total_;
  SteadyClock::time_point next_;
};

}  // namespace sequent::bench
