#include "persistence/sqlite/checkpointer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.hpp"

namespace sequent::persistence {
namespace {

constexpr std::string_view page_size_of_file = "PRAGMA page_size";
constexpr std::string_view checkpointer_settings = R"sql(
  PRAGMA synchronous = FULL;
  PRAGMA cache_size = -2048;
)sql";

// Each pass copies what was written during the one before; at any speed that we can write with, a
// few of them come near. The bound keeps a wrong assumption from becoming a spinning thread.
constexpr int max_passes = 20;

// A store that has written this much is in use and gets its log prepared; a test's store stays small.
constexpr std::int64_t in_use_bytes = 1 << 20;
// What a commit may have to wait for. SQLite's own file layer writes less than 128 KiB at once.
constexpr int piece_bytes = 65'536, writes_in_a_piece = 4;

std::int64_t page_size(Connection& connection) {
  Rows rows = connection.query(page_size_of_file);
  const bool found = rows.next();
  SEQUENT_ASSERT(found);
  return rows.integer(0);
}

}  // namespace

Checkpointer::Checkpointer(Connection& writer, FairMutex& turn, const std::string& path,
                           const CheckpointLimits& limits)
    : writer_(writer),
      turn_(turn),
      limits_(limits),
      next_early_bytes_(limits.early_bytes),
      page_bytes_(page_size(writer)),
      connection_(Connection::open(path, Connection::Mode::read_write)) {
  SEQUENT_ASSERT(limits_.soft_bytes > 0 && limits_.hard_bytes >= limits_.soft_bytes);
  connection_->script(checkpointer_settings);
  sqlite3_wal_hook(writer_.handle(), &Checkpointer::on_log_grown, this);
  thread_ = std::thread{[this] { run(); }};
}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  sqlite3_wal_hook(writer_.handle(), nullptr, nullptr);
}

int Checkpointer::on_log_grown(void* self, sqlite3*, const char*, int pages) {
  static_cast<Checkpointer*>(self)->log_pages_.store(pages);
  return SQLITE_OK;
}

void Checkpointer::after_commit() {
  const std::int64_t pages = log_pages_.load();
  const std::int64_t bytes = pages * page_bytes_;
  if (bytes >= in_use_bytes && !asked_to_prepare_) {
    asked_to_prepare_ = true;
    ask(prepare_);
  }
  if (bytes < limits_.soft_bytes) {
    copied_pages_.store(0);  // the log has begun anew
    next_early_bytes_ = limits_.early_bytes;
    return;
  }
  const std::int64_t rest = (pages - copied_pages_.load()) * page_bytes_;
  if (past_bound(pages) || (bytes >= limits_.hard_bytes && rest <= limits_.rest_bytes) ||
      (bytes >= next_early_bytes_ && rest <= limits_.early_rest_bytes)) {
    // The thread may be at it this moment: then this answers busy, and the next commit tries again.
    int log = 0, copied = 0;
    const int code = sqlite3_wal_checkpoint_v2(writer_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               &log, &copied);
    if (code != SQLITE_OK) return;
    copied_pages_.store(copied);
    // A reader may keep the log from beginning anew: that must not cost each commit an attempt.
    next_early_bytes_ = bytes + limits_.soft_bytes;
    return;
  }
  if (rest < limits_.soft_bytes && bytes < limits_.hard_bytes) return;
  ask(wanted_);
}

void Checkpointer::ask(bool& what) {
  {
    const std::lock_guard guard{mutex_};
    what = true;
  }
  changed_.notify_one();
}

// The thread cannot keep up (it gets no processor, or the disk is slow): the writer stalls for once
// and copies everything, rather than let the log take the whole disk.
bool Checkpointer::past_bound(std::int64_t pages) const {
  return pages * page_bytes_ >= 2 * limits_.hard_bytes;
}

void Checkpointer::run() {
  std::unique_lock guard{mutex_};
  while (true) {
    changed_.wait(guard, [&] { return wanted_ || prepare_ || stopping_; });
    if (stopping_) return;
    const bool copy = std::exchange(wanted_, false), prepare = std::exchange(prepare_, false);
    guard.unlock();
    if (prepare) prepare_log();
    if (copy) copy_until_near();
    guard.lock();
  }
}

// A failed pass (no room, a torn read) is no loss: the log keeps everything, and the next commit
// past the limit asks again. The writer meets the same disk and says so.
void Checkpointer::copy_until_near() {
  std::int64_t rest = INT64_MAX;
  for (int pass = 0; pass < max_passes; ++pass) {
    int log = 0, copied = 0;
    const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr,
                                               SQLITE_CHECKPOINT_PASSIVE, &log, &copied);
    if (code != SQLITE_OK) return;
    copied_pages_.store(copied);
    const std::int64_t before = rest;
    rest = (log_pages_.load() - copied) * page_bytes_;
    if (rest <= limits_.early_rest_bytes / 2 || past_bound(log_pages_.load())) return;
    // Near enough for the hard limit, and no pass will bring it nearer.
    if (rest <= limits_.rest_bytes / 2 && rest > before / 2) return;
  }
}

// Piece by piece in the writer's turn: while it writes nothing, nobody does, and a commit waits for
// one piece at most.
void Checkpointer::prepare_log() {
  while (prepare_piece()) {
    const std::lock_guard guard{mutex_};
    if (stopping_) return;
  }
}

// Zeros and not a hole: blocks without content would have to be marked as written at each commit,
// which is the second write again. A disk without room is left alone: the next commit that does not
// fit says so.
bool Checkpointer::prepare_piece() {
  const std::lock_guard turn{turn_};
  sqlite3_file* file = nullptr;
  sqlite3_file_control(writer_.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  if (file == nullptr || file->pMethods == nullptr) return false;  // no log has been written yet
  sqlite3_int64 length = 0;
  if (file->pMethods->xFileSize(file, &length) != SQLITE_OK) return false;
  static constexpr std::array<char, piece_bytes> zeros{};
  for (int i = 0; i < writes_in_a_piece; ++i, length += piece_bytes) {
    if (length >= std::min(limits_.prepared_bytes, limits_.hard_bytes)) return false;
    if (file->pMethods->xWrite(file, zeros.data(), piece_bytes, length) != SQLITE_OK) return false;
  }
  return true;
}

}  // namespace sequent::persistence
