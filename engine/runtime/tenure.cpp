#include "engine/runtime/tenure.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "engine/runtime/cluster.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

// A lease is not used in its last fifth: a slow commit must still end within it.
constexpr DurationMs margin_of(DurationMs ttl) {
  return ttl / 5;
}
constexpr DurationMs renew_again_ms = 1'000;  // after a failure
// In a cluster the renewal is also the look for partitions whose owner died.
constexpr DurationMs longest_pause_ms = 1'250;
constexpr DurationMs shortest_pause_ms = 50;  // when somebody says that partitions are free
constexpr DurationMs after_death_ms = 10;
constexpr DurationMs drain_ms = 2'000;  // of a partition that is given back
// Whether somebody has taken it is looked at this soon, for this long; then with each renewal.
constexpr DurationMs taken_soon_ms = 50, taken_within_ms = 1'000;

}  // namespace

Tenure::Tenure(Node& node)
    : node_(node),
      strand_(boost::asio::make_strand(node.executor)),
      alarm_(node.cluster != nullptr ? node.parts.alarms->make(strand_) : nullptr) {}

Result<Membership> Tenure::acquire() {
  const auto& clock = node_.ports.clock;
  const DurationMs ttl = node_.config.lease_ttl_ms;
  const Timestamp asked = clock.elapsed();
  auto membership = node_.ports.store.acquire(
      {.node = node_.self, .now = clock.now(), .ttl = ttl, .leaves = node_.stopping});
  if (!membership) return membership;
  acquired_until_ = asked + ttl;
  renew_at_ = asked + pause_after(*membership);
  return membership;
}

DurationMs Tenure::pause_after(const Membership& membership) const {
  const DurationMs ttl = node_.config.lease_ttl_ms;
  if (node_.cluster == nullptr) return ttl / 3;
  const DurationMs pause = std::min(ttl / 4, longest_pause_ms);
  if (!membership.next_death) return pause;
  // Right after it: those who live have renewed by then, a dead one's partitions wait no longer.
  return std::clamp(*membership.next_death + after_death_ms, std::min(shortest_pause_ms, pause),
                    pause);
}

bool Tenure::leased() const {
  return node_.ports.clock.elapsed() < leased_until_ - margin_of(node_.config.lease_ttl_ms);
}

void Tenure::renew_soon() {
  renew_at_ = std::min(renew_at_.load(), node_.ports.clock.elapsed() + renew_again_ms);
}

void Tenure::renew_if_due() {
  const Timestamp at = node_.ports.clock.elapsed();
  if (at < renew_at_) return;
  const DurationMs third = node_.config.lease_ttl_ms / 3;
  try {
    auto membership = acquire();
    node_.health.store_works();
    if (membership) return settle(std::move(*membership));
    if (membership.error().code == ErrorCode::lease_held)
      node_.adopt({});  // this node stood still too long: all of it belongs to another now
  } catch (const StoreFailure& failure) {
    node_.stats.store_failures.fetch_add(1);  // the old lease holds until leased_until_
    if (node_.cluster != nullptr) node_.health.store_failed(failure.what());
  }
  // Long leases are no reason to stay without one for long.
  renew_at_ = at + std::min(third, renew_again_ms);
}

void Tenure::settle(Membership membership) {
  if (node_.cluster == nullptr) return node_.adopt(membership.leases);
  share_ = membership.share;
  auto leases = membership.leases;
  look_whether_taken(membership);
  const bool kept = giving_ && std::erase_if(leases, [&](const Lease& lease) {
                                 return lease.partition == giving_->lease.partition &&
                                        lease.epoch == giving_->lease.epoch;
                               }) > 0;
  // Its lease ran out before it had left.
  if (const auto leaving = node_.leaving(); leaving && !kept) leaving->drop(Leaving::taken_over);
  if (node_.stopping) return node_.retain(leases);
  node_.adopt(leases);
  for (const auto id : membership.mail)
    if (const auto partition = node_.partition(id)) partition->look_for_messages();
  node_.cluster->joined(std::move(membership));
  give_surplus();
}

void Tenure::keep_time() {
  boost::asio::post(strand_, [self = shared_from_this(), weak = node_.weak_from_this()] {
    const auto node = weak.lock();
    if (node && !node->closed && !self->closed_) self->set_alarm();
  });
}

void Tenure::look() {
  if (asked_.exchange(true)) return;
  const Timestamp at = node_.ports.clock.elapsed();
  renew_at_ = std::min(renew_at_.load(), std::max(at, beat_at_ + shortest_pause_ms));
  keep_time();
}

void Tenure::set_alarm() {
  const auto& clock = node_.ports.clock;
  const Timestamp in = std::max<Timestamp>(0, renew_at_ - clock.elapsed());
  alarm_->set(clock.now() + in, [weak = node_.weak_from_this()] {
    const auto node = weak.lock();
    if (!node || node->closed || node->tenure->closed_) return;
    node->parts.cluster->post([node] { node->tenure->beat(); });
  });
}

void Tenure::beat() {
  if (node_.closed || closed_) return;
  asked_ = false;
  beat_at_ = node_.ports.clock.elapsed();
  give_back();  // what could not be given back at once
  renew_if_due();
  keep_time();
}

// The next one is given when somebody has this one.
void Tenure::look_whether_taken(const Membership& membership) {
  if (!giving_ || !giving_->given_at) return;
  const auto& lease = giving_->lease;
  const auto& owner = membership.owners.at(lease.partition);
  if (!owner.node.empty() && owner.epoch != lease.epoch) return giving_.reset();
  const Timestamp at = node_.ports.clock.elapsed();
  if (at < *giving_->given_at + taken_within_ms)
    renew_at_ = std::min(renew_at_.load(), at + taken_soon_ms);
}

// One at a time, so that never more than one partition of this node is without an owner.
void Tenure::give_surplus() {
  if (giving_ || node_.stopping) return;
  const auto owned = node_.partitions();
  if (owned.size() <= share_) return;
  // Partition 0 goes last: with it moves what happens once in the cluster.
  const auto chosen = *std::ranges::max_element(
      owned, {}, [](const std::shared_ptr<Partition>& one) { return one->id(); });
  giving_ = Giving{.lease = {.partition = chosen->id(), .epoch = chosen->epoch()}};
  node_.let_go(chosen);
  chosen->leave(node_.ports.clock.now() + drain_ms, [weak = node_.weak_from_this()] {
    const auto node = weak.lock();
    if (node && !node->closed) node->parts.cluster->post([node] { node->tenure->left(); });
  });
}

void Tenure::left() {
  if (node_.closed || closed_ || !giving_) return;
  giving_->left = true;
  node_.has_left();
  give_back();
  keep_time();
}

void Tenure::give_back() {
  if (!giving_ || !giving_->left || giving_->given_at) return;
  try {
    node_.ports.store.give_back(node_.self, giving_->lease);
    const Timestamp at = node_.ports.clock.elapsed();
    giving_->given_at = at;
    renew_at_ = std::min(renew_at_.load(), at + taken_soon_ms);
    node_.cluster->freed();
  } catch (const StoreFailure&) {
    node_.stats.store_failures.fetch_add(1);  // the next beat tries again
  }
}

void Tenure::close() {
  closed_ = true;
}

}  // namespace sequent::runtime
