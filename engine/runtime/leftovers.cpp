#include "engine/runtime/leftovers.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "engine/runtime/events.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

constexpr std::size_t page_limit = 500;
constexpr DurationMs first_pause_ms = 1'000;
constexpr DurationMs longest_pause_ms = 30'000;

}  // namespace

Leftovers::Leftovers(const std::shared_ptr<Node>& node)
    : owner_(node),
      strand_(asio::make_strand(node->executor)),
      alarm_(node->parts.alarms->make(strand_)) {}

void Leftovers::look() {
  asio::post(strand_, [self = shared_from_this()] { self->begin(); });
}

void Leftovers::look_later() {
  asio::post(strand_, [self = shared_from_this()] {
    self->again_ = true;
    if (!self->looking_) self->end();
  });
}

void Leftovers::stop() {
  asio::post(strand_, [self = shared_from_this()] {
    self->stopped_ = true;
    self->alarm_->cancel();
  });
}

void Leftovers::begin() {
  armed_ = false;
  if (stopped_) return;
  if (looking_) {
    again_ = true;  // what is there now may lie behind the pass that is under way
    return;
  }
  looking_ = true;
  again_ = false;
  after_ = 0;
  read_page();
}

void Leftovers::read_page() {
  const auto node = owner_.lock();
  if (stopped_ || !node || node->closed) return;
  node->parts.reads->post([self = shared_from_this(), node, after = after_] {
    if (node->closed) return;
    std::optional<Page> page;
    try {
      page = node->ports.store.unrouted(after, page_limit);
    } catch (const StoreFailure&) {
      node->stats.store_failures.fetch_add(1);  // the partitions meet the same and recover
    }
    asio::post(self->strand_, [self, page = std::move(page)]() mutable {
      if (page) return self->route_page(std::move(*page));
      self->again_ = true;
      self->end();
    });
  });
}

void Leftovers::route_page(Page page) {
  const auto node = owner_.lock();
  if (stopped_ || !node || node->closed) return;
  if (page.empty()) return end();
  after_ = page.back().first;
  page_size_ = left_ = page.size();
  for (auto& [id, event] : page)
    route_event(node, std::move(event), id, "recovery",
                [self = shared_from_this()](const Result<Delivered>& delivered) {
                  asio::post(self->strand_, [self, failed = !delivered] {
                    if (failed) self->again_ = true;
                    self->one_done();
                  });
                });
}

void Leftovers::one_done() {
  if (--left_ > 0) return;
  // After a failure the next page would meet the same one.
  if (again_ || page_size_ < page_limit) return end();
  read_page();
}

void Leftovers::end() {
  looking_ = false;
  if (!again_) {
    pause_ms_ = 0;
    return;
  }
  const auto node = owner_.lock();
  if (stopped_ || armed_ || !node || node->closed) return;
  armed_ = true;
  pause_ms_ = std::clamp(pause_ms_ * 2, first_pause_ms, longest_pause_ms);
  alarm_->set(node->ports.clock.now() + pause_ms_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    const auto owner = self ? self->owner_.lock() : nullptr;
    if (owner && !owner->closed) self->begin();
  });
}

}  // namespace sequent::runtime
