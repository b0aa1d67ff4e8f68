#pragma once
// An instance for people and for lists: where it stands and why it stands still.
#include <optional>
#include <string>
#include <vector>

#include "engine/definition/program.hpp"
#include "engine/machine/state.hpp"

namespace sequent::machine {

/// What an instance waits for. `kind` empty = nothing (it runs or has ended).
struct WaitingFor {
  std::string kind;        // timer | event | activity | parked | child | limit
  std::string detail;      // for people: "com.stripe…completed", "stripe since …", a child's id
  std::string provider;    // activity, parked
  std::string operation;   // activity name
  std::string circuit;     // whose health it depends on: CircuitId::text()
  std::string reason;      // parked: retries_exhausted …
  std::string error_type;  // parked or retrying: of the last failure
  Timestamp since = 0;
  Timestamp until = 0;  // timer or next attempt; 0 = open
  // activity, parked: the attempt by the count of the call's own retries, which leaves out what failed
  // because the provider was down or refused with 429; and how often the call has left in all.
  std::uint32_t attempt = 0, tried = 0;
  // parked, and calls whose outcome is unknown: since when their idempotency key could have left, for
  // how long the provider keeps it (0 = it has no keys), and whether it may have had its effect.
  Timestamp key_born_at = 0;
  DurationMs key_retention_ms = 0;
  bool unsettled = false;
  InstanceId child;
};

/// A run that is being cancelled: what it undoes now, or finds out before that.
struct Undoing {
  std::string task;          // pointer of the task whose effect it is
  std::string by;            // the task or the workflow that undoes it; "" = it settles
  std::uint32_t number = 0;  // of `total`, from 1; 0 = it settles
  std::uint32_t total = 0;   // known so far
};

/// The call that a faulted run stands at: it had no result, or not in time.
struct FailedCall {
  std::string provider, operation;  // as WaitingFor
  std::string circuit;              // "" = it could not be made
};

struct View {
  Status status = Status::pending;
  std::string task;  // pointer of the task that matters most (faulted, parked, else the deepest)
  WaitingFor waiting_for;
  Timestamp deadline = 0;  // earliest of mustSucceedBefore and, while it has not ended, time-outs
  Timestamp key_born_at = 0;  // of the oldest unsettled idempotency key; 0 = none
  std::optional<Undoing> undoing;
  std::optional<FailedCall> failed_call;  // faulted, and because of a call
};

/// "undoes /do/0/charge, 2 of 3".
[[nodiscard]] std::string said(const Undoing& undoing);

/// One line of what a cancellation would do.
struct ToUndo {
  std::string task;  // pointer
  std::string by;    // as above
  std::string occurrence;
  bool settles = false;  // what became of its call is not known; it is found out first
};
/// What cancelling the run (as it is now) would undo, in that order; or has yet to undo.
[[nodiscard]] std::vector<ToUndo> to_undo(const definition::Program& program, const State& state);

[[nodiscard]] View view_of(const definition::Program& program, const State& state);

}  // namespace sequent::machine
