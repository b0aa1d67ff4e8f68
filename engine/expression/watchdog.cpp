#include "engine/expression/watchdog.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace sequent::expression {

using std::chrono::steady_clock;

class Watchdog {
 public:
  // Never destroyed: evaluations may still end while the process' statics go.
  static Watchdog& instance() {
    static auto* watchdog = new Watchdog;
    return *watchdog;
  }

  void add(Watch& watch) {
    bool sleeping = false;
    {
      const std::lock_guard lock(mutex_);
      watch.place_ = watches_.size();
      watches_.push_back(&watch);
      sleeping = std::exchange(sleeping_, false);
    }
    if (sleeping) wake_.notify_one();
  }

  void remove(Watch& watch) {
    const std::lock_guard lock(mutex_);
    watches_[watch.place_] = watches_.back();
    watches_[watch.place_]->place_ = watch.place_;
    watches_.pop_back();
  }

 private:
  static constexpr auto tick = std::chrono::milliseconds(5);
  static constexpr int idle_ticks =
      200;  // then it sleeps until it is woken, which costs a system call

  Watchdog() {
    std::thread([this] { run(); }).detach();
  }

  [[noreturn]] void run() {
    int idle = 0;
    std::unique_lock lock(mutex_);
    for (;;) {
      idle = watches_.empty() ? idle + 1 : 0;
      if (idle > idle_ticks) {
        sleeping_ = true;
        wake_.wait(lock, [this] { return !sleeping_; });
        idle = 0;
      }
      // Under the lock: a watch that is still listed has not ended, so its interpreter is its own.
      const auto now = steady_clock::now();
      for (auto* watch : watches_)
        if (now >= watch->deadline_) watch->halter_.halt(Stop::time);
      wake_.wait_for(lock, tick);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool sleeping_ = false;
  std::vector<Watch*> watches_;
};

Watch::Watch(Halter& halter, std::chrono::milliseconds limit)
    : halter_(halter), deadline_(steady_clock::now() + limit) {
  Watchdog::instance().add(*this);
}

Watch::~Watch() {
  Watchdog::instance().remove(*this);
}

}  // namespace sequent::expression
