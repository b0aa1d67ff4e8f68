#include "persistence/sqlite/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sequent::persistence {
namespace {

std::string holder_of(int descriptor) {
  std::array<char, 256> buffer{};
  const ssize_t size = pread(descriptor, buffer.data(), buffer.size(), 0);
  std::string holder(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "a process that has not written its id yet" : holder;
}

}  // namespace

Result<std::unique_ptr<FileLock>> FileLock::take(const std::string& path, const std::string& node) {
  // Close on exec: a child process must not keep the lock after its parent has gone.
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0)
    return fail(ErrorCode::unavailable, "Cannot open the lock file " + path + ": " +
                                            std::strerror(errno) +
                                            ". Check the data directory and its permissions.");
  std::unique_ptr<FileLock> lock{new FileLock(descriptor)};
  // flock() belongs to the open file, not to the process: it also refuses a second store in here.
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return fail(ErrorCode::unavailable, "Cannot lock " + path + ": " + std::strerror(errno) +
                                              ". The file system must support flock().");
    return fail(ErrorCode::lease_held,
                "The store is in use by " + holder_of(descriptor) + " (lock file " + path +
                    "). SQLite serves one process: stop that one, choose another data directory, "
                    "or use PostgreSQL for several nodes.");
  }
  const std::string text = "pid " + std::to_string(::getpid()) + ", node " + node + "\n";
  // Only people read this text; the lock itself holds without it, so a full disk does not matter.
  if (::ftruncate(descriptor, 0) == 0) {
    const ssize_t written = ::pwrite(descriptor, text.data(), text.size(), 0);
    static_cast<void>(written);
  }
  return lock;
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

}  // namespace sequent::persistence
