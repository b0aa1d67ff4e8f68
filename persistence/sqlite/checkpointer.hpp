#pragma once
// Moves the write-ahead log into the database file beside the writer, so that commits do not stall
// and the log does not grow for ever.
//
// A passive checkpoint (own thread, own connection) copies pages while commits go on; the log can
// begin anew only at a moment when nothing is left to copy. Under load that moment never comes by
// itself, so the writer copies the small rest between two commits: early, where the rest is a few
// pages, and past the hard limit whatever it is.
//
// A commit that makes the log's file longer costs the disk a second write, of the file's new length:
// measured, more than twice the time of a commit that writes over what is there. So once a store is
// in use, the file is lengthened ahead of the log with zeros, which SQLite takes for the log's end.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "persistence/sqlite/fair_mutex.hpp"
#include "persistence/sqlite/statement.hpp"

namespace sequent::persistence {

struct CheckpointLimits {
  std::int64_t soft_bytes = 16 << 20;   // of the log: passive checkpoints begin
  std::int64_t hard_bytes = 256 << 20;  // of the log: the writer ends it; at twice that, whatever
                                        // is left to copy
  std::int64_t rest_bytes = 4 << 20;    // what the writer may copy then between two commits
  std::int64_t early_bytes = 48 << 20;  // of the log: the writer ends it if that costs next to
  std::int64_t early_rest_bytes = 256 << 10;  // nothing
  std::int64_t prepared_bytes = 64 << 20;     // of the log's file, written beforehand; 0 = none
};

class Checkpointer {
 public:
  /// Watches the commits of `writer`, whose own automatic checkpoints are off and who writes only in
  /// its `turn`.
  Checkpointer(Connection& writer, FairMutex& turn, const std::string& path,
               const CheckpointLimits& limits);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// Called by the writer between two commits: wakes the thread, or ends the log when it is due.
  void after_commit();
  [[nodiscard]] std::int64_t log_bytes() const { return log_pages_.load() * page_bytes_; }

 private:
  static int on_log_grown(void* self, sqlite3* database, const char* schema, int pages);
  void ask(bool& what);
  void run();
  void copy_until_near();
  void prepare_log();
  [[nodiscard]] bool prepare_piece();
  [[nodiscard]] bool past_bound(std::int64_t pages) const;

  Connection& writer_;
  FairMutex& turn_;
  CheckpointLimits limits_;
  std::int64_t next_early_bytes_;  // this and the next belong to the writer
  bool asked_to_prepare_ = false;
  std::int64_t page_bytes_;
  std::unique_ptr<Connection> connection_;
  std::atomic<std::int64_t> log_pages_{0};     // in the log now, by the writer's last commit
  std::atomic<std::int64_t> copied_pages_{0};  // of them in the database file already
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false, prepare_ = false, stopping_ = false;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace sequent::persistence
