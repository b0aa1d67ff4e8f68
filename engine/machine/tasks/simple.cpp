// set, switch, raise, wait, emit and functions: tasks that need no waiting, or only a clock.
#include "engine/machine/decider.hpp"

namespace sequent::machine {

void Decider::begin_set(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::SetTask>(node_of(current).body);
  auto value = evaluator.fill(task.value, *current.input, here(current));
  if (!value) return raise(id, value.error());
  complete(id, make_value(std::move(*value)));
}

void Decider::begin_switch(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::SwitchTask>(node_of(current).body);
  for (const auto& choice : task.cases) {
    if (choice.when) {
      const auto chosen = evaluator.truth(*choice.when, *current.input, here(current));
      if (!chosen) return raise(id, chosen.error());
      if (!*chosen) continue;
    }
    return complete(id, current.input, &choice.then);
  }
  complete(id, current.input);
}

void Decider::begin_raise(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::RaiseTask>(node_of(current).body);
  const auto error = evaluator.fill(task.error.problem, *current.input, here(current));
  if (!error) return raise(id, error.error());
  raise(id, problem_from_json(*error));
}

void Decider::begin_wait(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::WaitTask>(node_of(current).body);
  const auto duration = evaluator.duration(task.duration, *current.input, here(current));
  if (!duration) return raise(id, duration.error());
  emit(TimerStarted{.frame = id, .due_at = now + *duration});
}

void Decider::begin_emit(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::EmitTask>(node_of(current).body);
  auto event = evaluator.fill(task.event, *current.input, here(current));
  if (!event) return raise(id, event.error());
  (*event)["specversion"] = "1.0";
  // The same id whenever the task is decided anew, so that receivers can tell a repeat.
  if (!event->contains("id"))
    (*event)["id"] = InstanceId::derive(state.id, path_of(program, state, id) + "~" +
                                                      std::to_string(current.generation))
                         .text();
  if (!event->contains("time")) (*event)["time"] = format_time(now);
  auto value = make_value(std::move(*event));
  emit(EventEmitted{.frame = id, .event = value});
  complete(id, std::move(value));
}

void Decider::begin_function(FrameId id) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::FunctionTask>(node_of(current).body);
  auto arguments = evaluator.fill(task.arguments, *current.input, here(current));
  if (!arguments) return raise(id, arguments.error());
  enter_block(id, task.task, make_value(std::move(*arguments)));
}

}  // namespace sequent::machine
