// How a partition finds what it must do: at a start, after a store failure, and when timers fall due.
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "engine/runtime/partition_read.hpp"

namespace sequent::runtime {
namespace {

constexpr std::size_t scan_page = 256;     // instances of one page of a recovery scan
constexpr std::size_t most_loading = 128;  // loads that timers may have under way

}  // namespace

void Partition::recover_now() {
  ++generation_;
  broken_ = false;
  scanning_mail_ = false;
  timers_.reset();
  alarm_at_ = 0;
  scan_.emplace();
  scan();
  load_timers();
  schedule_submit();
}

// Open effects have wake_at 0 in the store. Page by page, and no faster than memory empties.
void Partition::scan() {
  scan_->reading = true;
  const bool messages = scan_->messages;
  const auto after = scan_->after;
  auto find = [partition = id(), messages, after](Store& store) {
    if (!messages) return store.due(partition, 1, after, scan_page);
    std::optional<InstanceId> last;
    if (after) last = after->id;
    std::vector<Store::Due> page;
    for (const auto& instance : store.with_messages(partition, last, scan_page))
      page.push_back({.wake_at = 0, .id = instance});
    return page;
  };
  read(std::move(find), [this](const std::vector<Store::Due>& page) { scanned(page); });
}

void Partition::scanned(const std::vector<Store::Due>& page) {
  SEQUENT_ASSERT(scan_);
  scan_->reading = false;
  scan_->more = page.size() == scan_page;
  if (!page.empty()) scan_->after = page.back();
  scan_->left = page.size();
  for (const auto& due : page) {
    // What stayed in memory through a store failure has not heard of what came meanwhile.
    if (scan_->messages && residents_.contains(due.id)) look_at(due.id);
    if (!scan_) return;
    with(due.id, [this, generation = generation_](Resident* resident, const Error*) {
      if (!scan_ || generation != generation_) return;
      // One that stayed in memory through a store failure may have effects that it could not begin;
      // of a call that did not leave it is no longer known whether it was the first.
      if (resident != nullptr && !resident->gathering && !resident->committing)
        obey(*resident, machine::commands(*resident->program, resident->state), true);
      if (--scan_->left == 0) scan_on();
    });
    if (!scan_) return;  // the store broke
  }
  scan_on();
}

void Partition::scan_on() {
  if (!scan_ || scan_->reading || scan_->left > 0) return;
  const std::size_t share = node_->config.max_resident / std::max<std::size_t>(1, node_->owned());
  if (scan_->more && residents_.size() > std::max(share, scan_page)) return;
  if (!scan_->more) {
    if (scan_->messages) {
      scan_.reset();
      node_->health.recover(id());
      return;
    }
    scan_->messages = true;
    scan_->after.reset();
    scan_->more = true;
  }
  scan();
}

void Partition::load_timers() {
  const auto after = timers_.begin_load();
  auto find = [partition = id(), after, limit = timers_.chunk()](Store& store) {
    return store.due(partition, never, after, limit);
  };
  read(std::move(find), [this](const std::vector<Store::Due>& chunk) {
    timers_.loaded(chunk);
    fire_timers();
  });
}

void Partition::fire_timers() {
  if (dropped_ || broken_) return;
  const Timestamp at = now();
  while (loading_ < most_loading) {
    const auto due = timers_.pop_due(at);
    if (!due) break;
    node_->stats.timers.fetch_add(1);
    with(*due, [this](Resident* resident, const Error*) {
      if (resident == nullptr) return;
      (void)feed(*resident, machine::Event{machine::TimerDue{}});
      // The clock may have stepped back since: nothing fired, so the timer is set again.
      if (!resident->gathering && !resident->committing)
        timers_.set(resident->id, next_timer(resident->state), resident->wake_at != 0);
    });
    if (broken_) return;
  }
  set_alarm();
}

void Partition::set_alarm() {
  if (dropped_) return;
  // Wherever the heap ran dry: what sleeps in the store beyond it must still be woken.
  if (!broken_ && timers_.runs_dry()) load_timers();
  Timestamp at = timers_.next().value_or(never);
  if (broken_) at = retry_at_;
  // Loads that finish look at the timers again: no alarm is needed until then.
  if (!broken_ && loading_ >= most_loading) at = never;
  if (!deadlines_.empty()) at = std::min(at, deadlines_.begin()->at);
  if (at == alarm_at_) return;
  alarm_at_ = at;
  if (at == never) return alarm_->cancel();
  alarm_->set(at, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->dropped_ && !self->node_->closed) self->ring();
  });
}

void Partition::ring() {
  alarm_at_ = 0;
  if (broken_ && now() >= retry_at_) recover_now();
  expire_waiters();
  fire_timers();
  set_alarm();
}

}  // namespace sequent::runtime
