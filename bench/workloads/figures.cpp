#include "bench/workloads/figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace sequent::bench {
namespace {

constexpr auto between_lines = std::chrono::seconds(2);

}  // namespace

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

double memory_mb() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0, resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

Progress::Progress(std::string what, std::uint64_t total)
    : what_(std::move(what)), total_(total), next_(SteadyClock::now() + between_lines) {}

void Progress::at(std::uint64_t done) {
  if (SteadyClock::now() < next_) return;
  next_ = SteadyClock::now() + between_lines;
  std::fprintf(stderr, "  %s: %llu of %llu\n", what_.c_str(), static_cast<unsigned long long>(done),
               static_cast<unsigned long long>(total_));
}

}  // namespace sequent::bench
