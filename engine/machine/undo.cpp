#include "engine/machine/undo.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "engine/machine/frames.hpp"

namespace sequent::machine {
namespace {

void settle(Frame& frame, bool stood_still) {
  frame.parent = root_frame;
  frame.ordinal = 0;
  frame.timeout_at = 0;  // the time is up for all of the run; this one is asked all the same
  frame.succeed_before = 0;
  frame.settling = true;
  auto* activity = std::get_if<ActivityState>(&frame.detail);
  if (activity == nullptr) return;
  frame.error.reset();
  if (frame.phase == Phase::faulted && frame.data)
    frame.phase = Phase::returned;  // it is known; what was to be made of it failed
  if (was_given_up(frame)) activity->tries = 0;
  // It may have been out when the run stopped.
  if (frame.phase == Phase::activity && stood_still) activity->unsettled = true;
}

}  // namespace

bool was_given_up(const Frame& frame) {
  const auto* activity = std::get_if<ActivityState>(&frame.detail);
  if (activity == nullptr) return false;
  return frame.phase == Phase::faulted ||
         (frame.phase == Phase::parked && activity->park_reason == ParkReason::retries_exhausted);
}

std::size_t size_of(const Undoable& undoable) {
  return size_of(*undoable.input) + size_of(*undoable.output);
}

bool may_have_effect(const Frame& frame) {
  const auto* activity = std::get_if<ActivityState>(&frame.detail);
  if (frame.undo.empty() || activity == nullptr) return false;
  return frame.phase == Phase::activity || frame.phase == Phase::returned || activity->unsettled ||
         frame.data != nullptr;
}

bool undone_by_workflow(const State& state, const Frame& frame) {
  return !frame.undoes.empty() && state.cancelling && !state.undoable.empty() &&
         frame.node == state.undoable.back().node;
}

void settle_doubts(State& state, const Frame& frame) {
  for (auto& [key, memory] : state.keys)
    if (memory.undo == frame.undo && memory.generation == frame.generation) memory.undo.clear();
}

void remember_effect(State& state, Frame& frame, const Value& output, Timestamp at) {
  if (frame.undo.empty()) return;
  settle_doubts(state, frame);
  if (std::exchange(frame.nothing_done, false)) return frame.undo.clear();
  auto occurrence = occurrence_of(frame.undo, frame.generation);
  std::erase_if(state.undoable, [&](const Undoable& known) {
    if (known.occurrence != occurrence) return false;
    state.undoable_bytes -= size_of(known);
    return true;
  });
  state.undoable.push_back({.occurrence = std::move(occurrence),
                            .node = frame.node,
                            .input = frame.input,
                            .output = output,
                            .completed_at = at});
  state.undoable_bytes += size_of(state.undoable.back());
  frame.undo.clear();  // it is known from now on, and no doubt is left with its key
}

void begin_cancelling(State& state, const CancelStarted& record, Timestamp at) {
  SEQUENT_ASSERT(!state.cancelling && state.frames.contains(root_frame));
  const auto stood_still = state.status != Status::running;
  std::vector<Frame> settling;
  for (const auto id : record.settle) {
    auto taken = state.frames.extract(id);
    SEQUENT_ASSERT(!taken.empty());
    settling.push_back(std::move(taken.mapped()));
  }
  remove_below(state, root_frame);
  for (auto& frame : settling) {
    settle(frame, stood_still);
    const auto id = frame.id;
    state.frames.emplace(id, std::move(frame));
  }
  auto& root = state.frames.at(root_frame);
  root.phase = Phase::block;
  root.next = no_node;
  root.data = null_value();
  root.detail = std::monostate{};
  root.due_at = root.timeout_at = 0;
  root.error.reset();
  root.visits.clear();
  next_to_settle(state);
  state.status = Status::running;
  state.error.reset();
  state.faulted_frame = 0;
  state.ended_at = 0;
  state.timeout_at = 0;  // a run that is undone has all the time that takes
  state.ending = nullptr;
  state.held_events.clear();  // they were for tasks that are gone
  state.held_bytes = 0;
  state.reason = record.reason;
  state.cancelling = Cancelling{.reason = record.reason, .by = record.by, .since = at};
}

void forget_undone(State& state) {
  SEQUENT_ASSERT(state.cancelling && !state.undoable.empty());
  state.undoable_bytes -= size_of(state.undoable.back());
  state.undoable.pop_back();
  ++state.cancelling->undone;
}

void next_to_settle(State& state) {
  auto& root = state.frames.at(root_frame);
  const auto below = std::ranges::find_if(
      state.frames, [](const auto& entry) { return entry.second.parent == root_frame; });
  root.child = below == state.frames.end() ? 0 : below->first;
}

}  // namespace sequent::machine
