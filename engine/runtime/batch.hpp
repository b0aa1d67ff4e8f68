#pragma once
// What a batch holds of one instance: pure functions from its state and records to the store's rows.
#include "engine/definition/circuit_id.hpp"
#include "engine/runtime/resident.hpp"

namespace sequent::runtime {

/// The columns of an instance as its state has them.
[[nodiscard]] InstanceRow row_of(const definition::Program& program, const machine::State& state);

/// The earliest timer inside a state, whatever else is open: time-outs run while a call is out.
/// INT64_MAX = none.
[[nodiscard]] Timestamp next_timer(const machine::State& state);

/// Calls of a live run that wait for their provider.
[[nodiscard]] std::vector<ParkedCall> parked_calls(const definition::Program& program,
                                                   const machine::State& state, Timestamp deadline);
[[nodiscard]] std::vector<SubscriptionRow> subscription_rows(const definition::Program& program,
                                                             const machine::State& state);
[[nodiscard]] bool listens(const machine::State& state);

/// What `record` says of HTTP requests that the instance has taken or now answers. `state` is the
/// one after it.
void note_requests(const machine::State& state, const machine::Record& record,
                   std::vector<RequestRow>& requests);

/// A message to the parent, when `record` ends an instance that has one.
[[nodiscard]] std::optional<Message> message_to_parent(const machine::State& state,
                                                       const machine::Record& record);

/// The specification when the command is an activity that runs inside the commit.
[[nodiscard]] const definition::ActivitySpec& spec_of(const definition::Program& program,
                                                      machine::NodeIndex node);

/// Whose health a call depends on.
[[nodiscard]] definition::CircuitId circuit_of_call(const definition::Program& program,
                                                    const machine::Frame& frame);

/// Whether (frame, attempt) is still the call that `state` waits for.
[[nodiscard]] bool awaits(const machine::State& state, const OpenCall& call);

/// A refused operation of records.* as the activity's failure.
[[nodiscard]] machine::Failure failure_of_operation(const Error& error);

/// Moves what gathered into a change: one for each instance and batch. `commands` are those of the
/// state; calls that run in the store become operations of the change and are noted in `open`.
[[nodiscard]] InstanceChange change_of(Resident& resident, Gathering& gathering,
                                       const std::vector<machine::Command>& commands,
                                       std::uint64_t snapshot_every, Timestamp now);

}  // namespace sequent::runtime
