// try: a block whose errors may be caught (faults.cpp decides that) and tried again.
#include "engine/machine/decider.hpp"

namespace sequent::machine {

void Decider::begin_try(FrameId id, std::uint32_t attempt) {
  const auto& current = frame(id);
  const auto& task = std::get<definition::TryTask>(node_of(current).body);
  TryStarted started{
      .frame = id, .attempt = attempt, .next = task.tasks.empty() ? no_node : task.tasks.front()};
  if (task.retry && task.retry->attempt_duration) {
    const auto limit =
        evaluator.duration(*task.retry->attempt_duration, *current.input, here(current));
    if (!limit) return raise(id, limit.error());
    started.attempt_until = now + *limit;
  }
  emit(std::move(started));
  make_ready(id);
}

}  // namespace sequent::machine
