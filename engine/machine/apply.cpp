#include "engine/machine/apply.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/overloaded.hpp"
#include "engine/machine/frames.hpp"
#include "engine/machine/kept_children.hpp"
#include "engine/machine/undo.hpp"

namespace sequent::machine {
namespace {

/// Hands a child's output to the task that holds it.
void deliver(State& state, FrameId parent_id, std::uint32_t ordinal, Value output, NodeIndex next) {
  auto& parent = frame_of(state, parent_id);
  if (parent.phase == Phase::branches) {
    auto& branches = std::get<BranchState>(parent.detail);
    SEQUENT_ASSERT(ordinal < branches.outputs.size());
    branches.outputs[ordinal] = std::move(output);
    return;
  }
  SEQUENT_ASSERT(parent.phase == Phase::block);
  parent.child = 0;
  parent.data = std::move(output);
  parent.next = next;
}

/// Moves a limit that was set before the run stood still, so that standing still does not count.
void shift(Timestamp& limit, DurationMs by) {
  if (limit != 0) limit += by;
}

/// Operator's repairs and resumptions set the instance going again.
void set_going(State& state, Timestamp at) {
  const auto stood_still = state.ended_at != 0 ? at - state.ended_at : 0;
  shift(state.timeout_at, stood_still);
  for (auto& [id, frame] : state.frames) {
    shift(frame.timeout_at, stood_still);
    if (auto* attempt = std::get_if<TryState>(&frame.detail))
      shift(attempt->attempt_until, stood_still);
    // A request may have been out when the run stopped: what becomes of it now is not known.
    if (frame.phase == Phase::activity) std::get<ActivityState>(frame.detail).unsettled = true;
  }
  state.status = Status::running;
  state.error.reset();
  state.faulted_frame = 0;
  state.ended_at = 0;
  state.reason.clear();
}

struct Applier {
  State& state;
  Timestamp at;

  void operator()(const InstanceStarted& r) const {
    SEQUENT_ASSERT(state.seq == 0);
    state.id = r.id;
    state.workflow = r.workflow;
    state.digest = r.digest;
    state.layout = r.layout;
    state.status = Status::running;
    state.key = r.key;
    state.attributes = r.attributes;
    state.raw_input = r.raw_input;
    state.input = r.input ? r.input : r.raw_input;
    state.context = null_value();
    state.parent = r.parent;
    state.parent_frame = r.parent_frame;
    state.timeout_at = r.timeout_at;
    state.started_at = at;
    Frame root;
    root.id = 1;
    root.raw_input = state.raw_input;
    root.input = state.input;
    root.started_at = at;
    state.frames.emplace(1, std::move(root));
    state.last_frame = 1;
  }

  void operator()(const TaskStarted& r) const {
    SEQUENT_ASSERT(r.frame == state.last_frame + 1);
    state.last_frame = r.frame;
    auto& parent = frame_of(state, r.parent);
    Frame frame;
    frame.id = r.frame;
    frame.parent = r.parent;
    frame.node = r.node;
    frame.ordinal = r.ordinal;
    frame.visit = r.visit;
    frame.generation = parent.generation;
    frame.raw_input = parent.phase == Phase::branches ? parent.input : parent.data;
    frame.input = r.input ? r.input : frame.raw_input;
    frame.started_at = at;
    frame.timeout_at = r.timeout_at;
    frame.succeed_before = r.succeed_before;
    frame.undo = r.undo;
    frame.undoes = r.undoes;
    frame.settling = r.settling;
    if (r.settling) {
      frame.generation = r.generation;
    } else if (parent.phase == Phase::block) {
      SEQUENT_ASSERT(parent.child == 0);
      parent.child = r.frame;
      parent.next = no_node;
      ++parent.visits[r.node];
    }
    state.frames.emplace(r.frame, std::move(frame));
    if (r.settling) next_to_settle(state);
  }

  void operator()(const BlockEntered& r) const {
    auto& frame = frame_of(state, r.frame);
    frame.phase = Phase::block;
    frame.next = r.next;
    frame.data = r.data ? r.data : frame.input;
  }

  void operator()(const TaskSkipped& r) const {
    auto& parent = frame_of(state, r.parent);
    const auto passed = parent.phase == Phase::branches ? parent.input : parent.data;
    deliver(state, r.parent, r.ordinal, passed, r.next);
    if (state.cancelling && r.parent == 1) forget_undone(state);  // its `if`: nothing to undo
  }

  void operator()(const ActivityScheduled& r) const {
    auto& frame = frame_of(state, r.frame);
    frame.phase = Phase::activity;
    frame.detail = ActivityState{.key = r.key,
                                 .revision = r.revision,
                                 .arguments = r.arguments,
                                 .late = r.late,
                                 .late_input = r.late_input,
                                 .attempt = r.attempt,
                                 .first_sent_at = r.first_sent_at,
                                 .unsettled = r.unsettled};
    frame.last_attempt = r.attempt;
    state.keys.erase(r.key);
    ++state.attempts;
  }

  void operator()(const AttemptFailed& r) const {
    auto& frame = frame_of(state, r.frame);
    auto& activity = std::get<ActivityState>(frame.detail);
    SEQUENT_ASSERT(activity.attempt == r.attempt);
    // A failure never proves that an earlier send had no effect.
    activity.unsettled = activity.unsettled || r.unsettled;
    if (r.failure.key_spent) ++activity.revision;
    if (r.uncounted) {
      SEQUENT_ASSERT(activity.tries > 0);
      --activity.tries;  // AttemptStarted counts the next one in its stead
      ++state.uncounted;
    }
    activity.throttles = r.failure.throttled ? activity.throttles + 1 : 0;
    activity.last_failure = r.failure;
    frame.phase = Phase::backoff;
    frame.due_at = r.retry_at;
  }

  void operator()(const AttemptStarted& r) const {
    auto& frame = frame_of(state, r.frame);
    auto& activity = std::get<ActivityState>(frame.detail);
    activity.attempt = r.attempt;
    activity.held = false;
    ++activity.tries;
    frame.last_attempt = r.attempt;
    activity.unsettled = r.unsettled;
    frame.phase = Phase::activity;
    frame.due_at = 0;
    ++state.attempts;
  }

  void operator()(const TaskParked& r) const {
    auto& frame = frame_of(state, r.frame);
    auto& activity = std::get<ActivityState>(frame.detail);
    activity.park_reason = r.reason;
    activity.parked_at = at;
    activity.unsettled = activity.unsettled || r.unsettled;
    activity.held = frame.phase == Phase::activity;  // else its attempt has failed
    frame.phase = Phase::parked;
    frame.due_at = 0;
  }

  void operator()(const TaskLetGo& r) const {
    auto& frame = frame_of(state, r.frame);
    SEQUENT_ASSERT(frame.phase == Phase::parked);
    auto& activity = std::get<ActivityState>(frame.detail);
    activity.parked_at = 0;
    activity.held = false;
    frame.phase = Phase::activity;
  }

  void operator()(const TaskReturned& r) const {
    auto& frame = frame_of(state, r.frame);
    frame.phase = Phase::returned;
    frame.data = r.output;
    frame.due_at = 0;
    child_is_done(state, frame);
  }

  void operator()(const TaskCompleted& r) const {
    auto& frame = frame_of(state, r.frame);
    const auto output = r.output ? r.output : frame.data;
    SEQUENT_ASSERT(output != nullptr);
    frame.phase = Phase::returned;
    const auto parent = frame.parent;
    const auto ordinal = frame.ordinal;
    if (r.context) state.context = r.context;
    // A start is answered by the task that spoke first, however often it is asked.
    if (r.respond && (!state.response || state.response_node == frame.node)) {
      state.response = output;
      state.answer = r.answer;
      state.response_node = frame.node;
    }
    std::erase_if(state.requests, [&r](const Request& request) {
      return std::ranges::find(r.answered, request.id) != r.answered.end();
    });
    if (r.end) state.ending = output;
    ++state.completed_tasks;
    const auto undoes = !frame.undoes.empty(), settling = frame.settling;
    remember_effect(state, frame, output, at);
    hand_up_children(state, frame);
    remove_frame(state, r.frame);
    deliver(state, parent, ordinal, output, r.next);
    if (undoes) forget_undone(state);
    if (settling) next_to_settle(state);
  }

  void operator()(const TimerStarted& r) const {
    auto& frame = frame_of(state, r.frame);
    frame.phase = Phase::timer;
    frame.due_at = r.due_at;
  }

  void operator()(const LoopStarted& r) const {
    auto& frame = frame_of(state, r.frame);
    SEQUENT_ASSERT(r.items->is_array());
    frame.phase = Phase::block;
    frame.data = frame.input;
    frame.next = no_node;
    frame.detail = LoopState{.items = r.items, .index = 0};
  }

  void operator()(const IterationStarted& r) const {
    auto& frame = frame_of(state, r.frame);
    std::get<LoopState>(frame.detail).index = r.index;
    frame.next = r.next;
    frame.visits.clear();
  }

  void operator()(const BranchesStarted& r) const {
    auto& frame = frame_of(state, r.frame);
    frame.phase = Phase::branches;
    frame.detail = BranchState{.outputs = std::vector<Value>(r.count)};
  }

  void operator()(const ErrorCaught& r) const {
    auto& frame = frame_of(state, r.frame);
    auto& attempt = std::get<TryState>(frame.detail);
    keep_children(state, r);
    remove_below(state, r.frame);
    auto error = to_json(r.error);
    attempt.error = make_value(std::move(error));
    if (attempt.first_failed_at == 0) attempt.first_failed_at = at;
    attempt.attempt_until = 0;
    frame.visits.clear();
    if (r.retry_at != 0) {
      frame.phase = Phase::backoff;
      frame.due_at = r.retry_at;
      return;
    }
    attempt.catching = true;
    frame.phase = Phase::block;
    frame.data = frame.input;
    frame.next = r.next;
  }

  void operator()(const TryStarted& r) const {
    auto& frame = frame_of(state, r.frame);
    if (!std::holds_alternative<TryState>(frame.detail)) frame.detail = TryState{};
    auto& attempt = std::get<TryState>(frame.detail);
    attempt.attempt = r.attempt;
    attempt.attempt_until = r.attempt_until;
    frame.phase = Phase::block;
    frame.data = frame.input;
    frame.next = r.next;
    frame.due_at = 0;
  }

  void operator()(const ListenStarted& r) const {
    auto& frame = frame_of(state, r.frame);
    frame.phase = Phase::events;
    frame.detail = ListenState{.subscriptions = r.subscriptions};
  }

  void operator()(const EventConsumed& r) const {
    auto& frame = frame_of(state, r.frame);
    auto& listen = std::get<ListenState>(frame.detail);
    auto& taken = listen.subscriptions.at(r.subscription);
    taken.matched = true;
    for (auto& subscription : listen.subscriptions)
      if (subscription.until == taken.until)
        for (const auto& [name, value] : r.correlated)
          subscription.expectations.emplace(name, value);
    if (r.item) listen.bytes += size_of(*r.item);
    if (r.item && r.queued) {
      listen.queue.push_back(r.item);
      listen.queued_requests.push_back(r.request ? r.event_id : std::string{});
    }
    if (r.request) state.requests.push_back({.id = r.event_id, .open = !(r.item && r.queued)});
    if (r.item && !r.queued) listen.consumed.push_back(r.item);
    if (r.closed) listen.closed = true;
    if (r.held != 0) {
      SEQUENT_ASSERT(r.held <= state.held_events.size());
      state.held_bytes -= size_of(*state.held_events[r.held - 1]);
      state.held_events.erase(state.held_events.begin() + (r.held - 1));
    }
  }

  void operator()(const EventIterationStarted& r) const {
    auto& frame = frame_of(state, r.frame);
    auto& listen = std::get<ListenState>(frame.detail);
    SEQUENT_ASSERT(!listen.queue.empty());
    listen.item = listen.queue.front();
    listen.queue.erase(listen.queue.begin());
    if (!listen.queued_requests.empty()) {  // empty: queued by a release that knew no requests
      for (auto& request : state.requests)
        if (request.id == listen.queued_requests.front()) request.open = true;
      listen.queued_requests.erase(listen.queued_requests.begin());
    }
    frame.phase = Phase::block;
    frame.data = listen.item;
    frame.next = r.next;
    frame.visits.clear();
  }

  void operator()(const EventIterationEnded& r) const {
    auto& frame = frame_of(state, r.frame);
    auto& listen = std::get<ListenState>(frame.detail);
    listen.consumed.push_back(r.output ? r.output : frame.data);
    listen.bytes += size_of(*listen.consumed.back());
    listen.bytes -= size_of(*listen.item);
    listen.item = nullptr;
    ++listen.iterated;
    frame.phase = Phase::events;
    if (r.context) state.context = r.context;
  }

  void operator()(const ListenClosed& r) const {
    std::get<ListenState>(frame_of(state, r.frame).detail).closed = true;
  }

  void operator()(const EventHeld& r) const {
    state.held_events.push_back(r.event);
    state.held_bytes += size_of(*r.event);
  }

  void operator()(const EventEmitted&) const {}  // the outbox row rides in the same commit

  void operator()(const ChildStarted& r) const {
    auto& frame = frame_of(state, r.frame);
    frame.phase = Phase::child;
    frame.detail = r.child;
    child_begins(state, frame);
  }

  void operator()(const ChildConfirmed& r) const {
    std::get<ChildState>(frame_of(state, r.frame).detail).launched = true;
  }

  void operator()(const TaskFaulted& r) const {
    auto& frame = frame_of(state, r.frame);
    frame.error = r.error;
    // An activity's state stays: a retry needs its key and arguments. A request that is out when its
    // time is up may still have its effect.
    if (frame.phase == Phase::activity) std::get<ActivityState>(frame.detail).unsettled = true;
    frame.phase = Phase::faulted;
  }

  void operator()(const InstanceFaulted& r) const {
    state.status = Status::faulted;
    state.error = r.error;
    state.faulted_frame = r.frame;
    state.ended_at = at;
  }

  void operator()(const InstanceCompleted& r) const {
    state.status = Status::completed;
    state.output = r.output;
    state.ending = nullptr;
    state.ended_at = at;
    state.frames.clear();
    state.keys.clear();
    state.undoable.clear();  // what is completed is not cancelled any more
    state.undoable_bytes = 0;
  }

  void operator()(const InstanceSuspended& r) const {
    state.status = Status::suspended;
    state.reason = r.reason;
  }

  void operator()(const InstanceResumed&) const { set_going(state, at); }

  void operator()(const InstanceCancelled& r) const {
    state.status = Status::cancelled;
    state.reason = r.reason;
    state.ended_at = at;
    state.terminated = r.at_once;
  }

  void operator()(const CancelStarted& r) const { begin_cancelling(state, r, at); }

  void operator()(const CompensationStarted& r) const {
    SEQUENT_ASSERT(!state.undoable.empty() && state.undoable.back().occurrence == r.undoes);
    frame_of(state, 1).data = r.input;
  }

  void operator()(const TaskDropped& r) const {
    auto& frame = frame_of(state, r.frame);
    settle_doubts(state, frame);
    frame.undo.clear();
    remove_frame(state, r.frame);
    next_to_settle(state);
  }

  void operator()(const TaskRetried& r) const {
    state.repaired = true;
    set_going(state, at);
    if (r.frame == 0) {
      state.timeout_at = r.timeout_at;
      return;
    }
    state.ending = nullptr;
    auto& frame = frame_of(state, r.frame);
    begin_again(state, frame);
    frame.timeout_at = r.timeout_at;
    frame.generation = r.generation;
    if (!r.input) return;
    state.generation = std::max(state.generation, r.generation);
    if (!r.path.empty()) state.edits[r.path] = r.generation;
    if (r.raw_input) {
      state.raw_input = r.raw_input;
      state.input = r.input;
    }
    frame.raw_input = r.input;
    frame.input = r.input;
  }

  void operator()(const TaskSkippedByOperator& r) const {
    set_going(state, at);
    skip_children(state, r.frame);
    auto& frame = frame_of(state, r.frame);
    begin_again(state, frame);
    frame.phase = Phase::returned;
    frame.data = r.output;
    frame.timeout_at = 0;
    frame.nothing_done = r.output->is_null();
  }

  void operator()(const Rewound& r) const {
    state.repaired = true;
    set_going(state, at);
    state.ending = nullptr;
    remove_below(state, r.frame);
    auto& frame = frame_of(state, r.frame);
    frame.phase = Phase::block;
    frame.next = r.next;
    frame.data = r.data;
    frame.due_at = 0;
    frame.error.reset();
    frame.visits.clear();  // the same visits get the same idempotency keys
    if (auto* attempt = std::get_if<TryState>(&frame.detail)) attempt->catching = r.catching;
    if (r.context) state.context = r.context;
  }

  static void renumber(ListenState& listen, const std::map<std::uint32_t, std::uint32_t>& filters) {
    // One that has closed takes nothing any more, so that its filters may be gone.
    std::erase_if(listen.subscriptions, [&](const Subscription& subscription) {
      return listen.closed && !filters.contains(subscription.filter);
    });
    for (auto& subscription : listen.subscriptions)
      if (const auto known = filters.find(subscription.filter); known != filters.end())
        subscription.filter = known->second;
  }

  void operator()(const Migrated& r) const {
    const auto now = [&r](NodeIndex node) { return node == no_node ? no_node : r.nodes.at(node); };
    state.workflow = r.workflow;
    state.digest = r.digest;
    state.layout = r.layout;
    // A task that is gone has answered for good: nobody may say it anew.
    const auto answered = r.nodes.find(state.response_node);
    if (state.response)
      state.response_node = answered == r.nodes.end() ? no_node : answered->second;
    for (auto& done : state.undoable) done.node = now(done.node);
    for (auto& [key, memory] : state.keys)
      if (const auto known = r.nodes.find(memory.node); memory.node != no_node)
        memory.node = known == r.nodes.end() ? no_node : known->second;
    for (auto& [id, frame] : state.frames) {
      frame.node = now(frame.node);
      frame.next = now(frame.next);
      std::map<NodeIndex, std::uint32_t> visits;
      for (const auto& [node, count] : frame.visits)
        if (const auto known = r.nodes.find(node); known != r.nodes.end())
          visits[known->second] = count;
      frame.visits = std::move(visits);
      if (auto* listen = std::get_if<ListenState>(&frame.detail)) renumber(*listen, r.filters);
    }
  }
};

}  // namespace

void apply(State& state, const Record& record) {
  SEQUENT_ASSERT(record.seq == state.seq + 1);
  std::visit(Applier{state, record.at}, record.body);
  state.seq = record.seq;
  state.updated_at = record.at;
}

}  // namespace sequent::machine
