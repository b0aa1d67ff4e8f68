#include "engine/runtime/committer.hpp"

#include <boost/asio/post.hpp>

#include "base/assert.hpp"

#include "engine/runtime/node.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

// A lease is not used in its last fifth: a slow commit must still end within it.
constexpr DurationMs margin_of(DurationMs ttl) {
  return ttl / 5;
}
constexpr DurationMs renew_again_ms = 1'000;  // after a failure
constexpr std::size_t expire_at_once = 1'000;
// Nobody gets an expired event anyway: this only keeps the list of what is held short.
constexpr DurationMs least_expire_ms = 60'000;

}  // namespace

Committer::Committer(Node& node)
    : node_(node),
      strand_(boost::asio::make_strand(node.executor)),
      alarm_(node.parts.alarms->make(strand_)) {}

void Committer::submit(std::shared_ptr<Partition> partition, Batch batch) {
  if (node_.closed) return;  // nobody would take it out of the queue, and it holds the node
  {
    const std::lock_guard lock{mutex_};
    submissions_.push_back({.partition = std::move(partition), .batch = std::move(batch)});
  }
  wake();
}

void Committer::route(IncomingEvent event, Reply<Result<RoutedEvent>> reply) {
  {
    const std::lock_guard lock{mutex_};
    routings_.push_back({.event = std::move(event), .reply = std::move(reply)});
  }
  wake();
}

void Committer::settle(std::int64_t event_id) {
  {
    const std::lock_guard lock{mutex_};
    settled_.push_back(event_id);
  }
  wake();
}

void Committer::wake() {
  {
    const std::lock_guard lock{mutex_};
    if (awake_ || closed_) return;
    awake_ = true;
  }
  node_.parts.commits->post([self = shared_from_this()] { self->turn(); });
}

// One turn takes all that is there, and posts the next turn if more came meanwhile, so that a
// one-threaded simulation gets its say in between.
void Committer::turn() {
  std::vector<Submission> submissions;
  std::vector<Routing> routings;
  std::vector<std::int64_t> settled;
  {
    const std::lock_guard lock{mutex_};
    awake_ = false;
    if (closed_) return;
    submissions.swap(submissions_);
    routings.swap(routings_);
    settled.swap(settled_);
  }
  const Timestamp planned = std::min(renew_at_.load(), expire_at_.load());
  renew_if_due(node_.ports.clock.now());
  if (!submissions.empty()) commit(std::move(submissions));
  if (!routings.empty()) route_all(std::move(routings));
  if (!settled.empty()) settle_all(settled);
  expire_if_due(node_.ports.clock.now());
  if (rung_.exchange(false) || std::min(renew_at_.load(), expire_at_.load()) != planned)
    keep_time();
}

void Committer::commit(std::vector<Submission> submissions) {
  std::vector<Batch> batches;
  batches.reserve(submissions.size());
  for (auto& submission : submissions) batches.push_back(std::move(submission.batch));
  const Timestamp began = node_.ports.clock.now();
  std::vector<BatchResult> results;
  std::string failure;
  bool full = false;
  if (!leased(began)) {
    failure = "the leases could not be renewed in time";
  } else {
    try {
      results = node_.ports.store.commit(batches);
      SEQUENT_ASSERT(results.size() == batches.size());
    } catch (const StoreFailure& error) {
      failure = error.what();
      full = error.full;
    }
  }
  if (!failure.empty()) {
    node_.stats.store_failures.fetch_add(1);
    node_.health.store_failed(failure);
    // The renewal is a small write of its own: it tells when the store is back, though nobody asks
    // anything of it meanwhile.
    renew_at_ = std::min(renew_at_.load(), began + renew_again_ms);
    for (const auto& submission : submissions) submission.partition->commit_failed(failure, full);
    return;
  }
  node_.health.store_works();
  const auto took = static_cast<std::uint64_t>(node_.ports.clock.now() - began);
  node_.stats.commits.fetch_add(1);
  node_.stats.commit_ms.fetch_add(took);
  node_.stats.last_commit_ms.store(took);
  for (std::size_t i = 0; i < results.size(); ++i) {
    node_.stats.committed_changes.fetch_add(batches[i].changes.size());
    submissions[i].partition->committed(std::move(results[i]), std::move(batches[i]));
  }
}

void Committer::route_all(std::vector<Routing> routings) {
  std::vector<IncomingEvent> events;
  events.reserve(routings.size());
  for (auto& routing : routings) events.push_back(std::move(routing.event));
  try {
    auto routed = node_.ports.store.route(events);
    SEQUENT_ASSERT(routed.size() == events.size());
    for (std::size_t i = 0; i < routed.size(); ++i) routings[i].reply(std::move(routed[i]));
  } catch (const StoreFailure& error) {
    node_.stats.store_failures.fetch_add(1);
    for (auto& routing : routings)
      routing.reply(std::unexpected(unavailable(error.what(), error.full)));
  }
}

// An event whose settling fails is found again at the next start: routing it twice is harmless,
// because runs that it starts have deterministic keys.
void Committer::settle_all(const std::vector<std::int64_t>& ids) {
  try {
    for (const auto id : ids) node_.ports.store.settle_event(id);
  } catch (const StoreFailure&) {
    node_.stats.store_failures.fetch_add(1);
  }
}

Result<std::vector<Lease>> Committer::acquire() {
  const DurationMs ttl = node_.config.lease_ttl_ms;
  const Timestamp now = node_.ports.clock.now();
  auto membership =
      node_.ports.store.acquire({.node = node_.config.node, .now = now, .ttl = ttl});
  if (!membership) return std::unexpected(std::move(membership.error()));
  leased_until_ = now + ttl;
  renew_at_ = now + ttl / 3;
  return std::move(membership->leases);
}

bool Committer::leased(Timestamp now) const {
  return now < leased_until_ - margin_of(node_.config.lease_ttl_ms);
}

void Committer::renew_if_due(Timestamp now) {
  if (now < renew_at_) return;
  const DurationMs third = node_.config.lease_ttl_ms / 3;
  try {
    const auto leases = acquire();
    node_.health.store_works();
    if (leases) return node_.adopt(*leases);
    if (leases.error().code == ErrorCode::lease_held)
      node_.adopt({});  // this node stood still too long: all of it belongs to another now
  } catch (const StoreFailure&) {
    node_.stats.store_failures.fetch_add(1);  // the old lease holds until leased_until_
  }
  // Long leases are no reason to stay without one for long.
  renew_at_ = now + std::min(third, renew_again_ms);
}

void Committer::expire_if_due(Timestamp now) {
  if (now < expire_at_) return;
  expire_at_ = now + std::max(least_expire_ms, node_.config.lease_ttl_ms / 3);
  try {
    if (node_.ports.store.expire_events(now, expire_at_once) < expire_at_once) return;
    expire_at_ = now;  // there are more
    wake();
  } catch (const StoreFailure&) {
    node_.stats.store_failures.fetch_add(1);
  }
}

void Committer::keep_time() {
  boost::asio::post(strand_, [weak = node_.weak_from_this()] {
    const auto node = weak.lock();
    if (node && !node->closed) node->committer->set_alarm();
  });
}

// The turn that it wakes sets it again, at times that only the turn knows.
void Committer::set_alarm() {
  alarm_->set(std::min(renew_at_.load(), expire_at_.load()), [weak = node_.weak_from_this()] {
    const auto node = weak.lock();
    if (!node || node->closed) return;
    node->committer->rung_ = true;
    node->committer->wake();
  });
}

void Committer::close() {
  turn();
  const std::lock_guard lock{mutex_};
  closed_ = true;
  submissions_.clear();
  routings_.clear();
}

}  // namespace sequent::runtime
