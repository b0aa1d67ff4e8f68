#pragma once
// How many activity calls a node may have under way, whichever partitions make them: a busy
// partition may use what idle ones leave.
// threads  any; a waker is called outside of the lock, and only posts
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace sequent::runtime {

class CallLimit {
 public:
  explicit CallLimit(std::size_t most) : most_(most) {}

  /// Takes a place if one is free.
  [[nodiscard]] bool take();
  /// Gives a place back and wakes who has waited longest.
  void give();
  /// `wake` is called once, when a place may be free: whoever finds that it needs none any more must
  /// wake the next.
  void wait(std::function<void()> wake);
  void wake_next();

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::size_t taken_ = 0;
  std::deque<std::function<void()>> waiting_;  // one for each partition at most
};

}  // namespace sequent::runtime
