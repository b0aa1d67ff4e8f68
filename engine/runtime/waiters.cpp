// Callers that wait for a run. They hear only what is durable, and don't keep the run in memory.
#include <boost/asio/post.hpp>

#include "engine/runtime/cluster.hpp"
#include "engine/runtime/partition.hpp"
#include "engine/runtime/waiting.hpp"

namespace sequent::runtime {

void Partition::wait(InstanceId id, Until until, Timestamp deadline,
                     Reply<Result<WaitResult>> reply) {
  await(id, {.until = until, .deadline = deadline, .reply = std::move(reply)});
}

void Partition::watch_for(InstanceId id, Until until, Timestamp deadline, Reply<bool> reply) {
  auto heard = [until, reply = std::move(reply)](const Result<WaitResult>& result) mutable {
    reply(result && (result->ended || (until == Until::responded && result->response != nullptr)));
  };
  await(id, {.until = until, .deadline = deadline, .reply = std::move(heard), .quiet = true});
}

void Partition::await(InstanceId id, Waiter waiter) {
  auto work = [self = shared_from_this(), id, waiter = std::move(waiter)]() mutable {
    if (self->dropped_) return self->dismiss(id, std::move(waiter));
    self->with(id, [raw = self.get(), id, waiter = std::move(waiter)](Resident* resident,
                                                                      const Error* error) mutable {
      if (error != nullptr) return waiter.reply(std::unexpected(*error));
      // A run whose first commit is under way is not known to anybody yet.
      if (resident->durable.seq == 0 || !satisfied(resident->durable, waiter.until))
        if (waiter.deadline > raw->now()) return raw->add_waiter(id, std::move(waiter));
      waiter.reply(result_of(resident->durable, waiter.until));
    });
  };
  boost::asio::post(strand_, std::move(work));
}

void Partition::add_waiter(const InstanceId& id, Waiter waiter) {
  waiter.number = ++last_waiter_;
  deadlines_.insert({.at = waiter.deadline, .number = waiter.number, .id = id});
  waiters_[id].push_back(std::move(waiter));
  set_alarm();
}

// Who waits for a run that another node takes over goes on waiting for it there.
void Partition::dismiss(const InstanceId& id, Waiter waiter) {
  const bool stays = node_->cluster != nullptr && left_ == Leaving::taken_over && !waiter.quiet;
  if (!stays) return waiter.reply(std::unexpected(gone_on(id)));
  node_->cluster->wait(id, waiter.until, waiter.deadline, std::move(waiter.reply));
}

void Partition::dismiss_waiters() {
  deadlines_.clear();
  for (auto& [id, waiters] : std::exchange(waiters_, {}))
    for (auto& waiter : waiters) dismiss(id, std::move(waiter));
}

void Partition::answer_waiters(const InstanceId& id, const Facts& facts) {
  if (waiters_.empty()) return;
  const auto found = waiters_.find(id);
  if (found == waiters_.end()) return;
  std::vector<Waiter> answered;
  std::erase_if(found->second, [&](Waiter& waiter) {
    if (!satisfied(facts, waiter.until)) return false;
    answered.push_back(std::move(waiter));
    return true;
  });
  if (found->second.empty()) waiters_.erase(found);
  for (auto& waiter : answered) {
    deadlines_.erase({.at = waiter.deadline, .number = waiter.number, .id = id});
    waiter.reply(result_of(facts, waiter.until));
  }
}

void Partition::expire_waiters() {
  while (!deadlines_.empty() && deadlines_.begin()->at <= now()) {
    const Deadline due = *deadlines_.begin();
    deadlines_.erase(deadlines_.begin());
    const auto found = waiters_.find(due.id);
    if (found == waiters_.end()) continue;
    auto& list = found->second;
    const auto waiter = std::ranges::find(list, due.number, &Waiter::number);
    if (waiter == list.end()) continue;
    auto reply = std::move(waiter->reply);
    const Until until = waiter->until;
    const bool quiet = waiter->quiet;
    list.erase(waiter);
    if (list.empty()) waiters_.erase(found);
    if (quiet) {
      reply(WaitResult{});
      continue;
    }
    with(due.id, [until, reply = std::move(reply)](Resident* resident, const Error* error) mutable {
      if (error != nullptr) return reply(std::unexpected(*error));
      reply(result_of(resident->durable, until));
    });
  }
}

}  // namespace sequent::runtime
