#pragma once
// One process per data directory, proved by the operating system: the lock goes with the process,
// however it ends.
#include <memory>
#include <string>

#include "base/error.hpp"

namespace sequent::persistence {

class FileLock {
 public:
  /// Locks `path` (created when absent) and writes this process's id and `node` into it.
  /// errors  lease_held: another process holds it, by id and node; unavailable: no such directory
  [[nodiscard]] static Result<std::unique_ptr<FileLock>> take(const std::string& path,
                                                              const std::string& node);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace sequent::persistence
