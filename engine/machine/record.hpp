#pragma once
// What the machine decided, in the past tense. A journal is an instance's records in order. Records
// hold results (evaluated inputs, outputs, due times), so that folding them evaluates nothing.
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "engine/machine/event.hpp"
#include "engine/machine/state.hpp"

namespace sequent::machine {

struct InstanceStarted {
  InstanceId id;
  WorkflowRef workflow;
  std::string digest;
  std::string layout;  // Program::layout: what the numbers of nodes and filters below mean
  std::string key;
  Json attributes = Json::object();
  Value raw_input;
  Value input;  // after the workflow's input.from; null pointer = raw_input
  InstanceId parent;
  FrameId parent_frame = 0;
  Timestamp timeout_at = 0;
  std::string started_by;  // principal, trigger or parent
};
struct TaskStarted {
  FrameId frame = 0, parent = 0;
  NodeIndex node = 0;
  std::uint32_t ordinal = 0, visit = 0;
  Value input;  // after input.from; null pointer = the raw input
  Timestamp timeout_at = 0;
  Timestamp succeed_before = 0;  // metadata.mustSucceedBefore, where an expression says it
  std::string undo, undoes;      // see Frame
  bool settling = false;         // the same; then with its edit generation
  std::uint32_t generation = 0;
};
/// A task begins to run its list of tasks.
struct BlockEntered {
  FrameId frame = 0;
  NodeIndex next = no_node;
  Value data;  // raw input of the first task; null pointer = the frame's input
};
/// `if` was false: the raw input passes through.
struct TaskSkipped {
  FrameId parent = 0;
  NodeIndex node = 0;
  std::uint32_t ordinal = 0;
  NodeIndex next = no_node;
};
/// The intent: durable before its request leaves.
struct ActivityScheduled {
  FrameId frame = 0;
  std::string key;
  std::uint32_t revision = 0;
  std::uint32_t attempt = 1;
  Value arguments;
  Value late, late_input;  // see ActivityState
  Timestamp first_sent_at = 0;
  bool unsettled = false;
};
struct AttemptFailed {
  FrameId frame = 0;
  std::uint32_t attempt = 0;
  Failure failure;
  bool unsettled = false;  // the intent's effect may have happened, now or before
  Timestamp retry_at = 0;  // 0 = no further try is planned by this record
  bool uncounted = false;  // no retry policy counts it: the provider is out of order, or throttles
};
struct AttemptStarted {
  FrameId frame = 0;
  std::uint32_t attempt = 0;
  bool unsettled = false;
};
struct TaskParked {
  FrameId frame = 0;
  ParkReason reason = ParkReason::retries_exhausted;
  bool unsettled = false;  // it was held back, and an earlier send may have had its effect
};
/// The attempt that was held back leaves now; its number is the one it had.
struct TaskLetGo {
  FrameId frame = 0;
};
/// The raw output of an activity, or of an operator's skip.
struct TaskReturned {
  FrameId frame = 0;
  Value output;
  std::uint32_t attempt = 0;  // 0 = given by an operator
  std::string request_id;     // the provider's own id of the request; "" = it gave none
};
struct TaskCompleted {
  FrameId frame = 0;
  Value output;              // null pointer = the frame's data (the raw output) passes through
  Value context;             // null pointer = unchanged
  NodeIndex next = no_node;  // what the enclosing block runs next
  bool respond = false;      // its output answers HTTP requests
  bool end = false;          // `then: end`: its output becomes the workflow's
  Value answer;              // how it answers (answer.hpp); null pointer = the output as it is
  std::vector<std::string> answered;  // requests that it answers
};
struct TimerStarted {
  FrameId frame = 0;
  Timestamp due_at = 0;
};
struct LoopStarted {
  FrameId frame = 0;
  Value items;
};
struct IterationStarted {
  FrameId frame = 0;
  std::uint32_t index = 0;
  NodeIndex next = no_node;
};
struct BranchesStarted {
  FrameId frame = 0;
  std::uint32_t count = 0;
};
struct ErrorCaught {
  FrameId frame = 0;   // the try task
  FrameId source = 0;  // where it was raised
  Problem error;
  Timestamp retry_at = 0;    // 0 = no retry: the catch block runs, or the task is over
  NodeIndex next = no_node;  // first task of the catch block
  // The child run that has faulted and that the next attempt of this try, or of one around it, begins
  // again, and the place of its task.
  // Not in journals of earlier releases, where it begins another.
  InstanceId child = {};
  std::string child_place = {};
};
/// A try block begins, for the first time or again.
struct TryStarted {
  FrameId frame = 0;
  std::uint32_t attempt = 1;
  NodeIndex next = no_node;
  Timestamp attempt_until = 0;
};
struct ListenStarted {
  FrameId frame = 0;
  std::vector<Subscription> subscriptions;
};
struct EventConsumed {
  FrameId frame = 0;
  std::uint32_t subscription = 0;  // index into ListenState::subscriptions
  std::string event_id;
  Value item;           // what the task reads of it; null pointer for an `until` event
  bool queued = false;  // foreach: waits for its iteration
  std::map<std::string, Json> correlated;  // values that became expectations
  bool closed = false;                     // the last that is wanted
  std::uint32_t held = 0;  // from 1: which of the held events it was; 0 = it has just arrived
  bool request = false;    // it is an HTTP request, and `event_id` names it
};
/// foreach: one event is being worked on; or, with `output`, that is over.
struct EventIterationStarted {
  FrameId frame = 0;
  NodeIndex next = no_node;
};
struct EventIterationEnded {
  FrameId frame = 0;
  Value output;   // replaces the item in the task's output
  Value context;  // null pointer = unchanged
};
/// foreach: `until` is met; no further event is wanted.
struct ListenClosed {
  FrameId frame = 0;
};
/// It arrived while nobody could take it: suspended, faulted, or between two listening tasks.
struct EventHeld {
  Value event;
};
struct EventEmitted {
  FrameId frame = 0;
  Value event;  // the CloudEvent
};
struct ChildStarted {
  FrameId frame = 0;
  ChildState child;
};
/// The child's start is durable.
struct ChildConfirmed {
  FrameId frame = 0;
};
struct TaskFaulted {
  FrameId frame = 0;
  Problem error;
};
struct InstanceFaulted {
  FrameId frame = 0;  // 0 = the workflow itself
  Problem error;
};
struct InstanceCompleted {
  Value output;
};
struct InstanceSuspended {
  std::string reason, by;
};
struct InstanceResumed {
  std::string reason, by;
};
struct InstanceCancelled {
  std::string reason, by;
  bool at_once = false;  // terminated
};
/// A cancellation that has something to undo, or to wait for. What was under way is over, but for
/// the tasks `settle`, whose outcomes decide what is to be undone, and calls that were given up
/// earlier without knowing what became of them: those are made again, under their keys.
struct CancelStarted {
  std::vector<FrameId> settle;
  std::string reason, by;
};
/// The last effect that is not undone yet, `undoes`, is undone next: by a task or a workflow that
/// takes `input`.
struct CompensationStarted {
  std::string undoes;
  NodeIndex node = 0;  // whose effect it was
  Value input;
};
/// While the run is being cancelled: the task has had no effect, or what it has had is undone.
struct TaskDropped {
  FrameId frame = 0;
};
/// An operator's retry: the frame begins again; nothing below it survives. Frame 0: the workflow
/// goes on after its own time-out. Of a child whose parent's try starts over, frame 1.
struct TaskRetried {
  FrameId frame = 0;
  Value input;                   // edited input; null pointer = as it was
  std::uint32_t generation = 0;  // of the frame from now on
  Timestamp timeout_at = 0;      // the frame's (or, for frame 0, the workflow's) new limit
  std::string reason, by;
  /// Of an edited input, for people: a JSON Patch, with what `was` there. Not in journals of earlier
  /// releases, nor where it would be larger than the input.
  Value diff = nullptr;
  /// Path of the task whose input was edited. Not in journals of earlier releases.
  std::string path = {};
  /// The run begins again with another input of the workflow; `input` is what becomes of it.
  Value raw_input = nullptr;
};
struct TaskSkippedByOperator {
  FrameId frame = 0;
  Value output;
  std::string reason, by;
};
/// An operator's rewind: `frame` (a block) continues at `next` with the data it had then.
struct Rewound {
  FrameId frame = 0;
  NodeIndex next = no_node;
  Value data, context;
  bool catching = false;  // `next` lies in the catch block of a try task
  std::string reason, by;
};

/// The run goes on under another version: numbers of nodes and filters are those of that version from
/// here on.
struct Migrated {
  WorkflowRef workflow;
  std::string digest, layout;
  std::map<NodeIndex, NodeIndex> nodes;  // old to new; what is not here, the state does not need
  std::map<std::uint32_t, std::uint32_t> filters;
  std::string reason, by;
};

using RecordBody =
    std::variant<InstanceStarted, TaskStarted, BlockEntered, TaskSkipped, ActivityScheduled,
                 AttemptFailed, AttemptStarted, TaskParked, TaskReturned, TaskCompleted,
                 TimerStarted, LoopStarted, IterationStarted, BranchesStarted, ErrorCaught,
                 TryStarted, ListenStarted, EventConsumed, EventIterationStarted,
                 EventIterationEnded, ListenClosed, EventHeld, EventEmitted, ChildStarted,
                 ChildConfirmed, TaskFaulted, InstanceFaulted, InstanceCompleted, InstanceSuspended,
                 InstanceResumed, InstanceCancelled, TaskRetried, TaskSkippedByOperator, Rewound,
                 TaskLetGo, CancelStarted, CompensationStarted, TaskDropped, Migrated>;

struct Record {
  std::uint64_t seq = 0;  // from 1, without gaps
  Timestamp at = 0;
  RecordBody body;
};

using Records = std::vector<Record>;

/// "TaskStarted" …, as the journal stores it.
[[nodiscard]] std::string_view kind_of(const RecordBody& body);

}  // namespace sequent::machine
