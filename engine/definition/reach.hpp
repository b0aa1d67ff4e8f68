#pragma once
// Where control can go within one list of tasks.
#include <vector>

#include "engine/definition/program.hpp"

namespace sequent::definition {

/// Where it can go when the task at `position` is done: positions in the list; its size = out of it.
[[nodiscard]] std::vector<std::size_t> successors(const Program& program,
                                                  const std::vector<NodeIndex>& tasks,
                                                  std::size_t position);
/// Which positions it can come to from the first one, and, last, whether it gets out at the end.
[[nodiscard]] std::vector<bool> reached_in(const Program& program,
                                           const std::vector<NodeIndex>& tasks);

}  // namespace sequent::definition
