// Runs that runs start. A child lives in its parent's partition under an id that is derived from the
// parent's, so that starting it twice finds it. Its end comes back as a message in its last commit.
#include <algorithm>
#include <set>

#include "engine/definition/workflow_name.hpp"
#include "engine/machine/frames.hpp"
#include "engine/machine/undo.hpp"
#include "engine/runtime/partition.hpp"
#include "engine/runtime/partition_read.hpp"
#include "engine/runtime/starts.hpp"

namespace sequent::runtime {
namespace {

/// Does some version of the workflow, or of one that it runs, say what undoes a task?
bool may_undo(const std::vector<ProgramPtr>& programs, const definition::WorkflowRef& ref,
              std::set<std::string>& seen) {
  const auto name = workflow_name(ref);
  if (!seen.insert(name).second) return false;
  for (const auto& program : programs) {
    if (workflow_name(program->ref) != name) continue;
    for (const auto& node : program->nodes) {
      if (node.compensation) return true;
      const auto* run = std::get_if<definition::RunWorkflowTask>(&node.body);
      if (run != nullptr && run->await && may_undo(programs, run->workflow, seen)) return true;
    }
  }
  return false;
}

/// The parent is being cancelled, and waits for what becomes of this child.
bool settles(const Resident& parent, const InstanceId& child) {
  const auto frame = machine::awaiting_frame(parent.state, child);
  return frame != 0 && parent.state.frames.at(frame).settling;
}

std::string why_ended(const machine::State& parent) {
  return machine::is_ended(parent.status) || parent.cancelling
             ? parent.reason
             : "its parent no longer waits for it";
}

std::string_view ending(const machine::State& parent) {
  return parent.terminated ? "terminate" : "cancel";
}

Message message_to_child(const Resident& parent, const InstanceId& child, std::string_view kind,
                         std::string reason) {
  Json body = Json::object();
  body["kind"] = kind;
  body["reason"] = std::move(reason);
  body["by"] = "run " + parent.id.text();
  return Message{.to = child, .body = std::move(body)};
}

machine::ChildEnded fault_of(const machine::StartChild& command, machine::ErrorKind kind,
                             std::string detail) {
  machine::ChildEnded ended;
  ended.child = command.child.id;
  ended.status = machine::Status::faulted;
  ended.error = machine::make_problem(kind, std::move(detail));
  return ended;
}

}  // namespace

Resident* Partition::in_memory(const InstanceId& id) {
  const auto found = residents_.find(id);
  return found == residents_.end() || found->second.loading ? nullptr : &found->second;
}

void Partition::note_children(Resident& resident) {
  for (const auto& [frame_id, frame] : resident.state.frames) {
    if (frame.phase != machine::Phase::child) continue;
    const auto& child = std::get<machine::ChildState>(frame.detail);
    if (child.launched && child.await) resident.children[frame_id] = child.id;
  }
}

void Partition::start_child(Resident& parent, const machine::StartChild& command) {
  const auto id = command.child.id;
  if (std::ranges::find(parent.starting, id) != parent.starting.end()) return;
  parent.starting.push_back(id);
  if (command.child.await) parent.begun[command.frame] = id;
  with(id, [this, parent_id = parent.id, command](Resident* child, const Error* error) {
    if (Resident* resident = in_memory(parent_id)) std::erase(resident->starting, command.child.id);
    if (child != nullptr) return look_at_child(parent_id, command, *child);
    if (error->code == ErrorCode::not_found) create_child(parent_id, command);
    // Otherwise the store broke: recovery finds the open start again.
  });
}

void Partition::create_child(const InstanceId& parent, const machine::StartChild& command,
                             bool may_learn) {
  Resident* resident = in_memory(parent);
  if (resident == nullptr) return;
  // While the child was looked for, its parent may have been cancelled or its task timed out.
  if (machine::is_ended(resident->state.status) ||
      machine::awaiting_frame(resident->state, command.child.id) == 0)
    return;
  if (settles(*resident, command.child.id)) {  // it never began, and must not now
    machine::ChildEnded never;
    never.child = command.child.id;
    never.status = machine::Status::cancelled;
    return child_ended(parent, std::move(never));
  }
  const auto& ref = command.child.workflow;
  const auto program = node_->definitions.catalogue()->find(ref);
  if (!program && may_learn && node_->cluster != nullptr) {
    // Another node may have deployed it a moment ago.
    auto learn = [node = node_](Store&) {
      node->learn_definitions();
      return true;
    };
    return read(std::move(learn),
                [this, parent, command](bool) { create_child(parent, command, false); });
  }
  if (!program)
    return child_ended(parent, fault_of(command, machine::ErrorKind::configuration,
                                        "There is no workflow " + full_name(ref) +
                                            " to run: deploy it, then retry the task."));
  StartOrder order;
  order.program = program;
  order.input = command.child.input ? command.child.input : machine::null_value();
  order.started_by = "run " + parent.text();
  const auto identity = machine::identify(*program, *order.input, now());
  if (!identity)
    return child_ended(parent,
                       fault_of(command, machine::ErrorKind::validation, identity.error().detail));
  auto asked = asked_of(order, *identity);
  auto row = row_of_start(order, *identity);
  row.parent = parent;
  if (command.child.await) {
    asked.parent = parent;
    asked.parent_frame = command.frame;
  }
  resident->starting.push_back(command.child.id);
  auto started = [this, parent, command](const Result<StartOutcome>& outcome) {
    if (Resident* owner = in_memory(parent)) std::erase(owner->starting, command.child.id);
    if (!outcome) return;  // the store broke: recovery starts it again
    if (!outcome->taken) return child_launched(parent, command);
    child_ended(parent, fault_of(command, machine::ErrorKind::configuration,
                                 "The business key of the child belongs to run " +
                                     outcome->taken->id.text() + "."));
  };
  begin(command.child.id, program, std::move(asked), std::move(row), std::move(started));
}

// A try of the parent starts over, and its child does with it: from its first task, under its keys.
// What an operator has edited in it stays as it is: that one goes on where it stands.
machine::RetryAsked Partition::begun_again(const Resident& child,
                                           const machine::ChildState& wanted) {
  machine::RetryAsked retry;
  retry.reason = "a try of its parent starts over";
  const auto& state = child.state;
  if (state.faulted_frame == 0 || state.generation != 0 || state.cancelling) return retry;
  retry.frame = machine::root_frame;
  retry.by_try = true;
  const auto& input = wanted.input ? wanted.input : machine::null_value();
  if (*input != *state.raw_input) retry.input = input;
  return retry;
}

// The child is there already: a crash came before the parent knew, or an operator has retried the
// parent, which then goes on with the child it had, or a try begins it again.
void Partition::look_at_child(const InstanceId& parent, const machine::StartChild& command,
                              Resident& child) {
  if (child.durable.seq == 0) return;  // its start is under way and will be told
  const auto status = child.state.status;
  if ((command.child.retry || command.child.again) && status == machine::Status::faulted) {
    machine::RetryAsked retry;
    retry.reason = "its parent was retried";
    if (command.child.again) retry = begun_again(child, command.child);
    retry.by = "run " + parent.text();
    const auto fed = revive_child(parent, command, child, std::move(retry));
    if (fed) return;
    if (command.child.again)
      return child_ended(parent,
                         fault_of(command, machine::ErrorKind::validation, fed.error().detail));
  }
  if (!machine::is_ended(status) || !command.child.await) return child_launched(parent, command);
  machine::ChildEnded ended;
  ended.child = child.id;
  ended.status = status;
  ended.output = child.state.output;
  ended.error = child.state.error;
  child_ended(parent, std::move(ended));
}

// Its business key may have gone on to another run: only the child's commit says so, and only then does
// the parent wait for it.
Result<void> Partition::revive_child(const InstanceId& parent, const machine::StartChild& command,
                                     Resident& child, machine::RetryAsked retry) {
  Resident* resident = in_memory(parent);
  if (resident == nullptr) return {};  // recovery asks again
  if (retry.input) {
    const auto identity = machine::identify(*child.program, *retry.input, now());
    if (!identity) return std::unexpected(identity.error());
    if (identity->key != child.state.key)
      return fail(ErrorCode::wrong_state, "Another input would give run " + child.id.text() +
                                              " another business key than it holds.");
  }
  const auto fed = feed(child, machine::Event{std::move(retry)});
  if (!fed) return fed;
  resident->starting.push_back(command.child.id);
  gather(child).told.push_back([this, parent, command](const Error* error) {
    if (Resident* owner = in_memory(parent)) std::erase(owner->starting, command.child.id);
    if (error == nullptr) return child_launched(parent, command);
    if (error->code == ErrorCode::key_taken)
      child_ended(parent,
                  fault_of(command, machine::ErrorKind::configuration, error->detail));
    // Otherwise the store broke: recovery asks again.
  });
  return {};
}

void Partition::child_launched(const InstanceId& parent, const machine::StartChild& command) {
  Resident* resident = in_memory(parent);
  if (resident == nullptr) return;  // recovery asks again
  machine::ChildLaunched launched;
  launched.child = command.child.id;
  (void)feed(*resident, machine::Event{launched});
  if (settles(*resident, command.child.id))
    gather(*resident).messages.push_back(
        message_to_child(*resident, command.child.id, "cancel", resident->state.reason));
  // The parent was suspended while its child started.
  if (resident->state.status == machine::Status::suspended && command.child.await)
    gather(*resident).messages.push_back(
        message_to_child(*resident, command.child.id, "suspend", resident->state.reason));
}

void Partition::child_ended(const InstanceId& parent, machine::ChildEnded ended) {
  Resident* resident = in_memory(parent);
  if (resident == nullptr) return;
  const auto is_it = [&](const auto& entry) { return entry.second == ended.child; };
  std::erase_if(resident->children, is_it);
  std::erase_if(resident->begun, is_it);
  (void)feed(*resident, machine::Event{std::move(ended)});
}

// A child whose start is on its way, or that is still being looked for, and that its parent no longer
// waits for. It is cancelled in the batch that takes its parent's task: both are durable or neither.
void Partition::settle_starts(Resident& parent) {
  const bool over = parent.state.status == machine::Status::cancelled ||
                    parent.state.status == machine::Status::completed;
  std::vector<InstanceId> lost;
  std::erase_if(parent.begun, [&](const auto& entry) {
    const auto& [likely, id] = entry;
    const auto frame = machine::awaiting_frame(parent.state, id, likely);
    if (over || frame == 0) {
      lost.push_back(id);
      return true;
    }
    const auto& child = std::get<machine::ChildState>(parent.state.frames.at(frame).detail);
    if (child.launched) parent.children[frame] = id;
    return child.launched;
  });
  for (const auto& id : lost) end_child(parent, id, ending(parent.state), why_ended(parent.state));
}

// Told by a message, and at once where it is in memory or soon will be. One that has ended refuses, and
// one that was never made needs nothing.
void Partition::end_child(Resident& parent, const InstanceId& id, std::string_view how,
                          const std::string& reason) {
  // One that a crash has left behind may still be on its way into memory.
  auto message = message_to_child(parent, id, how, reason);
  message.if_there = true;
  gather(parent).messages.push_back(std::move(message));
  machine::CancelAsked cancel;
  cancel.reason = reason;
  cancel.by = "run " + parent.id.text();
  cancel.at_once = how == "terminate";
  with(id, [this, event = machine::Event{std::move(cancel)}](Resident* child, const Error*) {
    if (child != nullptr) (void)feed(*child, event);
  });
}

// Children that have faulted and that the event takes their tasks from. Begun again under the input
// it had, a task goes on with the child it had; edited, it begins another; skipped, it needs none.
// The one of before could still be retried by itself, and would act beside its successor.
std::vector<InstanceId> Partition::replaced_children(const machine::State& parent,
                                                     const machine::Event& event) {
  machine::FrameId target = 0;
  if (const auto* retry = std::get_if<machine::RetryAsked>(&event);
      retry != nullptr && retry->input)
    target = retry->frame != 0 ? retry->frame : parent.faulted_frame;
  if (const auto* skip = std::get_if<machine::SkipAsked>(&event))
    target = skip->frame != 0 ? skip->frame : parent.faulted_frame;
  if (std::holds_alternative<machine::CancelAsked>(event)) target = 1;
  std::vector<InstanceId> replaced;
  if (target == 0) return replaced;
  for (const auto& [id, frame] : parent.frames) {
    if (!machine::is_within(parent, id, target)) continue;
    if (const auto* child = std::get_if<machine::ChildState>(&frame.detail);
        child != nullptr && frame.phase == machine::Phase::faulted && child->await)
      replaced.push_back(child->id);
    if (const auto* attempt = std::get_if<machine::TryState>(&frame.detail))
      for (const auto& [place, child] : attempt->children)
        if (child.again) replaced.push_back(child.id);
  }
  return replaced;
}

void Partition::end_replaced(Resident& parent, const machine::Event& event,
                             const std::vector<InstanceId>& replaced) {
  const bool cancelled = std::holds_alternative<machine::CancelAsked>(event);
  for (const auto& id : replaced)
    if (cancelled)
      end_child(parent, id, ending(parent.state), parent.state.reason);
    else
      end_child(parent, id, "terminate",
                "its parent goes on without it: its task was edited or skipped");
}

// A child that an operator has retried by itself may be under way, or done: another beside it would
// do again what it does.
void Partition::look_and_feed(const InstanceId& parent, Planned planned,
                              std::vector<InstanceId> replaced) {
  const auto id = replaced.back();
  replaced.pop_back();
  with(id, [this, parent, planned = std::move(planned), replaced = std::move(replaced)](
               Resident* child, const Error* error) mutable {
    if (error != nullptr && error->code != ErrorCode::not_found)
      return planned.reply(std::unexpected(*error));
    const bool skips = std::holds_alternative<machine::SkipAsked>(planned.event);
    if (child != nullptr && (!machine::is_ended(child->state.status) ||
                             (!skips && child->state.status == machine::Status::completed)))
      return planned.reply(fail(ErrorCode::wrong_state,
                                "its child run " + child->id.text() +
                                    " was retried by itself and is " +
                                    std::string(machine::name_of(child->state.status)) +
                                    ": retry the task unchanged, and it goes on with that run"));
    if (!replaced.empty()) return look_and_feed(parent, std::move(planned), std::move(replaced));
    with(parent, [this, planned = std::move(planned)](Resident* resident,
                                                      const Error* lost) mutable {
      if (lost != nullptr) return planned.reply(std::unexpected(*lost));
      if (resident->state.seq == planned.seq)
        return feed_planned(*resident, planned.event, std::move(planned.reply));
      planned.reply(fail(ErrorCode::conflict,
                         "The run has moved on while its child was looked at: look at it again."));
    });
  });
}

// A time-out, a won race or a cancellation took the task that awaited the child: the child ends too.
// After a rewind another frame may await the same child, which then goes on.
void Partition::message_lost_children(Resident& resident, Gathering& gathering) {
  note_children(resident);
  const bool cancelled = resident.state.status == machine::Status::cancelled;
  std::erase_if(resident.children, [&](const auto& entry) {
    const auto& [frame_id, child] = entry;
    const auto awaiting = machine::awaiting_frame(resident.state, child, frame_id);
    if (!cancelled && awaiting != 0) return awaiting != frame_id;
    gathering.messages.push_back(
        message_to_child(resident, child, ending(resident.state), why_ended(resident.state)));
    return true;
  });
}

// Suspending and resuming go down the tree in the same commit.
void Partition::tell_children(Resident& parent, const machine::Event& event) {
  std::string_view kind;
  if (std::holds_alternative<machine::SuspendAsked>(event)) kind = "suspend";
  if (std::holds_alternative<machine::ResumeAsked>(event)) kind = "resume";
  if (kind.empty()) return;
  note_children(parent);  // one that was confirmed since the last batch too
  for (const auto& [frame, child] : parent.children)
    gather(parent).messages.push_back(message_to_child(parent, child, kind, parent.state.reason));
}

// A cancelled parent ends when they have. Others are told as ever, and nobody waits for them.
std::vector<machine::FrameId> Partition::children_that_undo(const Resident& parent) const {
  std::vector<machine::FrameId> frames;
  std::vector<ProgramPtr> programs;
  for (const auto& [id, frame] : parent.state.frames) {
    if (frame.phase != machine::Phase::child) continue;
    const auto& child = std::get<machine::ChildState>(frame.detail);
    if (!child.launched || !child.await) continue;
    if (programs.empty()) programs = node_->definitions.catalogue()->all();
    std::set<std::string> seen;
    if (may_undo(programs, child.workflow, seen)) frames.push_back(id);
  }
  return frames;
}

void Partition::cancel_settling_children(Resident& parent) {
  for (const auto& [id, frame] : parent.state.frames) {
    const auto* child = std::get_if<machine::ChildState>(&frame.detail);
    if (!frame.settling || child == nullptr || frame.phase != machine::Phase::child) continue;
    auto message = message_to_child(parent, child->id, "cancel", parent.state.reason);
    message.if_there = !child->launched;
    gather(parent).messages.push_back(std::move(message));
  }
}

}  // namespace sequent::runtime
