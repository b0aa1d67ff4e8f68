#pragma once
// One instance, folded from its journal. Only apply() changes it.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "engine/definition/program.hpp"
#include "engine/machine/problem.hpp"
#include "engine/machine/value.hpp"

namespace sequent::machine {

using definition::no_node;
using definition::NodeIndex;
using definition::WorkflowRef;
using FrameId = std::uint32_t;  // from 1, never reused within an instance; 0 = none

enum class Status : std::uint8_t {
  pending,    // created, nothing decided yet
  running,    // something is under way
  waiting,    // every branch waits; only View tells it apart, State says running
  suspended,  // an operator holds it
  cancelled,
  faulted,  // an error that nobody caught; an operator can retry, skip or rewind
  completed,
};
[[nodiscard]] std::string_view name_of(Status status);
[[nodiscard]] std::optional<Status> status_from(std::string_view name);
[[nodiscard]] inline bool is_ended(Status s) {
  return s == Status::cancelled || s == Status::faulted || s == Status::completed;
}

/// Where a task stands.
enum class Phase : std::uint8_t {
  entered,   // its input is known; it is about to begin
  block,     // runs a list of tasks, one child at a time (do, for, try, catch, foreach, function)
  branches,  // fork: every branch is a child
  activity,  // an intent is recorded; the request is out or about to leave
  backoff,   // waits until due_at to try again (an activity, or a try block)
  parked,    // set aside until an operator or a provider's recovery lets it go
  timer,     // wait task
  events,    // listen task
  child,     // awaits another instance
  returned,  // its raw output is known and not yet transformed
  faulted,   // raised an error that nobody caught
};
[[nodiscard]] std::string_view name_of(Phase phase);

enum class ParkReason : std::uint8_t { retries_exhausted, provider_open, limit };
[[nodiscard]] std::string_view name_of(ParkReason reason);

/// An activity call whose outcome is not settled yet.
struct ActivityState {
  std::string key;             // idempotency key, without revision
  std::uint32_t revision = 0;  // raised when the provider has spent the key on a failure
  Value arguments;             // frozen: every attempt sends these
  Value late;        // set = holes that name secrets wait for them; what else these may see, frozen
  Value late_input;  // the `$input` that they see; null pointer = the frame's
  std::uint32_t attempt = 1;    // the attempt under way or last failed; rises over repairs too
  std::uint32_t tries = 1;      // attempts since the call was scheduled: what the policy counts
  Timestamp first_sent_at = 0;  // when the first attempt could leave: age of the key
  std::uint32_t throttles = 0;  // refusals in a row that used up no try
  bool unsettled = false;       // an earlier attempt's outcome is unknown
  std::optional<Failure> last_failure;
  ParkReason park_reason = ParkReason::retries_exhausted;  // in Phase::parked
  Timestamp parked_at = 0;
  bool held = false;  // parked before the attempt left: the same one leaves when it is let go
};

struct LoopState {
  Value items;  // array
  std::uint32_t index = 0;
};

/// A child run whose fault made a `try` start over. The same one begins again.
struct KeptChild {
  InstanceId id;
  bool again = true;  // false: it has begun again, and how that ends is not known
};

struct TryState {
  std::uint32_t attempt = 1;  // of the try block
  Timestamp first_failed_at = 0;
  Timestamp attempt_until = 0;  // limit of this attempt (limit.attempt.duration); 0 = none
  bool catching = false;        // the catch block runs
  Value error;                  // what was caught last
  std::map<std::string, KeptChild> children;  // by the place of the task that runs them
};

struct BranchState {
  std::vector<Value> outputs;  // by ordinal; null pointer = not ended
};

/// A subscription of a listen task, as it was opened.
struct Subscription {
  std::uint32_t filter = 0;                  // index into Program::filters
  std::map<std::string, Json> expectations;  // correlation name -> value; may grow
  bool until = false;                        // belongs to `until`
  bool matched = false;                      // for all: this one is satisfied
};

struct ListenState {
  std::vector<Subscription> subscriptions;
  std::vector<Value> consumed;  // outputs so far, in order (envelope, data or raw as `read` says)
  std::vector<Value> queue;     // foreach: consumed, not yet iterated
  std::vector<std::string> queued_requests;  // of the queue, in step with it; "" = no request
  std::uint32_t iterated = 0;                // foreach: how many iterations are over
  Value item;                                // foreach: the item under way
  bool closed = false;                       // no more events are wanted; the queue may still drain
  std::size_t bytes = 0;                     // of what it has consumed; follows from the above
};

struct ChildState {
  InstanceId id;
  WorkflowRef workflow;
  Value input;
  bool await = true;      // false: the task is over as soon as the child's start is durable
  bool launched = false;  // its start is known to be durable; its end will be told
  bool retry = false;     // an operator's repair led here: one that is there and faulted goes on
  bool again = false;     // a try that starts over led here: it begins again, under its keys
};

using FrameDetail = std::variant<std::monostate, ActivityState, LoopState, TryState, BranchState,
                                 ListenState, ChildState>;

/// One task under way. Frames form a tree; its leaves are the cursors of the branches.
struct Frame {
  FrameId id = 0;
  FrameId parent = 0;
  NodeIndex node = 0;
  std::uint32_t ordinal = 0;     // fork: which branch of the parent
  std::uint32_t visit = 0;       // how often the enclosing block came here before (by `then`)
  std::uint32_t generation = 0;  // edit generation: part of the idempotency keys below
  Phase phase = Phase::entered;
  Value raw_input;           // before input.from
  Value input;               // after it: `$input`
  Value data;                // block: output of the last child; returned: the raw output
  NodeIndex next = no_node;  // block without child: what runs next; no_node = the block is over
  FrameId child = 0;         // block: the child under way
  std::map<NodeIndex, std::uint32_t> visits;  // block: how often each task was entered
  std::uint32_t last_attempt = 0;  // of an activity; late answers to earlier ones are no news
  Timestamp started_at = 0;
  Timestamp timeout_at = 0;      // 0 = none
  Timestamp succeed_before = 0;  // as TaskStarted says
  Timestamp due_at = 0;          // backoff, timer
  std::optional<Problem> error;  // faulted
  std::string undo;    // `metadata.compensate`: path of the task, what it will be remembered by
  std::string undoes;  // it undoes this occurrence; the tasks below it are part of that
  bool nothing_done = false;  // an operator has ended it without a result: there is nothing to undo
  bool settling = false;  // the run is being cancelled, and what became of this one decides what
                          // is undone; nothing comes after it
  FrameDetail detail;
};

/// Parked until its provider is back or has room, as against for good: nobody need do anything.
[[nodiscard]] inline bool waits_for_provider(const Frame& frame) {
  const auto* activity = std::get_if<ActivityState>(&frame.detail);
  return activity != nullptr && frame.phase == Phase::parked &&
         activity->park_reason != ParkReason::retries_exhausted;
}

/// What is remembered of an idempotency key beyond its frame, so that a later frame of the same
/// task (try/retry, operator's retry) sends the same bytes under the same key.
struct KeyMemory {
  std::uint32_t revision = 0;
  Timestamp first_sent_at = 0;
  Value arguments, late, late_input;
  bool unsettled = false;  // its effect may have happened: the arguments are frozen
  // Of a task that can be undone, while what became of its call is not known: a cancellation has to
  // find out. `undo` empty = known, or nothing undoes it.
  std::string undo;
  NodeIndex node = no_node;
  std::uint32_t generation = 0;
  Value input;
};

/// A task that has had its effect, and that says what undoes it.
struct Undoable {
  std::string occurrence;  // see occurrence_of(); an effect under the same key is the same one
  NodeIndex node = no_node;
  Value input, output;  // `$input` and the output of the task
  Timestamp completed_at = 0;
};

/// The run is being cancelled: it undoes what it has done, the last first.
struct Cancelling {
  std::string reason, by;
  Timestamp since = 0;
  std::uint32_t undone = 0;
};

/// An HTTP request that came as an event and whose caller waits for an answer.
struct Request {
  std::string id;     // of the event
  bool open = false;  // the next responding task answers it; false: its foreach iteration has to
                      // begin first
};

struct State {
  InstanceId id;
  WorkflowRef workflow;
  std::string digest;  // of the definition that it is pinned to
  std::string layout;  // of the program whose node numbers it holds: see fits()
  Status status = Status::pending;
  std::string key;  // business key, may be empty
  Json attributes = Json::object();
  Value raw_input, input;
  Value context;  // `$context`
  Value output;   // completed
  Value ending;  // a task said `then: end` with this, and making the workflow's output of it failed
  Value response;                 // output of the first task that responded, once known
  Value answer;                   // how it is told: see answer.hpp; null pointer = as it is
  NodeIndex response_node = 0;    // whose it is; that task may say it anew, others may not
  std::vector<Request> requests;  // consumed, not answered
  std::optional<Problem> error;   // faulted
  FrameId faulted_frame = 0;      // 0 = the workflow itself (its timeout, its output)
  std::string reason;             // suspended or cancelled: why
  InstanceId parent;              // all zero = none
  FrameId parent_frame = 0;
  Timestamp started_at = 0, updated_at = 0, ended_at = 0;
  Timestamp timeout_at = 0;         // the workflow's own; 0 = none
  std::map<FrameId, Frame> frames;  // frame 1 is the root
  FrameId last_frame = 0;
  std::map<std::string, KeyMemory> keys;  // by idempotency key, where a frame ended without success
  std::uint32_t generation = 0;           // how often an operator edited an input
  std::map<std::string, std::uint32_t>
      edits;                             // by path of the task: the generation of its last one
  bool repaired = false;                 // an operator has retried or rewound: what it comes to
                                         // may be there from before
  std::vector<Value> held_events;        // arrived while nobody could take them, in order
  std::size_t held_bytes = 0;            // of them; follows from the above
  std::vector<Undoable> undoable;        // in the order of completion; the last is undone first
  std::size_t undoable_bytes = 0;        // of them; follows from the above
  std::optional<Cancelling> cancelling;  // kept when it has come to its end
  bool terminated = false;               // cancelled at once: nothing (more) was undone
  std::uint64_t seq = 0;                 // of the last record applied
  std::uint32_t completed_tasks = 0;
  std::uint32_t attempts = 0;   // of activities, in all
  std::uint32_t uncounted = 0;  // of them: failures that no retry policy counts

  [[nodiscard]] std::uint32_t counted_attempts() const { return attempts - uncounted; }

  [[nodiscard]] bool has_parent() const { return parent != InstanceId{}; }
};

/// The frame that awaits this child, or that waits for its start; 0 = none. A rewind gives the task
/// another frame and the child its same id, so a child is known by that; `likely` is looked at first.
[[nodiscard]] inline FrameId awaiting_frame(const State& state, const InstanceId& child,
                                            FrameId likely = 0) {
  const auto awaits = [&](const Frame& frame) {
    const auto* detail = std::get_if<ChildState>(&frame.detail);
    return detail != nullptr && frame.phase == Phase::child && detail->id == child;
  };
  if (const auto found = state.frames.find(likely);
      found != state.frames.end() && awaits(found->second))
    return likely;
  for (const auto& [id, frame] : state.frames)
    if (awaits(frame)) return id;
  return 0;
}

}  // namespace sequent::machine
