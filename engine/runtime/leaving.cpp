// How a partition goes to another node in order.
#include <boost/asio/post.hpp>

#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

constexpr DurationMs look_again_ms = 10;

}  // namespace

void Partition::leave(Timestamp deadline, std::function<void()> left) {
  auto shared = std::make_shared<std::function<void()>>(std::move(left));
  boost::asio::post(strand_, [self = shared_from_this(), deadline, shared] {
    if (self->dropped_) return (*shared)();
    self->leaving_alarm_ = self->node_->parts.alarms->make(self->strand_);
    if (self->dispatcher_) self->dispatcher_->stop_queue();
    self->await_rest(deadline, shared);
  });
}

// What a result leads to is committed; calls that it asks for are the next owner's to make.
void Partition::await_rest(Timestamp deadline, const std::shared_ptr<std::function<void()>>& left) {
  if (dropped_) return (*left)();
  const bool calls = dispatcher_ && dispatcher_->any_under_way();
  const bool rest = !in_flight_ && dirty_.empty() && !calls;
  if (rest || broken_ || now() >= deadline) {
    drop(Leaving::taken_over);  // posts
    boost::asio::post(strand_, [left] { (*left)(); });
    return;
  }
  leaving_alarm_->set(now() + look_again_ms, [weak = weak_from_this(), deadline, left] {
    if (const auto self = weak.lock()) self->await_rest(deadline, left);
  });
}

}  // namespace sequent::runtime
