// Calls that may not leave because of their provider: they wait on disk until they are let go.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "engine/runtime/partition.hpp"

namespace sequent::runtime {

void Partition::held_back(const InstanceId& id, std::uint32_t frame, std::uint32_t attempt,
                          machine::ParkReason reason) {
  if (dropped_) return;
  with(id, [this, frame, attempt, reason](Resident* resident, const Error*) {
    if (resident == nullptr) return;
    machine::CallHeldBack event{.frame = frame, .attempt = attempt, .reason = reason};
    // It may have left before a restart, though it does not now.
    const auto call = std::ranges::find(resident->open, OpenCall{frame, attempt});
    event.unsettled = call != resident->open.end() && call->unsettled;
    (void)feed(*resident, machine::Event{event});
    // It is not under way: should it be let go in this very batch, or the run that stands still by now
    // go on, it has to be handed out again.
    std::erase(resident->open, OpenCall{frame, attempt});
  });
}

// Whoever lets calls go has to know of each that is on its way into the store.
void Partition::announce(const InstanceId& id, const std::vector<ParkedCall>& calls,
                         std::vector<Told>& told) {
  const auto outages = node_->outages;
  if (outages == nullptr) return;
  for (const auto& call : calls) {
    const auto circuit = definition::circuit_from(call.circuit);
    outages->parking(circuit);
    const ParkedPlace place{
        .deadline = call.deadline == 0 ? INT64_MAX : call.deadline, .id = id, .frame = call.frame};
    told.push_back([outages, circuit, place](const Error* error) {
      outages->parked(circuit, error == nullptr ? &place : nullptr);
    });
  }
}

void Partition::let_go(InstanceId id, std::uint32_t frame) {
  auto work = [self = shared_from_this(), id, frame] {
    self->with(id, [raw = self.get(), frame](Resident* resident, const Error*) {
      if (resident == nullptr) return;  // still parked in the store: its turn comes again
      // It leaves memory when its commit is released, or at the end of its loading.
      (void)raw->feed(*resident, machine::Event{machine::CallLetGo{.frame = frame}});
    });
  };
  boost::asio::post(strand_, std::move(work));
}

}  // namespace sequent::runtime
