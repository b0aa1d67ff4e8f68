#pragma once
// The frames of a run: where they stand, and as apply() changes them: found, begun again, removed.
#include "engine/machine/state.hpp"

namespace sequent::machine {

[[nodiscard]] Frame& frame_of(State& state, FrameId id);
/// Whether frame `id` is `above`, or somewhere below it.
[[nodiscard]] bool is_within(const State& state, FrameId id, FrameId above);
void remove_below(State& state, FrameId id);
void remove_frame(State& state, FrameId id);
/// A task begins anew, as if it had just been entered.
void begin_again(State& state, Frame& frame);

}  // namespace sequent::machine
