#include "engine/runtime/audience.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "engine/runtime/cluster.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

constexpr std::size_t most_waiting = 100'000;
constexpr DurationMs longest_patience_ms = 3'600'000;
// Watchers say every few seconds that they are still there (Cluster).
constexpr DurationMs interest_ms = 15'000;

}  // namespace

Audience::Audience(const std::shared_ptr<Node>& node,
                   boost::asio::strand<boost::asio::any_io_executor> strand)
    : owner_(node), strand_(std::move(strand)) {}

void Audience::wait(const WaitNote& note) {
  const auto node = owner_.lock();
  if (!node || node->closed) return;
  const Timestamp now = node->ports.clock.now();
  for (const auto& wanted : note.wanted) {
    const DurationMs patience = std::clamp<DurationMs>(wanted.patience_ms, 0, longest_patience_ms);
    const Waiting entry{note.from, wanted.run, wanted.until};
    if (waiting_.size() >= most_waiting) return;
    const auto [known, fresh] = waiting_.try_emplace(entry, now + patience);
    known->second = std::max(known->second, now + patience);
    if (fresh) await(entry);
  }
}

void Audience::await(const Waiting& waiting) {
  const auto node = owner_.lock();
  const auto found = waiting_.find(waiting);
  if (!node || node->closed || found == waiting_.end()) return;
  const auto& [from, run, until] = waiting;
  const auto partition = node->partition(run.partition());
  // Not ours any more: whoever waits sees the next owner, and tells that one.
  if (!partition || found->second <= node->ports.clock.now()) {
    waiting_.erase(found);
    return;
  }
  const Timestamp due = found->second;
  auto heard = [self = shared_from_this(), waiting, due](bool come_about) {
    boost::asio::post(self->strand_, [self, waiting, due, come_about] {
      const auto owner = self->owner_.lock();
      if (!owner) return;
      // A later caller may still wait. Of anything else, a run that can't be read now or that is not
      // there, who waits tells us again.
      const bool expired = !come_about && owner->ports.clock.now() >= due;
      if (expired) return self->await(waiting);
      self->waiting_.erase(waiting);
      if (come_about)
        owner->cluster->tell(std::get<0>(waiting), SettledNote{{std::get<1>(waiting)}});
    });
  };
  partition->watch_for(run, until, due, std::move(heard));
}

void Audience::watch(const WatchNote& note) {
  const auto node = owner_.lock();
  if (!node || node->closed) return;
  const Timestamp now = node->ports.clock.now();
  const Timestamp until = now + interest_ms;
  forget_gone(now);
  Watcher& watcher = watchers_[note.from];
  if (note.all) watcher.all = until;
  for (const auto& id : note.runs) watcher.runs[id] = until;
  for (const auto& request : note.requests) watcher.requests[request] = until;
  node->watches->relay(true);
}

bool Audience::wants(const Watcher& watcher, const RunNotice& notice, Timestamp now) {
  if (watcher.all > now) return true;
  const auto run = watcher.runs.find(notice.id);
  if (run != watcher.runs.end() && run->second > now) return true;
  return std::ranges::any_of(notice.requests, [&](const std::string& request) {
    const auto found = watcher.requests.find(request);
    return found != watcher.requests.end() && found->second > now;
  });
}

void Audience::relay(const RunNotice& notice) {
  const auto node = owner_.lock();
  if (!node || node->closed) return;
  const Timestamp now = node->ports.clock.now();
  forget_gone(now);
  for (const auto& [name, watcher] : watchers_)
    if (wants(watcher, notice, now)) node->cluster->tell(name, NoticeNote{{notice}, false});
}

void Audience::forget_gone(Timestamp now) {
  if (now < forget_at_) return;
  forget_at_ = now + interest_ms;
  const auto over = [now](const auto& entry) { return entry.second <= now; };
  for (auto& [name, watcher] : watchers_) {
    std::erase_if(watcher.runs, over);
    std::erase_if(watcher.requests, over);
  }
  std::erase_if(watchers_, [now](const auto& entry) {
    const Watcher& watcher = entry.second;
    return watcher.all <= now && watcher.runs.empty() && watcher.requests.empty();
  });
  const auto node = owner_.lock();
  if (watchers_.empty() && node) node->watches->relay(false);
}

}  // namespace sequent::runtime
