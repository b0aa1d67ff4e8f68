#pragma once
// What a run remembers of effects that can be undone, and what becomes of it when it is cancelled.
// Of records alone: no program is asked, so that a journal folds to the same state for ever.
#include "engine/machine/record.hpp"
#include "engine/machine/state.hpp"

namespace sequent::machine {

inline constexpr FrameId root_frame = 1;

/// By what an effect is known: the path of its task with iterations and visits, and the edit
/// generation. A task that comes again under the same one has its effect under the same idempotency
/// key, which makes the two one effect; it is undone once.
[[nodiscard]] inline std::string occurrence_of(const std::string& undo, std::uint32_t generation) {
  return undo + "~" + std::to_string(generation);
}

/// A call that can be undone and may have had its effect, and that is not completed.
[[nodiscard]] bool may_have_effect(const Frame& frame);

/// A call that nothing but an operator (or a cancellation) sends again.
[[nodiscard]] bool was_given_up(const Frame& frame);
/// What undoes is a workflow: the frame stands for it, at the node whose effect it undoes. (A task of
/// the document that undoes is never that node.)
[[nodiscard]] bool undone_by_workflow(const State& state, const Frame& frame);

/// The task is completed: what it did can be undone from now on.
void remember_effect(State& state, Frame& frame, const Value& output, Timestamp at);
/// Whether a call of this occurrence had its effect is known by now.
void settle_doubts(State& state, const Frame& frame);

/// CancelStarted.
void begin_cancelling(State& state, const CancelStarted& record, Timestamp at);
/// The effect that was remembered last is undone.
void forget_undone(State& state);
/// A settling task is gone: the root waits for the next, or is free.
void next_to_settle(State& state);

[[nodiscard]] std::size_t size_of(const Undoable& undoable);

}  // namespace sequent::machine
