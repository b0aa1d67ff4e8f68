#include "persistence/shared/workflow_numbers.hpp"

namespace sequent::persistence::shared {
namespace {

// Bounds memory where digests come and go (development servers); then the rows are read again.
constexpr std::size_t max_known = 10'000;

std::string full_name(const runtime::NewInstance& start) {
  std::string name = start.workflow_namespace;
  for (const std::string* part : {&start.name, &start.version, &start.digest}) {
    name += '\0';
    name += *part;
  }
  return name;
}

}  // namespace

std::optional<WorkflowNumbers> KnownWorkflows::find(const runtime::NewInstance& start) const {
  const std::lock_guard lock{mutex_};
  const auto found = known_.find(full_name(start));
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void KnownWorkflows::remember(const runtime::NewInstance& start, const WorkflowNumbers& numbers) {
  const std::lock_guard lock{mutex_};
  if (known_.size() >= max_known) known_.clear();
  known_.emplace(full_name(start), numbers);
}

void KnownWorkflows::forget() {
  const std::lock_guard lock{mutex_};
  known_.clear();
}

}  // namespace sequent::persistence::shared
