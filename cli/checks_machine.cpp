// Checks of this machine: store, disk, clock.
#include <fcntl.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "cli/checks.hpp"
#include "persistence/postgres/migrate.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr double slow_disk = 100;          // synchronous writes a second
constexpr double unlikely_disk = 100'000;  // faster than any disk that keeps its word
constexpr Timestamp year_2026 = 1'767'225'600'000;

/// The folder itself, or its nearest parent that is there.
fs::path existing(const std::string& directory) {
  std::error_code ignored;
  fs::path path = fs::absolute(directory, ignored);
  while (path.has_relative_path() && !fs::is_directory(path, ignored)) path = path.parent_path();
  return path;
}

struct Rate {
  double per_second = 0;
  std::string failure;
};

Rate measure(int descriptor) {
  constexpr int most_writes = 200;
  constexpr std::chrono::milliseconds longest{1'000};
  const std::string block(4'096, 's');
  const auto begun = steady_clock::now();
  int writes = 0;
  while (writes < most_writes && steady_clock::now() - begun < longest) {
    const auto offset = static_cast<off_t>(writes) * static_cast<off_t>(block.size());
    if (::pwrite(descriptor, block.data(), block.size(), offset) < 0 ||
        ::fdatasync(descriptor) != 0)
      return {0, std::strerror(errno)};
    ++writes;
  }
  const std::chrono::duration<double> spent = steady_clock::now() - begun;
  return {writes / spent.count(), ""};
}

}  // namespace

Check check_data(const std::string& directory) {
  std::error_code ignored;
  if (!fs::exists(fs::path(directory) / "sequent.db", ignored)) {
    const auto parent = existing(directory);
    if (::access(parent.c_str(), W_OK | X_OK) != 0)
      return {"store", Verdict::bad, parent.string() + " is not writable: " + std::strerror(errno)};
    return {"store", Verdict::good, "none in " + directory + " yet; serve makes it"};
  }
  persistence::SqliteOptions options;
  options.directory = directory;
  options.node = "doctor";
  const auto store = persistence::SqliteStore::open(options);
  if (store)
    return {"store", Verdict::good,
            directory + ", " + std::to_string((*store)->all().size()) + " workflow versions"};
  const bool held = store.error().code == ErrorCode::lease_held;
  return {"store", held ? Verdict::warning : Verdict::bad, store.error().detail};
}

Check check_database(const std::string& url) {
  const auto seen = persistence::postgres::look_at_postgres(url);
  if (seen) return {"store", Verdict::good, *seen};
  return {"store", Verdict::bad, seen.error().detail};
}

Check check_disk(const std::string& directory) {
  std::string name = (existing(directory) / "sequent-doctor-XXXXXX").string();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0)
    return {"disk", Verdict::bad,
            "cannot write below " + existing(directory).string() + ": " + std::strerror(errno)};
  ::unlink(name.c_str());  // gone with its descriptor, whatever happens
  const Rate rate = measure(descriptor);
  ::close(descriptor);
  if (!rate.failure.empty()) return {"disk", Verdict::bad, "synchronous write: " + rate.failure};
  const auto whole = static_cast<long>(rate.per_second);
  const std::string text = std::to_string(whole) + " synchronous writes a second";
  if (rate.per_second < slow_disk)
    return {"disk", Verdict::warning, text + ": slow, every commit waits for one"};
  if (rate.per_second > unlikely_disk)
    return {"disk", Verdict::warning,
            text +
                ": memory, or a disk that does not wait; a power cut "
                "may lose what was acknowledged"};
  return {"disk", Verdict::good, text};
}

Check check_clock(runtime::Clock& clock) {
  const Timestamp now = clock.now();
  if (now < year_2026)
    return {"clock", Verdict::bad, "it says " + format_time(now) + ", which is in the past"};
  timex state{};
  const int kept = ::adjtimex(&state);
  if (kept < 0 || kept == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    return {"clock", Verdict::warning,
            format_time(now) + ", not synchronised as far as the system knows; run an NTP service"};
  return {"clock", Verdict::good, format_time(now) + ", synchronised"};
}

}  // namespace sequent::cli
