#include "persistence/sqlite/checkpointer.hpp"

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

std::int64_t page_size(Connection& connection) {
  Rows rows = connection.query(page_size_of_file);
  const bool found = rows.next();
  SEQUENT_ASSERT(found);
  return rows.integer(0);
}

}  // namespace

Checkpointer::Checkpointer(Connection& writer, const std::string& path,
                           const CheckpointLimits& limits)
    : writer_(writer),
      limits_(limits),
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
  if (pages * page_bytes_ < limits_.soft_bytes) {
    copied_pages_.store(0);  // the log has begun anew
    return;
  }
  const std::int64_t rest = pages - copied_pages_.load();
  const bool near_end = rest * page_bytes_ <= limits_.rest_bytes;
  if (past_bound(pages) || (pages * page_bytes_ >= limits_.hard_bytes && near_end)) {
    // The thread may be at it this moment: then this answers busy, and the next commit tries again.
    int log = 0, copied = 0;
    const int code = sqlite3_wal_checkpoint_v2(writer_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               &log, &copied);
    if (code == SQLITE_OK) copied_pages_.store(copied);
    return;
  }
  if (rest * page_bytes_ < limits_.soft_bytes && pages * page_bytes_ < limits_.hard_bytes) return;
  {
    const std::lock_guard guard{mutex_};
    wanted_ = true;
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
    changed_.wait(guard, [&] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    guard.unlock();
    copy_until_near();
    guard.lock();
  }
}

// A failed pass (no room, a torn read) is no loss: the log keeps everything, and the next commit
// past the limit asks again. The writer meets the same disk and says so.
void Checkpointer::copy_until_near() {
  for (int pass = 0; pass < max_passes; ++pass) {
    int log = 0, copied = 0;
    const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr,
                                               SQLITE_CHECKPOINT_PASSIVE, &log, &copied);
    if (code != SQLITE_OK) return;
    copied_pages_.store(copied);
    const std::int64_t rest = log_pages_.load() - copied;
    if (rest * page_bytes_ <= limits_.rest_bytes / 2 || past_bound(log_pages_.load())) return;
  }
}

}  // namespace sequent::persistence
