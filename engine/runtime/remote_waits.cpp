#include "engine/runtime/remote_waits.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "engine/runtime/cluster.hpp"
#include "engine/runtime/fold.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/partition.hpp"
#include "engine/runtime/waiting.hpp"

namespace sequent::runtime {
namespace {

// A note may have been lost: who waits is told anew this often.
constexpr DurationMs refresh_ms = 5'000;
constexpr std::size_t most_looks = 200;  // each reads one run

Result<Facts> read_facts(Node& node, const InstanceId& id) {
  try {
    const auto stored = node.ports.store.load(id);
    if (!stored) return fail(ErrorCode::not_found, "There is no run " + id.text() + ".");
    const auto folded = fold(*stored);
    if (!folded) return std::unexpected(folded.error());
    return facts_of(folded->state);
  } catch (const StoreFailure& failure) {
    node.stats.store_failures.fetch_add(1);
    return std::unexpected(unavailable(failure.what(), failure.full));
  }
}

}  // namespace

RemoteWaits::RemoteWaits(const std::shared_ptr<Node>& node,
                         boost::asio::strand<boost::asio::any_io_executor> strand)
    : owner_(node), strand_(std::move(strand)), alarm_(node->parts.alarms->make(strand_)) {}

void RemoteWaits::add(const InstanceId& id, Until until, Timestamp deadline,
                      Reply<Result<WaitResult>> reply) {
  const auto node = owner_.lock();
  if (stopped_ || !node) {
    if (node) reply(std::unexpected(node->elsewhere(id)));
    return;
  }
  Run& run = runs_[id];
  // The owner looks out as long as it was told: who is more patient than all others is news to it.
  const bool known = std::ranges::any_of(run.waiting, [&](const Waiting& other) {
    return other.until == until && other.deadline >= deadline;
  });
  if (!known) run.told.clear();
  run.waiting.push_back({.until = until, .deadline = deadline, .reply = std::move(reply)});
  deadlines_.emplace(deadline, id);
  look(id);  // it may be over already
  set_alarm();
}

void RemoteWaits::look(const InstanceId& id) {
  const auto node = owner_.lock();
  const auto found = runs_.find(id);
  if (!node || node->closed || found == runs_.end()) return;
  if (std::exchange(found->second.looking, true)) {
    found->second.look_again = true;
    return;
  }
  node->parts.reads->post([self = shared_from_this(), node, id] {
    if (node->closed) return;
    auto facts = read_facts(*node, id);
    boost::asio::post(self->strand_,
                      [self, id, facts = std::move(facts)] { self->looked(id, facts); });
  });
}

void RemoteWaits::looked(const InstanceId& id, const Facts_& facts) {
  const auto node = owner_.lock();
  const auto found = runs_.find(id);
  if (stopped_ || !node || found == runs_.end()) return;
  Run& run = found->second;
  run.looking = false;
  answer_due(run, facts, node->ports.clock.now());
  if (run.waiting.empty()) {
    runs_.erase(found);
  } else if (std::exchange(run.look_again, false)) {
    look(id);
  } else {
    tell(id, run);
  }
  set_alarm();
}

void RemoteWaits::answer_due(Run& run, const Facts_& facts, Timestamp now) {
  // A store that can't be read now is no answer before the caller's time is over.
  const bool passing = !facts && facts.error().code == ErrorCode::unavailable;
  std::vector<Waiting> answered;
  std::erase_if(run.waiting, [&](Waiting& waiting) {
    const bool known = facts ? satisfied(*facts, waiting.until) : !passing;
    if (!known && waiting.deadline > now) return false;
    answered.push_back(std::move(waiting));
    return true;
  });
  for (auto& waiting : answered) {
    if (facts)
      waiting.reply(result_of(*facts, waiting.until));
    else
      waiting.reply(std::unexpected(facts.error()));
  }
}

void RemoteWaits::settled(const std::vector<InstanceId>& runs) {
  for (const auto& id : runs) look(id);
}

// The owner is told; or this node has become the owner.
void RemoteWaits::tell(const InstanceId& id, Run& run) {
  const auto node = owner_.lock();
  if (!node) return;
  if (const auto partition = node->partition(id.partition())) {
    for (auto& waiting : std::exchange(run.waiting, {}))
      partition->wait(id, waiting.until, waiting.deadline, std::move(waiting.reply));
    runs_.erase(id);
    return;
  }
  const auto owner = node->cluster->owner_of(id.partition());
  if (owner == run.told) return;
  run.told = owner;
  if (owner.empty()) return;  // told when there is one
  const Timestamp now = node->ports.clock.now();
  WaitNote note{.from = node->self, .wanted = {}};
  for (const Until until : {Until::responded, Until::ended}) {
    DurationMs patience = 0;
    for (const auto& waiting : run.waiting)
      if (waiting.until == until) patience = std::max(patience, waiting.deadline - now);
    if (patience > 0) note.wanted.push_back({.run = id, .until = until, .patience_ms = patience});
  }
  if (!note.wanted.empty()) node->cluster->tell(owner, note);
}

void RemoteWaits::owners_changed() {
  std::vector<InstanceId> ids;
  for (const auto& [id, run] : runs_)
    if (!run.looking) ids.push_back(id);
  for (const auto& id : ids)
    if (const auto found = runs_.find(id); found != runs_.end()) tell(id, found->second);
  set_alarm();
}

void RemoteWaits::tell_again() {
  for (auto& [id, run] : runs_) run.told.clear();
  owners_changed();
}

void RemoteWaits::look_again() {
  std::vector<InstanceId> ids;
  for (auto next = runs_.upper_bound(looked_last_); ids.size() < std::min(most_looks, runs_.size());
       ++next) {
    if (next == runs_.end()) next = runs_.begin();
    ids.push_back(next->first);
  }
  for (const auto& id : ids) look(id);
  if (!ids.empty()) looked_last_ = ids.back();
}

void RemoteWaits::stop() {
  stopped_ = true;
  alarm_->cancel();
  const auto node = owner_.lock();
  deadlines_.clear();
  for (auto& [id, run] : std::exchange(runs_, {}))
    for (auto& waiting : run.waiting)
      if (node) waiting.reply(std::unexpected(node->elsewhere(id)));
}

void RemoteWaits::set_alarm() {
  const auto node = owner_.lock();
  if (stopped_ || !node || node->closed) return;
  if (runs_.empty()) {
    deadlines_.clear();
    refresh_at_ = alarm_at_ = 0;
    return alarm_->cancel();
  }
  if (refresh_at_ == 0) refresh_at_ = node->ports.clock.now() + refresh_ms;
  Timestamp at = refresh_at_;
  if (!deadlines_.empty()) at = std::min(at, deadlines_.begin()->first);
  if (at == alarm_at_) return;
  alarm_at_ = at;
  alarm_->set(at, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ring();
  });
}

void RemoteWaits::ring() {
  alarm_at_ = 0;
  const auto node = owner_.lock();
  if (stopped_ || !node || node->closed) return;
  const Timestamp now = node->ports.clock.now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const InstanceId id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    look(id);  // how far it is, for who has waited in vain
  }
  if (now >= refresh_at_ && refresh_at_ != 0) {
    refresh_at_ = now + refresh_ms;
    tell_again();
  }
  set_alarm();
}

}  // namespace sequent::runtime
