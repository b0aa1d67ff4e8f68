#pragma once
// Children whose fault made a `try` start over. The next attempt begins the same ones again, under
// their ids, business keys and idempotency keys, as it does with calls: what they have done already
// stays done once.
#include "engine/machine/record.hpp"

namespace sequent::machine {

/// Before what is below the try is gone: notes whose fault it was. Where a handler takes it, a try around
/// this one may still start over.
void keep_children(State& state, const ErrorCaught& caught);
/// It begins (again); how that ends is not known.
void child_begins(State& state, const Frame& frame);
/// It has ended well: a try that starts over later runs another.
void child_is_done(State& state, const Frame& frame);
/// A task is over; of a try: the one around it may start over, and then begins them again.
void hand_up_children(State& state, const Frame& task);
/// An operator has skipped a task, and with it the children at and below it.
void skip_children(State& state, FrameId task);
/// The one that the task at `place` goes on with; null = its place names it.
[[nodiscard]] const KeptChild* kept_child(const State& state, const Frame& frame,
                                          const std::string& place);

}  // namespace sequent::machine
