// fork: branches side by side. All must end, or (compete) the first that ends wins.
#include <algorithm>

#include "engine/machine/decider.hpp"

namespace sequent::machine {

using definition::ForkTask;

void Decider::begin_fork(FrameId id) {
  const auto& task = std::get<ForkTask>(node_of(frame(id)).body);
  const auto count = static_cast<std::uint32_t>(task.branches.size());
  emit(BranchesStarted{.frame = id, .count = count});
  if (count == 0) return complete(id, make_value(Json::array()));
  for (std::uint32_t ordinal = 0; ordinal < count; ++ordinal) {
    // A skipped branch may win, and a faulty one may end all of it, before the others begin.
    const auto* fork = find(id);
    if (!running() || fork == nullptr || fork->phase != Phase::branches) return;
    start_task(id, task.branches[ordinal], ordinal);
  }
}

void Decider::branch_over(FrameId id, std::uint32_t ordinal) {
  const auto& fork = frame(id);
  const auto& task = std::get<ForkTask>(node_of(fork).body);
  const auto& outputs = std::get<BranchState>(fork.detail).outputs;
  if (task.compete) return complete(id, outputs.at(ordinal));
  if (!std::all_of(outputs.begin(), outputs.end(), [](const Value& v) { return v != nullptr; }))
    return;
  const auto limit = surroundings.limits.max_payload_bytes;
  std::size_t bytes = 0;
  for (const auto& output : outputs) bytes += size_of(*output);
  if (bytes > limit) return raise(id, value_too_large("list of the branches' outputs", limit));
  auto all = Json::array();
  for (const auto& output : outputs) all.push_back(*output);
  complete(id, make_value(std::move(all)));
}

}  // namespace sequent::machine
