#pragma once
// Whoever waits for something is told by whoever brings it about.
#include <functional>
#include <mutex>
#include <utility>

namespace sequent {

/// threads  any
class Bell {
 public:
  /// Called at each ring, one at a time, on the thread that rings: it must only wake somebody. An
  /// empty one takes it away, and on return it is not running any more.
  void hang(std::function<void()> wake) {
    const std::lock_guard lock{mutex_};
    wake_ = std::move(wake);
  }
  void ring() {
    const std::lock_guard lock{mutex_};
    if (wake_) wake_();
  }

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
};

}  // namespace sequent
