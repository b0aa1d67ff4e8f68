#include "engine/runtime/committer.hpp"

#include <boost/asio/post.hpp>

#include "base/assert.hpp"

#include "engine/runtime/node.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

constexpr std::size_t expire_at_once = 1'000;
// Nobody gets an expired event anyway: this only keeps the list of what is held short.
constexpr DurationMs least_expire_ms = 60'000;

}  // namespace

Committer::Committer(Node& node, JobRunner& runner, bool first)
    : node_(node),
      runner_(runner),
      first_(first),
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
  runner_.post([self = shared_from_this()] { self->turn(); });
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
  const Timestamp planned = next_due();
  renew_if_due();
  if (!submissions.empty()) commit(std::move(submissions));
  if (!routings.empty()) route_all(std::move(routings));
  if (!settled.empty()) settle_all(settled);
  expire_if_due();
  if (rung_.exchange(false) || next_due() != planned) keep_time();
}

void Committer::commit(std::vector<Submission> submissions) {
  std::vector<Batch> batches;
  batches.reserve(submissions.size());
  for (auto& submission : submissions) batches.push_back(std::move(submission.batch));
  const Timestamp began = node_.ports.clock.now();
  std::vector<BatchResult> results;
  std::string failure;
  bool full = false;
  if (!node_.tenure->leased()) {
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
    node_.tenure->renew_soon();
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
    mend_mail();
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

// The answer of a routing may have been lost: its messages are in the store then, and nobody knows of
// them. In a cluster the next renewal finds such.
void Committer::mend_mail() {
  if (node_.cluster != nullptr) return;
  for (const auto& partition : node_.partitions()) partition->look_for_messages();
}

void Committer::renew_if_due() {
  if (first_ && node_.cluster == nullptr) node_.tenure->renew_if_due();
}

// Once in a cluster, by whoever leads.
void Committer::expire_if_due() {
  const Timestamp at = node_.ports.clock.elapsed();
  if (!first_ || at < expire_at_) return;
  expire_at_ = at + std::max(least_expire_ms, node_.config.lease_ttl_ms / 3);
  if (node_.cluster != nullptr && !node_.leads()) return;
  try {
    const Timestamp now = node_.ports.clock.now();
    if (node_.ports.store.expire_events(now, expire_at_once) < expire_at_once) return;
    expire_at_ = at;  // there are more
    wake();
  } catch (const StoreFailure&) {
    node_.stats.store_failures.fetch_add(1);
  }
}

Timestamp Committer::next_due() const {
  if (node_.cluster != nullptr) return expire_at_;
  return std::min(node_.tenure->renew_at(), expire_at_.load());
}

void Committer::keep_time() {
  if (!first_) return;
  boost::asio::post(strand_, [weak = node_.weak_from_this()] {
    const auto node = weak.lock();
    if (node && !node->closed) node->committer->set_alarm();
  });
}

// The turn that it wakes sets it again, at times that only the turn knows.
void Committer::set_alarm() {
  const auto& clock = node_.ports.clock;
  const Timestamp in = next_due() - clock.elapsed();
  alarm_->set(clock.now() + in, [weak = node_.weak_from_this()] {
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
