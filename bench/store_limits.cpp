// How fast a store commits beside what the disk and SQLite themselves can do.
// usage  bench_store_limits [FOLDER] [SECONDS] [IN_FLIGHT]   (FOLDER on the disk to be measured)
//        bench_store_limits postgresql://… [SECONDS] [IN_FLIGHT]
// shape  a run = 6 changes: start, four checkpoints, end; each with a journal row of about 500 bytes
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "persistence/database.hpp"
#include "persistence/sqlite/raw_limit.hpp"

namespace {

using namespace sequent;
using Clock = std::chrono::steady_clock;

constexpr int changes_per_run = 6;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

const std::string& journal_text() {
  static const std::string text =
      R"([{"seq":2,"kind":"TaskReturned","frame":2,"output":")" + std::string(200, 'x') +
      R"("},{"seq":3,"kind":"TaskCompleted","frame":2},{"seq":4,"kind":"TaskStarted","frame":3},)" +
      R"({"seq":5,"kind":"ActivityScheduled","frame":3,"key":")" + std::string(64, 'k') +
      R"(","arguments":{"step":3}}])";
  return text;
}

void measure_sync(const std::string& folder) {
  const std::string path = folder + "/sync.bin";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) std::exit(1);
  const std::string block(8192, 'x');
  // The file has its length beforehand, as a log that is written again and again has.
  constexpr int blocks = 256;
  for (int i = 0; i < blocks; ++i)
    if (::pwrite(file, block.data(), block.size(), i * 8192L) < 0) std::exit(1);
  ::fsync(file);
  int count = 0;
  const auto begin = Clock::now();
  while (seconds_since(begin) < 2) {
    if (::pwrite(file, block.data(), block.size(), (count % blocks) * 8192L) < 0) std::exit(1);
    ::fdatasync(file);
    ++count;
  }
  std::printf("fdatasync of 8 KiB        %8.0f /s  %.2f ms each\n", count / seconds_since(begin),
              1e3 * seconds_since(begin) / count);
  ::close(file);
}

void measure_raw(const std::string& folder) {
  persistence::RawLimit limit;
  limit.directory = folder + "/raw";
  limit.runs = 60'000;
  limit.runs_per_transaction = 600;
  limit.records = journal_text();
  const double cpu_before = cpu_seconds();
  const auto begin = Clock::now();
  persistence::write_raw(limit);
  std::printf("raw rows, 600 at a time   %8.0f runs/s, %.3f CPU-s per 1,000 runs\n",
              limit.runs / seconds_since(begin), (cpu_seconds() - cpu_before) / limit.runs * 1e3);
}

struct Run {
  InstanceId id;
  int written = 0;
};

class Load {
 public:
  Load(const std::string& folder, std::size_t in_flight) : runs_(in_flight) {
    persistence::DatabaseOptions options;
    (folder.starts_with("postgres") ? options.url : options.directory) = folder;
    auto opened = persistence::open_database(options);
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().detail.c_str());
      std::exit(1);
    }
    store_ = std::move(*opened);
    leases_ = store_->acquire({.node = "bench", .now = 1, .ttl = 1'000'000})->leases;
    // Runs begin one after another, so that a batch holds runs at every stage.
    for (std::size_t i = 0; i < runs_.size(); ++i)
      runs_[i] = {fresh_id(), -static_cast<int>(i % changes_per_run)};
  }

  void run(double seconds) {
    std::size_t done = 0;
    const double cpu_before = cpu_seconds();
    const auto begin = Clock::now();
    while (seconds_since(begin) < seconds) {
      const auto batches = next_batches();
      const auto commit_begin = Clock::now();
      const auto results = store_->commit(batches);
      commits_.push_back(1e3 * seconds_since(commit_begin));
      for (const auto& result : results)
        if (result.fenced) std::exit(1);
      done += ended_;
    }
    report(done, seconds_since(begin), cpu_seconds() - cpu_before);
  }

 private:
  InstanceId fresh_id() {
    const auto partition = static_cast<PartitionId>(drawn_++ % store_->partitions());
    return InstanceId::make(1'800'000'000'000 + static_cast<Timestamp>(drawn_ / 16), random_(),
                            partition);
  }

  runtime::InstanceChange change_of(const Run& run) {
    runtime::InstanceChange change;
    change.id = run.id;
    const bool last = run.written == changes_per_run - 1;
    if (run.written == 0) {
      auto& start = change.start.emplace();
      start.workflow_namespace = "bench";
      start.name = "steps";
      start.version = "1.0.0";
      start.digest = std::string(64, 'd');
      start.payload_hash = std::string(64, 'p');
      start.started_at = 1'800'000'000'000 + static_cast<Timestamp>(drawn_ / 16);
      start.started_by = "bench";
    }
    change.first_seq = static_cast<std::uint64_t>(run.written) * 4 + 1;
    change.last_seq = change.first_seq + 3;
    change.records = journal_text();
    change.at = 1'800'000'000'000;
    change.row.status = last ? "completed" : "running";
    change.row.task = "/do/" + std::to_string(run.written) + "/step";
    change.row.waiting_kind = last ? "" : "activity";
    change.row.operation = last ? "" : "debug.echo";
    change.row.wake_at = last ? INT64_MAX : 0;
    change.row.updated_at = change.at;
    change.row.ended_at = last ? change.at : 0;
    change.row.completed_tasks = static_cast<std::uint32_t>(run.written);
    change.ended = last;
    return change;
  }

  std::vector<runtime::Batch> next_batches() {
    ended_ = 0;
    std::vector<runtime::Batch> batches(leases_.size());
    for (std::size_t i = 0; i < leases_.size(); ++i) {
      batches[i].partition = leases_[i].partition;
      batches[i].epoch = leases_[i].epoch;
    }
    for (Run& run : runs_) {
      if (run.written >= 0) batches[run.id.partition()].changes.push_back(change_of(run));
      if (++run.written < changes_per_run) continue;
      run = {fresh_id(), 0};
      ++ended_;
    }
    std::erase_if(batches, [](const runtime::Batch& batch) { return batch.changes.empty(); });
    return batches;
  }

  void report(std::size_t done, double took, double cpu) {
    std::sort(commits_.begin(), commits_.end());
    const auto at = [&](double part) {
      return commits_[static_cast<std::size_t>(part * static_cast<double>(commits_.size() - 1))];
    };
    double committing = 0;
    for (const double ms : commits_) committing += ms / 1e3;
    const double runs = static_cast<double>(done);
    std::printf(
        "store, %4zu in flight     %8.0f runs/s (%.0f runs/s of commit time), commit p50 %.2f "
        "p99 %.2f max %.1f ms, %.3f CPU-s per 1,000 runs\n",
        runs_.size(), runs / took, runs / committing, at(0.5), at(0.99), commits_.back(),
        cpu / runs * 1e3);
  }

  std::vector<Run> runs_;
  std::unique_ptr<persistence::Database> store_;
  std::vector<runtime::Lease> leases_;
  std::vector<double> commits_;
  std::size_t drawn_ = 0, ended_ = 0;
  std::mt19937_64 random_{1};
};

void measure_store(const std::string& folder, std::size_t in_flight, double seconds) {
  const std::string path = folder + "/store-" + std::to_string(in_flight);
  Load load{path, in_flight};
  load.run(seconds);
  const auto bytes = [&](const char* name) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(path + "/" + name, ignored);
    return ignored ? 0.0 : static_cast<double>(size) / (1 << 20);
  };
  std::printf("                          database %.0f MiB, log %.0f MiB\n", bytes("sequent.db"),
              bytes("sequent.db-wal"));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string parent = argc > 1 ? argv[1] : ".";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 10;
  if (parent.starts_with("postgres")) {
    for (const std::size_t in_flight : {1, 600, 4000}) {
      if (argc > 3 && std::atoi(argv[3]) != static_cast<int>(in_flight)) continue;
      // Each in a schema of its own, which is left there.
      const char mark = parent.find('?') == std::string::npos ? '?' : '&';
      Load{parent + mark + "schema=limits_" + std::to_string(in_flight) + "_" +
               std::to_string(::getpid()),
           in_flight}
          .run(seconds);
    }
    return 0;
  }
  std::string folder = parent + "/store-limits-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr || seconds <= 0) {
    std::fprintf(stderr, "usage: bench_store_limits [FOLDER] [SECONDS]: FOLDER must exist\n");
    return 2;
  }
  if (argc > 3) {  // one load alone, for a profiler
    measure_store(folder, static_cast<std::size_t>(std::atoi(argv[3])), seconds);
  } else {
    measure_sync(folder);
    measure_raw(folder);
    for (const std::size_t in_flight : {1, 600, 4000}) measure_store(folder, in_flight, seconds);
  }
  std::filesystem::remove_all(folder);
  return 0;
}
