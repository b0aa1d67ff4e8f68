#pragma once
// Which event of the machine's led to a record: an answer, a timer, an operator's action.
#include <optional>

#include "engine/machine/event.hpp"
#include "engine/machine/state.hpp"
#include "engine/replay/moment.hpp"

namespace sequent::replay {

/// `state`: of the run before the record. Nothing: the state has no place for such an event. A move
/// to another version is none of these: which definition it leads to is not in its record.
[[nodiscard]] std::optional<machine::Event> cause_of(const Shown& record,
                                                     const definition::Program& program,
                                                     const machine::State& state);

}  // namespace sequent::replay
