#include "engine/runtime/timer_heap.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::runtime {
namespace {

// Beyond this many chunks the far half goes back to being the store's business.
constexpr std::size_t chunks_kept = 4;

InstanceId highest_id() {
  InstanceId id;
  id.bytes.fill(0xFF);
  return id;
}

}  // namespace

// Rows with wake_at 0 are open effects, not timers: the first chunk begins after all of them.
TimerHeap::Key TimerHeap::first_key() {
  return Key{.at = 0, .id = highest_id()};
}
TimerHeap::Key TimerHeap::last_key() {
  return Key{.at = never, .id = highest_id()};
}

void TimerHeap::insert(const Key& key, bool stored) {
  timers_[key.id] = Timer{.at = key.at, .stored = stored};
  (stored ? stored_ : resident_).insert(key);
}

void TimerHeap::erase(const InstanceId& id) {
  const auto found = timers_.find(id);
  if (found == timers_.end()) return;
  auto& keys = found->second.stored ? stored_ : resident_;
  keys.erase(Key{.at = found->second.at, .id = id});
  timers_.erase(found);
}

void TimerHeap::set(const InstanceId& id, Timestamp at, bool stored) {
  if (loading_) set_while_loading_.insert(id);
  if (!timers_.empty()) erase(id);
  if (at == never) return;
  const Key key{.at = at, .id = id};
  if (stored && !loading_ && horizon_ < key) return;
  insert(key, stored);
  if (!loading_) trim();
}

void TimerHeap::trim() {
  if (stored_.size() <= chunk_ * chunks_kept) return;
  while (stored_.size() > chunk_) {
    const auto last = std::prev(stored_.end());
    timers_.erase(last->id);
    stored_.erase(last);
  }
  horizon_ = *std::prev(stored_.end());
}

std::optional<Timestamp> TimerHeap::next() const {
  std::optional<Timestamp> at;
  if (!stored_.empty()) at = stored_.begin()->at;
  if (!resident_.empty()) at = std::min(at.value_or(never), resident_.begin()->at);
  return at;
}

std::optional<InstanceId> TimerHeap::pop_due(Timestamp now) {
  for (auto* keys : {&stored_, &resident_}) {
    if (keys->empty() || keys->begin()->at > now) continue;
    const InstanceId id = keys->begin()->id;
    erase(id);
    return id;
  }
  return std::nullopt;
}

bool TimerHeap::runs_dry() const {
  return !loading_ && stored_.empty() && horizon_ != last_key();
}

Store::Due TimerHeap::begin_load() {
  SEQUENT_ASSERT(!loading_);
  loading_ = true;
  return Store::Due{.wake_at = horizon_.at, .id = horizon_.id};
}

void TimerHeap::loaded(const std::vector<Store::Due>& due) {
  if (!loading_) return;  // reset() came between
  loading_ = false;
  for (const auto& timer : due) {
    if (set_while_loading_.contains(timer.id) || timers_.contains(timer.id)) continue;
    insert(Key{.at = timer.wake_at, .id = timer.id}, true);
  }
  set_while_loading_.clear();
  horizon_ = due.size() < chunk_ ? last_key() : Key{.at = due.back().wake_at, .id = due.back().id};
  while (!stored_.empty() && horizon_ < *std::prev(stored_.end())) {
    const auto last = std::prev(stored_.end());
    timers_.erase(last->id);
    stored_.erase(last);
  }
  trim();
}

void TimerHeap::reset() {
  timers_.clear();
  stored_.clear();
  resident_.clear();
  set_while_loading_.clear();
  loading_ = false;
  horizon_ = first_key();
}

}  // namespace sequent::runtime
