#pragma once
// The pure core: (Program, State, Event, now) -> records. No I/O, no clock, no randomness, no thread.
#include <expected>
#include <functional>
#include <map>
#include <string>

#include "base/error.hpp"
#include "engine/definition/program.hpp"
#include "engine/machine/event.hpp"
#include "engine/machine/record.hpp"
#include "engine/machine/state.hpp"

namespace sequent::machine {

struct Limits {
  std::uint64_t max_records = 50'000;        // journal of one run; more faults it
  std::uint32_t max_steps_per_event = 500;   // pure tasks in one go; then a Continue command
  std::size_t max_payload_bytes = 2 << 20;   // one value: an input, an output, a list of events
  std::size_t max_held_events = 1'000;       // of one run, which no task takes yet; more faults it
  std::size_t max_held_bytes = 8 << 20;      // of them together
  std::size_t max_undoable = 1'000;          // completed tasks with `compensate` of one run
  std::size_t max_undoable_bytes = 8 << 20;  // inputs and outputs that are kept to undo them
};

/// What the core knows of its surroundings, the same for every instance.
struct Surroundings {
  Json runtime;  // `$runtime`: name, version
  /// `$secrets` of a program, or the name of the first that is missing. Never journaled.
  std::function<std::expected<Json, std::string>(const definition::Program&)> secrets;
  Limits limits;
};

/// Decides what `event` means and applies it: every returned record has been applied to `state`, one
/// by one, through apply(). `random` feeds jitter and nothing else.
/// errors  wrong_state or not_found, for operators' events that do not fit; state is then unchanged.
///         Everything else is an outcome and therefore a record.
[[nodiscard]] Result<Records> decide(const definition::Program& program, State& state,
                                     const Event& event, Timestamp now, std::uint64_t random,
                                     const Surroundings& surroundings);

/// May this program go on with the state? Both must mean the same nodes by the same numbers. A run
/// that is over holds no numbers and fits any build.
/// errors  wrong_state: another build of the engine numbered the definition otherwise
[[nodiscard]] Result<void> fits(const definition::Program& program, const State& state);

/// Does `event` (a CloudEvent envelope) fit `filter`, correlations aside?
[[nodiscard]] Result<bool> matches(const definition::Program& program,
                                   const definition::EventFilter& filter, const Json& event,
                                   Timestamp now);

/// Correlation values that a filter extracts from an event, by correlation name.
[[nodiscard]] Result<std::map<std::string, Json>> correlate(const definition::Program& program,
                                                            const definition::EventFilter& filter,
                                                            const Json& event, Timestamp now);

/// The business key and the attributes that the program computes from a raw input.
struct Identity {
  std::string key;
  Json attributes = Json::object();
};
/// errors  invalid_input: `metadata.key` yields no text or number; expression
[[nodiscard]] Result<Identity> identify(const definition::Program& program, const Json& input,
                                        Timestamp now);

/// Does a raw input satisfy the workflow's `input.schema`?
/// errors  invalid_input, with a finding for each violation
[[nodiscard]] Result<void> check_input(const definition::Program& program, const Json& input);

/// Path of a frame with iteration indexes and visits: what idempotency keys are made from.
[[nodiscard]] std::string path_of(const definition::Program& program, const State& state,
                                  FrameId frame);

}  // namespace sequent::machine
