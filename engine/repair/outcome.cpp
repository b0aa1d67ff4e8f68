#include "engine/repair/outcome.hpp"

#include <set>

namespace sequent::repair {
namespace {

using machine::FrameId;
using machine::NodeIndex;
using State = RepairItem::State;

std::string said(const machine::Problem& problem) {
  std::string text = problem.title;
  if (!problem.detail.empty()) text += (text.empty() ? "" : ": ") + problem.detail;
  constexpr std::size_t longest = 500;
  if (text.size() > longest) text.resize(longest);
  return text;
}

/// Follows the frames that the action began until they are over.
class Follower {
 public:
  explicit Follower(const RepairBatch& batch) : batch_(batch), by_(signature(batch)) {}

  void hear(const machine::Record& record) {
    if (verdict_ && verdict_->state != State::acted) return;
    at_ = record.at;
    std::visit([this](const auto& body) { on(body); }, record.body);
  }
  [[nodiscard]] const std::optional<Verdict>& verdict() const { return verdict_; }

 private:
  void open() { verdict_.emplace(); }
  void settle(State state, std::string detail = "") {
    verdict_ = Verdict{state, std::move(detail)};
  }
  [[nodiscard]] bool begun() const { return verdict_.has_value(); }
  [[nodiscard]] bool follows(FrameId frame) const { return frames_.contains(frame); }
  void went_on(FrameId frame) {
    if (batch_.action != "retry") return;
    if (!begun()) {
      open();
      begun_at_ = at_;
      frames_.insert(frame);
    } else if (begun_at_ == at_) {
      frames_.insert(frame);  // one retry lets every parked task of the run go
    }
  }
  void is_over(FrameId frame) {
    if (begun() && whole_run_) return settle(State::succeeded);
    if (frames_.erase(frame) != 0 && frames_.empty()) settle(State::succeeded);
  }

  void on(const machine::TaskRetried& r) {
    if (begun() || r.by != by_) return;
    open();
    whole_run_ = r.frame == 0;
    if (!whole_run_) frames_.insert(r.frame);
  }
  void on(const machine::AttemptStarted& r) { went_on(r.frame); }
  void on(const machine::TaskLetGo& r) { went_on(r.frame); }
  void on(const machine::TaskSkippedByOperator& r) {
    if (begun() || r.by != by_) return;
    open();
    frames_.insert(r.frame);
  }
  void on(const machine::Rewound& r) {
    if (begun() || r.by != by_) return;
    open();
    back_to_ = r.next;
  }
  void on(const machine::TaskStarted& r) {
    if (begun() && back_to_ && r.node == *back_to_) {
      frames_.insert(r.frame);
      back_to_.reset();
    }
  }
  void on(const machine::TaskSkipped& r) {
    if (begun() && back_to_ && r.node == *back_to_) settle(State::succeeded);
  }
  void on(const machine::InstanceSuspended& r) {
    if (!begun() && r.by == by_) settle(State::succeeded);
  }
  void on(const machine::InstanceResumed& r) {
    if (!begun() && r.by == by_) settle(State::succeeded);
  }
  void on(const machine::InstanceCancelled& r) {
    if (cancels_ || (!begun() && r.by == by_)) return settle(State::succeeded);
    if (begun()) settle(State::changed, "the run was cancelled");
  }
  // It has succeeded when all is undone, and not when that has begun.
  void on(const machine::CancelStarted& r) {
    if (begun()) return settle(State::changed, "the run is being cancelled");
    if (r.by != by_) return;
    open();
    cancels_ = true;
  }
  void on(const machine::Migrated& r) {
    if (!begun() && r.by == by_) settle(State::succeeded);
  }
  void on(const machine::TaskReturned& r) { is_over(r.frame); }
  void on(const machine::TaskCompleted& r) { is_over(r.frame); }
  void on(const machine::TaskParked& r) {
    // What waits for its provider goes on by itself.
    if (r.reason != machine::ParkReason::retries_exhausted) return;
    if (follows(r.frame)) settle(State::parked, std::string(name_of(r.reason)));
  }
  void on(const machine::TaskFaulted& r) {
    if (follows(r.frame)) settle(State::faulted, said(r.error));
  }
  void on(const machine::ErrorCaught& r) {
    if (follows(r.source)) settle(State::faulted, "caught: " + said(r.error));
  }
  void on(const machine::InstanceFaulted& r) {
    if (begun()) settle(State::faulted, said(r.error));
  }
  void on(const machine::InstanceCompleted&) {
    if (begun()) settle(State::succeeded);
  }
  // What says nothing about how the action ends.
  void on(const machine::InstanceStarted&) {}
  void on(const machine::BlockEntered&) {}
  void on(const machine::ActivityScheduled&) {}
  void on(const machine::AttemptFailed&) {}
  void on(const machine::TimerStarted&) {}
  void on(const machine::LoopStarted&) {}
  void on(const machine::IterationStarted&) {}
  void on(const machine::BranchesStarted&) {}
  void on(const machine::TryStarted&) {}
  void on(const machine::ListenStarted&) {}
  void on(const machine::EventConsumed&) {}
  void on(const machine::EventIterationStarted&) {}
  void on(const machine::EventIterationEnded&) {}
  void on(const machine::ListenClosed&) {}
  void on(const machine::EventHeld&) {}
  void on(const machine::EventEmitted&) {}
  void on(const machine::ChildStarted&) {}
  void on(const machine::ChildConfirmed&) {}
  void on(const machine::CompensationStarted&) {}
  void on(const machine::TaskDropped&) {}

  const RepairBatch& batch_;
  std::string by_;
  std::set<FrameId> frames_;
  std::optional<NodeIndex> back_to_;
  bool whole_run_ = false;
  bool cancels_ = false;
  Timestamp at_ = 0, begun_at_ = -1;
  std::optional<Verdict> verdict_;
};

}  // namespace

std::string signature(const RepairBatch& batch) {
  return batch.created_by + ", batch " + batch.id;
}

std::optional<Verdict> verdict(const RepairBatch& batch, std::span<const machine::Record> records) {
  Follower follower{batch};
  for (const auto& record : records) follower.hear(record);
  return follower.verdict();
}

}  // namespace sequent::repair
