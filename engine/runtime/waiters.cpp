// Callers that wait for a run. They hear only what is durable, and don't keep the run in memory.
#include <boost/asio/post.hpp>

#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

bool satisfied(const Facts& facts, Until until) {
  if (machine::is_ended(facts.status)) return true;
  return until == Until::responded && facts.response != nullptr;
}

WaitResult result_of(const Facts& facts, Until until) {
  WaitResult result;
  result.status = facts.status;
  result.ended = machine::is_ended(facts.status);
  result.error = facts.error;
  // Who asks for the end gets the workflow's output; who asks for the answer, the respond task's.
  const bool responded = until == Until::responded && facts.response;
  result.response = responded ? facts.response : facts.output;
  if (responded) result.answer = facts.answer;
  return result;
}

}  // namespace

void Partition::wait(InstanceId id, Until until, Timestamp deadline,
                     Reply<Result<WaitResult>> reply) {
  auto work = [self = shared_from_this(), id, until, deadline, reply = std::move(reply)]() mutable {
    self->with(id, [raw = self.get(), id, until, deadline, reply = std::move(reply)](
                       Resident* resident, const Error* error) mutable {
      if (error != nullptr) return reply(std::unexpected(*error));
      // A run whose first commit is under way is not known to anybody yet.
      if (resident->durable.seq == 0 || !satisfied(resident->durable, until))
        if (deadline > raw->now()) return raw->add_waiter(id, until, deadline, std::move(reply));
      reply(result_of(resident->durable, until));
    });
  };
  boost::asio::post(strand_, std::move(work));
}

void Partition::add_waiter(const InstanceId& id, Until until, Timestamp deadline,
                           Reply<Result<WaitResult>> reply) {
  const std::uint64_t number = ++last_waiter_;
  waiters_[id].push_back(
      {.number = number, .until = until, .deadline = deadline, .reply = std::move(reply)});
  deadlines_.insert({.at = deadline, .number = number, .id = id});
  set_alarm();
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
    list.erase(waiter);
    if (list.empty()) waiters_.erase(found);
    with(due.id, [until, reply = std::move(reply)](Resident* resident, const Error* error) mutable {
      if (error != nullptr) return reply(std::unexpected(*error));
      reply(result_of(resident->durable, until));
    });
  }
}

}  // namespace sequent::runtime
