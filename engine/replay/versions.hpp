#pragma once
// Which definition each part of a recording is replayed under.
#include <vector>

#include "engine/replay/moment.hpp"
#include "engine/replay/replay.hpp"

namespace sequent::replay {

/// From a run's start, or a move to another version, to the next move.
struct Part {
  Version version;                 // that the run was under
  definition::ProgramPtr program;  // that it is replayed under
  bool given = false;              // the definition that is tried; else the recorded one
};

/// At least one; only one of them is given unless the run came back to a version that it had left.
/// errors  invalid_request: `given` is of another workflow than a run that was moved; those of `find`
[[nodiscard]] Result<std::vector<Part>> parts_of(const std::vector<Shown>& recording,
                                                 const definition::ProgramPtr& given,
                                                 const FindVersion& find);

}  // namespace sequent::replay
