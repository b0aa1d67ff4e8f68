#include "engine/machine/decide.hpp"

#include "base/assert.hpp"
#include "base/overloaded.hpp"
#include "engine/definition/workflow_name.hpp"
#include "engine/machine/decider.hpp"
#include "engine/machine/migrate.hpp"
#include "engine/machine/operator.hpp"

namespace sequent::machine {
namespace {

Result<void> on_start(Decider& d, const StartAsked& e) {
  SEQUENT_ASSERT(d.state.seq == 0);
  InstanceStarted started{.id = e.id,
                          .workflow = d.program.ref,
                          .digest = d.program.digest,
                          .layout = d.program.layout,
                          .key = e.key,
                          .attributes = e.attributes,
                          .raw_input = e.input,
                          .parent = e.parent,
                          .parent_frame = e.parent_frame,
                          .started_by = e.started_by};
  // Expressions of the start see the run's identity, so its state has it before its first record.
  d.state.id = e.id;
  d.state.raw_input = e.input;
  d.state.started_at = d.now;
  std::optional<Problem> failed;
  if (auto input = d.workflow_input(e.input))
    started.input = std::move(*input);
  else
    failed = input.error();
  if (!failed && d.program.timeout) {
    const auto limit = d.evaluator.duration(*d.program.timeout, *e.input, Here{});
    if (limit)
      started.timeout_at = d.now + *limit;
    else
      failed = limit.error();
  }
  d.emit(std::move(started));
  if (failed) {
    d.fault_workflow(std::move(*failed));
    return {};
  }
  const auto& root = std::get<definition::DoTask>(d.program.node(0).body);
  d.enter_block(1, root.tasks.empty() ? no_node : root.tasks.front());
  d.run();
  return {};
}

Result<void> on_returned(Decider& d, const ActivityReturned& e) {
  const auto* frame = d.find(e.frame);
  const auto* activity = frame == nullptr ? nullptr : std::get_if<ActivityState>(&frame->detail);
  // An answer to an older attempt, or to a task that is over, is no news.
  if (activity == nullptr || frame->phase != Phase::activity || activity->attempt != e.attempt)
    return {};
  if (is_ended(d.state.status) && d.state.status != Status::faulted) return {};
  if (e.failure) {
    d.activity_failed(e.frame, e.attempt, *e.failure, e.unsettled, e.provider_open);
  } else {
    SEQUENT_ASSERT(e.output != nullptr);
    d.emit(TaskReturned{
        .frame = e.frame, .output = e.output, .attempt = e.attempt, .request_id = e.request_id});
    d.make_ready(e.frame);
  }
  d.run();
  return {};
}

// A run that stands still keeps its call as it is: nothing left, and nothing will until it goes on.
Result<void> on_held_back(Decider& d, const CallHeldBack& e) {
  const auto* frame = d.find(e.frame);
  const auto* activity = frame == nullptr ? nullptr : std::get_if<ActivityState>(&frame->detail);
  if (activity == nullptr || frame->phase != Phase::activity || activity->attempt != e.attempt)
    return {};
  if (!d.running()) return {};
  SEQUENT_ASSERT(e.reason != ParkReason::retries_exhausted);
  if (frame->settling && !activity->unsettled && !e.unsettled) {  // it never happened
    d.drop(e.frame);
    d.run();
    return {};
  }
  d.emit(TaskParked{.frame = e.frame, .reason = e.reason, .unsettled = e.unsettled});
  return {};
}

Result<void> on_let_go(Decider& d, const CallLetGo& e) {
  const auto* frame = d.find(e.frame);
  if (frame != nullptr && d.running() && waits_for_provider(*frame)) d.go_again(e.frame);
  return {};
}

Result<void> on_event(Decider& d, const EventArrived& e) {
  if (d.running() && d.journal_is_full()) {
    d.fault_workflow(make_problem(ErrorKind::runtime, "the journal reached its limit"));
    return {};
  }
  if (d.state.status == Status::suspended || d.state.status == Status::faulted) {
    d.hold_event(e.event);
    return {};
  }
  // It was on its way when the task that wanted it ended; a later one may want it.
  if (d.running() && !d.offer_event(e.event)) d.hold_event(e.event);
  return {};
}

Result<void> on_child_ended(Decider& d, const ChildEnded& e) {
  const auto id = awaiting_frame(d.state, e.child);
  if (id == 0 || d.state.status == Status::cancelled) return {};
  if (d.frame(id).settling && e.status != Status::completed) {
    // It is told to end. A fault came first, or lies in what it undoes: its operators see to that.
    if (e.status == Status::cancelled) d.drop(id);
    d.run();
    return {};
  }
  if (e.status == Status::completed) {
    d.emit(TaskReturned{.frame = id, .output = e.output ? e.output : null_value()});
    d.make_ready(id);
  } else if (d.running()) {
    auto problem =
        e.error ? *e.error
                : make_problem(ErrorKind::runtime, "the child run " + e.child.text() + " was " +
                                                       std::string(name_of(e.status)));
    if (!problem.extensions.is_object()) problem.extensions = Json::object();
    problem.extensions["childRun"] = e.child.text();
    problem.extensions["childInstance"] = problem.instance;
    problem.instance.clear();  // raised anew, here
    d.raise(id, std::move(problem), 0, false, e.status == Status::faulted ? e.child : InstanceId{});
  } else {
    // Held by an operator: asked again when the run goes on.
    auto again = std::get<ChildState>(d.state.frames.at(id).detail);
    again.launched = again.retry = again.again = false;
    d.emit(ChildStarted{.frame = id, .child = std::move(again)});
  }
  d.run();
  return {};
}

Result<void> on_child_launched(Decider& d, const ChildLaunched& e) {
  const auto id = awaiting_frame(d.state, e.child);
  if (id == 0 || d.state.status == Status::cancelled) return {};
  const auto& frame = d.state.frames.at(id);
  const auto& child = std::get<ChildState>(frame.detail);
  if (child.launched) return {};
  if (child.await) {
    d.emit(ChildConfirmed{.frame = id});
    return {};
  }
  d.emit(TaskReturned{.frame = id, .output = frame.input});
  d.make_ready(id);
  d.run();
  return {};
}

}  // namespace

Result<Records> decide(const Program& program, State& state, const Event& event, Timestamp now,
                       std::uint64_t random, const Surroundings& surroundings) {
  Decider d(program, state, now, random, surroundings);
  const auto handlers = overloaded{
      [&](const StartAsked& e) { return on_start(d, e); },
      [&](const ActivityReturned& e) { return on_returned(d, e); },
      [&](const CallHeldBack& e) { return on_held_back(d, e); },
      [&](const CallLetGo& e) { return on_let_go(d, e); },
      [&](const TimerDue&) -> Result<void> {
        fire_timers(d);
        return {};
      },
      [&](const EventArrived& e) { return on_event(d, e); },
      [&](const ChildEnded& e) { return on_child_ended(d, e); },
      [&](const ChildLaunched& e) { return on_child_launched(d, e); },
      [&](const Continued&) -> Result<void> {
        d.find_ready();
        d.run();
        return {};
      },
      [&](const SuspendAsked& e) { return on_suspend(d, e); },
      [&](const ResumeAsked& e) { return on_resume(d, e); },
      [&](const CancelAsked& e) { return on_cancel(d, e); },
      [&](const RetryAsked& e) { return on_retry(d, e); },
      [&](const SkipAsked& e) { return on_skip(d, e); },
      [&](const RewindAsked& e) { return on_rewind(d, e); },
      [&](const MigrateAsked& e) { return on_migrate(d, e); },
  };
  const auto outcome = std::visit(handlers, event);
  if (!outcome) {
    SEQUENT_ASSERT(d.records.empty());
    return std::unexpected(outcome.error());
  }
  return std::move(d.records);
}

Result<void> fits(const Program& program, const State& state) {
  if (state.frames.empty() || state.layout == program.layout) return {};
  return fail(ErrorCode::wrong_state,
              "The journal of run " + state.id.text() + " numbers the tasks of " +
                  full_name(program.ref) + " by the layout \"" + state.layout +
                  "\", and this build of the engine has the layout \"" + program.layout +
                  "\": nothing was changed; let the build that began the run end it.");
}

Result<void> check_input(const Program& program, const Json& input) {
  if (!program.input.schema) return {};
  const auto violations = program.input.schema->validate(input);
  if (violations.empty()) return {};
  Error error;
  error.code = ErrorCode::invalid_input;
  error.detail = "The input does not fit the schema of " + full_name(program.ref) + ".";
  for (const auto& violation : violations)
    error.findings.push_back({.message = violation.message, .pointer = violation.instance_pointer});
  return std::unexpected(std::move(error));
}

Result<Identity> identify(const Program& program, const Json& input, Timestamp now) {
  Identity identity;
  const expression::Scope scope{.now = now};
  if (program.key) {
    auto key = program.expressions->evaluate(*program.key, input, scope);
    if (!key) return std::unexpected(key.error());
    if (key->is_string())
      identity.key = key->get<std::string>();
    else if (key->is_number())
      identity.key = key->dump();
    else if (!key->is_null())
      return fail(ErrorCode::invalid_input, "`metadata.key` must yield text or a number, got " +
                                                dump_json(*key).substr(0, 100));
    if (identity.key.size() > 255)
      return fail(ErrorCode::invalid_input, "the business key is longer than 255 bytes");
  }
  for (const auto& [name, expression] : program.attributes) {
    auto value = program.expressions->evaluate(expression, input, scope);
    if (!value) return std::unexpected(value.error());
    if (!value->is_null()) identity.attributes[name] = std::move(*value);
  }
  return identity;
}

}  // namespace sequent::machine
