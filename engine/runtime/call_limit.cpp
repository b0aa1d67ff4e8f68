#include "engine/runtime/call_limit.hpp"

#include "base/assert.hpp"

namespace sequent::runtime {

bool CallLimit::take() {
  const std::lock_guard lock{mutex_};
  if (taken_ >= most_) return false;
  ++taken_;
  return true;
}

void CallLimit::give() {
  {
    const std::lock_guard lock{mutex_};
    SEQUENT_ASSERT(taken_ > 0);
    --taken_;
  }
  wake_next();
}

void CallLimit::wait(std::function<void()> wake) {
  bool free = false;
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(wake));
    free = taken_ < most_;  // given back since the caller looked
  }
  if (free) wake_next();
}

void CallLimit::wake_next() {
  std::function<void()> wake;
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.empty() || taken_ >= most_) return;
    wake = std::move(waiting_.front());
    waiting_.pop_front();
  }
  wake();
}

}  // namespace sequent::runtime
