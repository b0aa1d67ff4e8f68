#pragma once
// A mutex that serves in order of arrival. Under load the committer locks again at once; with a
// plain mutex a definition or an audit entry could wait for it for ever.
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace sequent::persistence {

class FairMutex {
 public:
  void lock() {
    std::unique_lock guard{mutex_};
    const std::uint64_t ticket = next_ticket_++;
    turn_.wait(guard, [&] { return ticket == serving_; });
  }
  void unlock() {
    {
      const std::lock_guard guard{mutex_};
      ++serving_;
    }
    turn_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable turn_;
  std::uint64_t next_ticket_ = 0, serving_ = 0;
};

}  // namespace sequent::persistence
