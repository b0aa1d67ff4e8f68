#pragma once
// What a task that `metadata.respond` marks says to an HTTP caller.
// shape  {status, headers: {name: [text]}, body?, problem: true?, run?}; without `body` none is sent
#include "engine/machine/decider.hpp"

namespace sequent::machine {

/// `declared` is metadata.respond with its expressions filled in; `output` is the task's.
/// errors  a problem of the workflow: a status, a header or problem details that HTTP can't carry
[[nodiscard]] Evaluated<Json> make_answer(const Json& declared, const Json& output);
/// The answer of a task that declares none.
[[nodiscard]] Json plain_answer(const Json& output);
/// What a run that has ended says to requests that it never answered.
[[nodiscard]] Json final_answer(const State& state);

}  // namespace sequent::machine
