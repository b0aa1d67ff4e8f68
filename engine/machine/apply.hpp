#pragma once
// (State, record) -> State: the only way that state changes. Replaying a journal is a loop of it.
#include "engine/machine/record.hpp"
#include "engine/machine/state.hpp"

namespace sequent::machine {

/// Folds one record in. Asserts that its seq is the state's plus one: a gap is our own bug.
void apply(State& state, const Record& record);

}  // namespace sequent::machine
