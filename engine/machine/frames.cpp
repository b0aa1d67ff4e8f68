#include "engine/machine/frames.hpp"

#include "base/assert.hpp"
#include "engine/machine/undo.hpp"

namespace sequent::machine {
namespace {

/// A call that leaves takes its idempotency key along: should the same task come again (a try that
/// starts over, a rewind, a repair), it must send the same bytes under it. A call that succeeded had
/// its effect, and one that is out may have it.
void remember_key(State& state, const Frame& frame) {
  const auto* activity = std::get_if<ActivityState>(&frame.detail);
  if (activity == nullptr || activity->key.empty()) return;
  const bool sent = frame.phase == Phase::activity || frame.phase == Phase::returned;
  auto& memory = state.keys[activity->key] = {
      .revision = activity->revision,
      .first_sent_at = activity->first_sent_at,
      .arguments = activity->arguments,
      .late = activity->late,
      .late_input =
          activity->late ? activity->late_input ? activity->late_input : frame.input : nullptr,
      .unsettled = sent || activity->unsettled};
  if (!may_have_effect(frame)) return;
  memory.undo = frame.undo;
  memory.node = frame.node;
  memory.generation = frame.generation;
  memory.input = frame.input;
}

}  // namespace

Frame& frame_of(State& state, FrameId id) {
  const auto found = state.frames.find(id);
  SEQUENT_ASSERT(found != state.frames.end());
  return found->second;
}

bool is_within(const State& state, FrameId id, FrameId above) {
  while (id != 0 && id != above) id = state.frames.at(id).parent;
  return id == above;
}

void remove_below(State& state, FrameId id) {
  for (auto it = state.frames.upper_bound(id); it != state.frames.end();) {
    if (it->second.parent != id) {
      ++it;
      continue;
    }
    const auto child = it->first;
    remove_below(state, child);
    remember_key(state, state.frames.at(child));
    it = state.frames.erase(state.frames.find(child));
  }
  auto& frame = frame_of(state, id);
  frame.child = 0;
}

void remove_frame(State& state, FrameId id) {
  remove_below(state, id);
  remember_key(state, frame_of(state, id));
  state.frames.erase(id);
}

void begin_again(State& state, Frame& frame) {
  remove_below(state, frame.id);
  remember_key(state, frame);
  frame.phase = Phase::entered;
  frame.detail = std::monostate{};
  frame.data = nullptr;
  frame.next = no_node;
  frame.due_at = 0;
  frame.error.reset();
  frame.visits.clear();
  frame.nothing_done = false;
}

}  // namespace sequent::machine
