// What a journal says of a batch's action.
#include <catch2/catch.hpp>

#include "engine/repair/outcome.hpp"

using namespace sequent;
using namespace sequent::repair;
using machine::Record;
using machine::RecordBody;
using State = RepairItem::State;

namespace {

RepairBatch batch_of(const std::string& action) {
  RepairBatch batch;
  batch.id = "b-1";
  batch.action = action;
  batch.created_by = "ada";
  return batch;
}

std::vector<Record> records(std::vector<RecordBody> bodies) {
  std::vector<Record> list;
  for (auto& body : bodies) {
    const auto seq = list.size() + 1;
    list.push_back({seq, static_cast<Timestamp>(1'000 + seq), std::move(body)});
  }
  return list;
}

machine::Problem declined() {
  machine::Problem problem;
  problem.title = "Declined";
  problem.detail = "no money";
  return problem;
}

const std::string us = "ada, batch b-1";

}  // namespace

TEST_CASE("a retry is over when its task is, and not when it was accepted", "[repair]") {
  const auto batch = batch_of("retry");
  machine::TaskRetried retried;
  retried.frame = 7;
  retried.by = us;
  machine::TaskCompleted other, done;
  other.frame = 3;
  done.frame = 7;
  CHECK(verdict(batch, records({retried}))->state == State::acted);
  CHECK(verdict(batch, records({retried, other}))->state == State::acted);
  CHECK(verdict(batch, records({retried, other, done}))->state == State::succeeded);
  machine::TaskFaulted again;
  again.frame = 7;
  again.error = declined();
  const auto faulted = verdict(batch, records({retried, again}));
  CHECK(faulted->state == State::faulted);
  CHECK(faulted->detail == "Declined: no money");
  machine::TaskParked parked;
  parked.frame = 7;
  CHECK(verdict(batch, records({retried, parked}))->state == State::parked);
  machine::ErrorCaught caught;
  caught.frame = 2;
  caught.source = 7;
  CHECK(verdict(batch, records({retried, caught}))->state == State::faulted);
}

TEST_CASE("what somebody else did to the run is not the batch's", "[repair]") {
  machine::TaskRetried retried;
  retried.frame = 7;
  retried.by = "bob";
  CHECK_FALSE(verdict(batch_of("retry"), records({retried})));
  CHECK_FALSE(verdict(batch_of("retry"), {}));
  machine::InstanceSuspended suspended;
  suspended.by = "ada, batch b-2";
  CHECK_FALSE(verdict(batch_of("suspend"), records({suspended})));
  suspended.by = us;
  CHECK(verdict(batch_of("suspend"), records({suspended}))->state == State::succeeded);
}

TEST_CASE("a retry of a parked run is over when all its parked tasks are", "[repair]") {
  auto list = records({machine::AttemptStarted{.frame = 4, .attempt = 2},
                       machine::AttemptStarted{.frame = 5, .attempt = 2},
                       machine::TaskReturned{.frame = 4}});
  list[1].at = list[0].at;
  CHECK(verdict(batch_of("retry"), list)->state == State::acted);
  list.push_back({4, list[2].at, machine::TaskReturned{.frame = 5}});
  CHECK(verdict(batch_of("retry"), list)->state == State::succeeded);
  CHECK_FALSE(verdict(batch_of("resume"), list));
}

TEST_CASE("a rewind is over when the task it went back to is", "[repair]") {
  const auto batch = batch_of("rewind");
  machine::Rewound rewound;
  rewound.frame = 1;
  rewound.next = 4;
  rewound.by = us;
  machine::TaskStarted begun;
  begun.frame = 9;
  begun.node = 4;
  machine::TaskCompleted done;
  done.frame = 9;
  CHECK(verdict(batch, records({rewound, begun}))->state == State::acted);
  CHECK(verdict(batch, records({rewound, begun, done}))->state == State::succeeded);
  machine::InstanceCancelled cancelled;
  cancelled.by = "bob";
  CHECK(verdict(batch, records({rewound, begun, cancelled}))->state == State::changed);
}

TEST_CASE("a retried call that waits for its provider is open still", "[repair]") {
  const auto batch = batch_of("retry");
  machine::TaskLetGo let_go;
  let_go.frame = 7;
  machine::TaskParked held;
  held.frame = 7;
  held.reason = machine::ParkReason::provider_open;
  machine::TaskCompleted done;
  done.frame = 7;
  CHECK(verdict(batch, records({let_go}))->state == State::acted);
  CHECK(verdict(batch, records({let_go, held}))->state == State::acted);
  CHECK(verdict(batch, records({let_go, held, let_go, done}))->state == State::succeeded);
}

TEST_CASE("a cancellation that undoes something is over when all of it is undone", "[repair]") {
  const auto batch = batch_of("cancel");
  machine::CancelStarted begun;
  begun.by = us;
  machine::InstanceFaulted failed;
  failed.error = declined();
  machine::InstanceCancelled cancelled;
  cancelled.by = us;
  CHECK(verdict(batch, records({begun}))->state == State::acted);
  CHECK(verdict(batch, records({begun, machine::CompensationStarted{}}))->state == State::acted);
  CHECK(verdict(batch, records({begun, failed}))->state == State::faulted);
  CHECK(verdict(batch, records({begun, machine::CompensationStarted{}, cancelled}))->state ==
        State::succeeded);
  CHECK(verdict(batch, records({cancelled}))->state == State::succeeded);
  begun.by = "bob";
  CHECK_FALSE(verdict(batch, records({begun})));
}
