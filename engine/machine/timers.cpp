// What is due: the workflow's limit, tasks' limits, waits, and the next attempts.
#include "engine/machine/command.hpp"
#include "engine/machine/operator.hpp"

namespace sequent::machine {
namespace {

Problem timed_out(const std::string& what) {
  return make_problem(ErrorKind::timeout, what + " ran past its time-out");
}

/// Fires one timer of a frame. True when something fired.
bool fire(Decider& d, FrameId id) {
  const auto& frame = d.frame(id);
  if (frame.phase == Phase::faulted) return false;
  if (frame.timeout_at != 0 && frame.timeout_at <= d.now) {
    d.raise(id, timed_out("the task " + d.node_of(frame).pointer));
    return true;
  }
  const auto* attempt = std::get_if<TryState>(&frame.detail);
  if (attempt != nullptr && frame.phase == Phase::block && !attempt->catching &&
      attempt->attempt_until != 0 && attempt->attempt_until <= d.now) {
    d.raise(id, timed_out("an attempt of " + d.node_of(frame).pointer), 0, true);
    return true;
  }
  if (frame.due_at == 0 || frame.due_at > d.now) return false;
  if (frame.phase == Phase::timer) {
    d.complete(id, frame.input);
    return true;
  }
  if (frame.phase != Phase::backoff) return false;
  if (attempt != nullptr)
    d.begin_try(id, attempt->attempt + 1);
  else
    d.try_again(id);
  return true;
}

}  // namespace

void fire_timers(Decider& d) {
  if (!d.running()) return;
  if (d.state.timeout_at != 0 && d.state.timeout_at <= d.now)
    return d.fault_workflow(timed_out("the workflow"));
  // Only timers that are set now: what they start may set new ones, which fall due later.
  std::vector<FrameId> due;
  for (const auto& [id, frame] : d.state.frames)
    if (const auto at = next_timer(frame); at != 0 && at <= d.now) due.push_back(id);
  for (const auto id : due) {
    if (!d.running()) return;
    if (d.find(id) != nullptr && fire(d, id)) d.run();
  }
}

}  // namespace sequent::machine
