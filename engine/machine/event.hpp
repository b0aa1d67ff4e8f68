#pragma once
// What reaches an instance from outside. Randomness (jitter) and identities come in with it.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/machine/problem.hpp"
#include "engine/machine/state.hpp"

namespace sequent::machine {

/// The first event of an instance.
struct StartAsked {
  InstanceId id;
  std::string key;  // business key as the program computed it, or as given
  Json attributes = Json::object();
  Value input;
  InstanceId parent;
  FrameId parent_frame = 0;
  std::string started_by;
};
/// An activity answered. Answers to older attempts, or to tasks that are over, change nothing.
struct ActivityReturned {
  FrameId frame = 0;
  std::uint32_t attempt = 0;
  Value output;                    // set on success
  std::optional<Failure> failure;  // set otherwise
  bool unsettled = false;          // an earlier send of the same intent may have had its effect
  std::string request_id;          // the provider's own; "" = it gave none
  bool provider_open = false;  // its provider is out of order: a failure is no fault of the call
};
/// The attempt did not leave, and nothing of it reached the provider: it waits where it does not
/// count until CallLetGo.
struct CallHeldBack {
  FrameId frame = 0;
  std::uint32_t attempt = 0;
  ParkReason reason = ParkReason::provider_open;  // or limit
  bool unsettled = false;                         // as in ActivityReturned
};
/// The provider is back, or has room: the attempt that was held back may leave.
struct CallLetGo {
  FrameId frame = 0;
};
/// Some timer of the instance may be due: all that are due by now fire, each once.
struct TimerDue {};
/// A CloudEvent that may match a listening task.
struct EventArrived {
  Value event;  // the envelope
};
struct ChildEnded {
  InstanceId child;
  Status status = Status::completed;
  Value output;
  std::optional<Problem> error;
};
/// The start of a child is durable. Ends tasks that do not await theirs.
struct ChildLaunched {
  InstanceId child;
};
/// Pure tasks stopped at their budget, or an instance was loaded: go on.
struct Continued {};

struct SuspendAsked {
  std::string reason, by;
};
struct ResumeAsked {
  std::string reason, by;
};
struct CancelAsked {
  std::string reason, by;
  std::vector<FrameId> awaited;  // of the awaited children those that may have something to undo
  bool at_once = false;          // terminate: nothing is undone
};
/// Begin a faulted or parked task again. `frame` 0 = the faulted one, or every parked one.
struct RetryAsked {
  FrameId frame = 0;
  Value input;  // null pointer = unchanged; else replaces the task's input (a new generation)
  std::string reason, by;
  // Not an operator's: a try of its parent starts over. `input` is what that gives it now, and the
  // calls keep their keys, as those of the try itself do.
  bool by_try = false;
};
/// End a task that stands still with this output instead of its own.
struct SkipAsked {
  FrameId frame = 0;  // 0 = the faulted one, or the only one that waits
  Value output;
  std::string reason, by;
};
/// Go back to a task; the runtime has read its data of then from the journal.
struct RewindAsked {
  FrameId frame = 0;  // the block that holds the task
  NodeIndex node = no_node;
  Value data, context;
  std::string reason, by;
};

/// The run goes on under another version of its workflow: see migrate.hpp.
struct MigrateAsked {
  definition::ProgramPtr program;
  std::string reason, by;
};

using Event =
    std::variant<StartAsked, ActivityReturned, CallHeldBack, CallLetGo, TimerDue, EventArrived,
                 ChildEnded, ChildLaunched, Continued, SuspendAsked, ResumeAsked, CancelAsked,
                 RetryAsked, SkipAsked, RewindAsked, MigrateAsked>;

}  // namespace sequent::machine
