#pragma once
// Operators' events, one function each (operator.cpp), and the timers that resuming fires.
#include "engine/machine/decider.hpp"

namespace sequent::machine {

[[nodiscard]] Result<void> on_suspend(Decider& decider, const SuspendAsked& event);
[[nodiscard]] Result<void> on_resume(Decider& decider, const ResumeAsked& event);
[[nodiscard]] Result<void> on_cancel(Decider& decider, const CancelAsked& event);
[[nodiscard]] Result<void> on_retry(Decider& decider, const RetryAsked& event);
[[nodiscard]] Result<void> on_skip(Decider& decider, const SkipAsked& event);
[[nodiscard]] Result<void> on_rewind(Decider& decider, const RewindAsked& event);

/// Fires every timer that is due by now, each once, in the order of their frames.
void fire_timers(Decider& decider);

}  // namespace sequent::machine
