// What operators ask of a run: suspend, resume, cancel, retry, skip, rewind. Each is refused with a
// reason when it does not fit, and leaves the state untouched then.
#include "engine/machine/operator.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/json_difference.hpp"
#include "engine/machine/frames.hpp"
#include "engine/machine/undo.hpp"

namespace sequent::machine {
namespace {

std::unexpected<Error> wrong_state(const Decider& d, const std::string& wanted) {
  return fail(ErrorCode::wrong_state,
              "the run is " + std::string(name_of(d.state.status)) + "; " + wanted);
}

bool is_live(const Decider& d) {
  return d.state.status == Status::running || d.state.status == Status::suspended;
}

/// What is being cancelled goes neither back nor on.
std::unexpected<Error> being_cancelled(const Decider& d, const std::string& running) {
  const auto undone = d.state.cancelling->undone;
  return fail(
      ErrorCode::wrong_state,
      "the run is being cancelled (" + std::to_string(undone) + " of " +
          std::to_string(undone + d.state.undoable.size()) + " tasks are undone); " +
          (d.state.status == Status::faulted ? "retry or skip what has failed, or terminate the run"
           : d.state.status == Status::suspended ? "resume it, or terminate the run"
                                                 : running));
}

Timestamp fresh_timeout(Decider& d, const Frame& frame) {
  const auto& node = d.program.node(frame.node);
  if (!node.timeout || undone_by_workflow(d.state, frame)) return 0;
  const auto limit = d.evaluator.duration(*node.timeout, *frame.raw_input, d.here(frame));
  return limit ? d.now + *limit : 0;
}

/// After a repair: what was held meanwhile arrives, what fell due fires once, what is ready runs.
void go_on(Decider& d) {
  // What said `then: end` is over: only the workflow's output is left to make.
  if (d.state.ending) return d.finish(d.state.ending);
  d.find_ready();
  d.run();
  d.offer_held_events();
  fire_timers(d);
  d.find_ready();
  d.run();
}

/// A faulted run goes on only through what faulted: its frame, or one that holds it. Anything else
/// would leave a faulted task behind that nothing wakes.
bool mends_the_fault(const Decider& d, FrameId target) {
  for (auto id = d.state.faulted_frame; id != 0; id = d.state.frames.at(id).parent)
    if (id == target) return true;
  return false;
}

std::unexpected<Error> mend_first(Decider& d) {
  const auto* faulted = d.find(d.state.faulted_frame);
  return fail(ErrorCode::wrong_state, "the run has faulted at " +
                                          (faulted == nullptr ? std::string("the workflow itself")
                                                              : d.node_of(*faulted).pointer) +
                                          "; retry, skip or rewind there first");
}

/// Is the outcome of a call at or below this task unknown? Then other bytes under another key would
/// be a second call beside the first.
bool outcome_is_open(const Decider& d, FrameId target) {
  return std::ranges::any_of(d.state.frames, [&](const auto& entry) {
    const auto& [id, frame] = entry;
    const auto* activity = std::get_if<ActivityState>(&frame.detail);
    if (activity == nullptr || !is_within(d.state, id, target)) return false;
    const auto& spec = std::get<definition::CallTask>(d.node_of(frame).body).activity;
    return !spec.idempotent && (activity->unsettled || frame.phase == Phase::activity);
  });
}

std::unexpected<Error> too_large(const Decider& d, const std::string& what) {
  return fail(ErrorCode::too_large, "the " + what + " is larger than the limit of " +
                                        std::to_string(d.surroundings.limits.max_payload_bytes) +
                                        " bytes (limits.maxPayloadBytes)");
}

/// What an edit changes, for people. One that says more than the new input itself is left out.
Value edit_of(const Frame& frame, const Value& input) {
  if (!input || !frame.raw_input) return nullptr;
  Json diff = json_difference(*frame.raw_input, *input);
  constexpr std::size_t always_kept = 1'024;
  const auto bytes = dump_json(diff).size();
  if (bytes > always_kept && bytes > dump_json(*input).size()) return nullptr;
  return make_value(std::move(diff));
}

/// The one task that stands still, for actions that name none.
FrameId only_waiting(const Decider& d) {
  FrameId found = 0;
  for (const auto& [id, frame] : d.state.frames) {
    const auto waits = frame.phase != Phase::block && frame.phase != Phase::branches;
    if (!waits) continue;
    if (found != 0) return 0;
    found = id;
  }
  return found;
}

}  // namespace

Result<void> on_suspend(Decider& d, const SuspendAsked& e) {
  if (d.state.status != Status::running)
    return wrong_state(d, "only a run that is under way can be suspended");
  d.emit(InstanceSuspended{.reason = e.reason, .by = e.by});
  return {};
}

Result<void> on_resume(Decider& d, const ResumeAsked& e) {
  if (d.state.status != Status::suspended)
    return wrong_state(d, "only a suspended run can be resumed");
  d.emit(InstanceResumed{.reason = e.reason, .by = e.by});
  go_on(d);
  return {};
}

Result<void> on_cancel(Decider& d, const CancelAsked& e) {
  if (!is_live(d) && d.state.status != Status::faulted)
    return wrong_state(d, "it has ended and cannot be cancelled");
  if (d.state.cancelling && !e.at_once) return being_cancelled(d, "it goes on by itself");
  d.cancel(e);
  return {};
}

Result<void> on_retry(Decider& d, const RetryAsked& e) {
  const auto faulted = d.state.status == Status::faulted;
  if (e.input && larger_than(*e.input, d.surroundings.limits.max_payload_bytes))
    return too_large(d, "edited input");
  if (const auto* root = d.find(1); faulted && root != nullptr && root->phase == Phase::entered)
    return fail(ErrorCode::wrong_state,
                "its input was refused before any task began; start a new run");
  if (!faulted && d.state.status != Status::running)
    return wrong_state(d,
                       "a faulted run, or a task that is parked or waits for its next attempt, "
                       "can be retried");
  if (faulted && e.frame == 0 && d.state.faulted_frame == 0) {
    const auto& limit = d.program.timeout;
    const auto again = limit ? d.evaluator.duration(*limit, *d.state.raw_input, Here{}) : 0;
    d.emit(TaskRetried{.frame = 0,
                       .timeout_at = limit && again ? d.now + *again : 0,
                       .reason = e.reason,
                       .by = e.by});
    go_on(d);
    return {};
  }
  auto target = e.frame != 0 ? e.frame : d.state.faulted_frame;
  if (target == 0 && !e.input) {
    auto any = false;
    for (const auto& [id, frame] : d.state.frames)
      if (frame.phase == Phase::parked) {
        d.go_again(id);
        any = true;
      }
    if (any) return {};
  }
  if (target == 0) target = only_waiting(d);
  const auto* frame = d.find(target);
  if (frame == nullptr)
    return fail(ErrorCode::not_found, "no task of the run is faulted or parked; name the task");
  if (d.state.cancelling && target == 1)
    return being_cancelled(d, "only what undoes can be retried");
  if (faulted && !mends_the_fault(d, target)) return mend_first(d);
  const auto waits = frame->phase == Phase::parked || frame->phase == Phase::backoff;
  if (frame->phase != Phase::faulted && !waits && !faulted)
    return fail(ErrorCode::wrong_state, "the task " + d.node_of(*frame).pointer +
                                            " is in phase \"" + std::string(name_of(frame->phase)) +
                                            "\"; only a faulted, parked or waiting "
                                            "attempt can be retried");
  if (e.input && !e.by_try && outcome_is_open(d, target))
    return fail(ErrorCode::wrong_state,
                "an earlier request of " + d.node_of(*frame).pointer +
                    " may have had its effect, and an edited input would be a second one beside "
                    "it: retry it unchanged until its outcome is known, or look at the provider "
                    "and skip the task with the result");
  if (waits && !e.input && std::holds_alternative<ActivityState>(frame->detail)) {
    d.go_again(target);
    return {};
  }
  const bool edited = e.input && !e.by_try;
  auto input = e.input;
  if (e.input && e.by_try) {
    auto made = d.workflow_input(e.input);
    if (!made) return fail(ErrorCode::invalid_input, made.error().detail);
    if (*made) input = *std::move(made);
  }
  d.emit(TaskRetried{.frame = target,
                     .input = input,
                     .generation = edited ? d.state.generation + 1 : frame->generation,
                     .timeout_at = fresh_timeout(d, *frame),
                     .reason = e.reason,
                     .by = e.by,
                     .diff = edited ? edit_of(*frame, e.input) : nullptr,
                     .path = edited ? path_of(d.program, d.state, target) : std::string{},
                     .raw_input = edited ? nullptr : e.input});
  go_on(d);
  return {};
}

Result<void> on_skip(Decider& d, const SkipAsked& e) {
  if (d.state.status != Status::running && d.state.status != Status::faulted)
    return wrong_state(d, "only a task of a running or faulted run can be skipped");
  if (larger_than(*e.output, d.surroundings.limits.max_payload_bytes))
    return too_large(d, "output");
  auto target = e.frame != 0 ? e.frame : d.state.faulted_frame;
  if (target == 0) target = only_waiting(d);
  if (target <= 1 || d.find(target) == nullptr)
    return fail(ErrorCode::not_found, "no single task stands still; name the task to skip");
  if (d.state.status == Status::faulted && !mends_the_fault(d, target)) return mend_first(d);
  d.emit(
      TaskSkippedByOperator{.frame = target, .output = e.output, .reason = e.reason, .by = e.by});
  go_on(d);
  return {};
}

Result<void> on_rewind(Decider& d, const RewindAsked& e) {
  if (d.state.status != Status::running && d.state.status != Status::faulted)
    return wrong_state(d, "only a running or faulted run can go back");
  if (d.state.cancelling) return being_cancelled(d, "it cannot go back");
  const auto* frame = d.find(e.frame);
  if (frame == nullptr || e.node >= d.program.nodes.size() ||
      d.program.node(e.node).parent != frame->node)
    return fail(ErrorCode::wrong_state, "the task is in no block that is under way");
  if (!e.data || std::holds_alternative<definition::ForkTask>(d.node_of(*frame).body))
    return fail(
        ErrorCode::wrong_state,
        "a branch cannot be rewound by itself; rewind to the fork, " + d.node_of(*frame).pointer);
  if (d.state.status == Status::faulted && d.state.faulted_frame != 0 &&
      !mends_the_fault(d, e.frame))
    return mend_first(d);
  auto catching = false;
  if (const auto* task = std::get_if<definition::TryTask>(&d.node_of(*frame).body))
    for (const auto node : task->catch_tasks) catching = catching || node == e.node;
  d.emit(Rewound{.frame = e.frame,
                 .next = e.node,
                 .data = e.data,
                 .context = e.context,
                 .catching = catching,
                 .reason = e.reason,
                 .by = e.by});
  go_on(d);
  return {};
}

}  // namespace sequent::machine
