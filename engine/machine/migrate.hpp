#pragma once
// Moving a run to another version of its workflow: which task of the new version each of its tasks is.
#include <map>

#include "engine/machine/decider.hpp"

namespace sequent::machine {

/// What the numbers that a state holds are in another version.
struct Mapping {
  std::map<NodeIndex, NodeIndex> nodes;
  std::map<std::uint32_t, std::uint32_t> filters;
};

/// Tasks are the same by their names, from the outermost in; their places in the lists may differ.
/// errors  wrong_state, with a finding for each reason why the run cannot go on under `to`
[[nodiscard]] Result<Mapping> map_state(const Program& from, const State& state, const Program& to);

[[nodiscard]] Result<void> on_migrate(Decider& decider, const MigrateAsked& event);

}  // namespace sequent::machine
