#include "bench/workloads/limits.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "bench/workloads/figures.hpp"
#include "persistence/sqlite/raw_limit.hpp"

namespace sequent::bench {
namespace {

constexpr double seconds_of_syncs = 1.0;
constexpr std::size_t block_bytes = 8'192;
constexpr int blocks_of_log = 2'048;  // then from the start again, as a log that has wrapped

// A file that grows needs its new length on the disk as well; a log that is written over does not.
void print_syncs(const std::filesystem::path& folder, bool over) {
  const auto path = folder / "fdatasync";
  const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
  const std::string block(block_bytes, 'x');
  bool works = file >= 0;
  const auto write_at = [&](int number) {
    const auto offset = static_cast<off_t>(number) * static_cast<off_t>(block_bytes);
    works = works && ::pwrite(file, block.data(), block.size(), offset) > 0;
  };
  for (int i = 0; over && i < blocks_of_log; ++i) write_at(i);
  works = works && ::fsync(file) == 0;
  std::vector<double> micros;
  const auto start = SteadyClock::now();
  for (int i = 0; works && seconds_since(start) < seconds_of_syncs; ++i) {
    const auto begin = SteadyClock::now();
    write_at(over ? i % blocks_of_log : i);
    works = works && ::fdatasync(file) == 0;
    micros.push_back(seconds_since(begin) * 1e6);
  }
  if (file >= 0) ::close(file);
  std::filesystem::remove(path);
  if (!works) {
    std::fprintf(stderr, "bench_workloads: cannot write in %s\n", folder.c_str());
    std::exit(1);
  }
  std::printf("limit  %s of 8 KiB with fdatasync: %.0f/s, p50 %.0f us, p99 %.0f us\n",
              over ? "overwrites" : "appends",
              static_cast<double>(micros.size()) / seconds_of_syncs, percentile(micros, 0.5),
              percentile(micros, 0.99));
}

// Six transactions for each group of runs, which is what `callers` runs at a time come to.
void print_raw(const std::filesystem::path& folder, int runs, int callers) {
  persistence::RawLimit limit;
  limit.directory = (folder / "raw").string();
  limit.runs = runs;
  limit.runs_per_transaction = callers;
  limit.records = std::string(500, 'r');
  const auto start = SteadyClock::now();
  persistence::write_raw(limit);
  const double seconds = seconds_since(start);
  std::filesystem::remove_all(limit.directory);
  std::printf("limit  raw SQLite inserts, %d at a time: %.0f runs/s, %.2f ms for six commits\n",
              callers, runs / seconds, seconds * 1000 * callers / runs);
}

}  // namespace

void print_disk_limits(const std::filesystem::path& folder) {
  print_syncs(folder, false);
  print_syncs(folder, true);
  std::fflush(stdout);
}

void print_sqlite_limits(const std::filesystem::path& folder) {
  print_raw(folder, 200, 1);
  print_raw(folder, 6'400, 64);
  print_raw(folder, 12'000, 600);
  std::fflush(stdout);
}

}  // namespace sequent::bench
