#pragma once
// `schedule.on`: which workflows an event starts, alone or with others.
#include "engine/runtime/definitions.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

struct Triggered {
  std::vector<ProgramPtr> alone;                  // started by this event: one, any
  std::vector<IncomingEvent::Collecting> shared;  // started by a set that it is a part of: all
};
/// `fits` are the filters of every definition that the event fits. Only the latest version of a
/// workflow is started.
[[nodiscard]] Triggered triggered_by(const Catalogue& catalogue,
                                     const std::vector<Catalogue::Fit>& fits, const Json& event,
                                     Timestamp now);

/// The workflow that a set of events starts, as triggered_by() named the set's collection; null when
/// it is not deployed.
[[nodiscard]] ProgramPtr started_by_set(const Catalogue& catalogue, const std::string& collection);

/// errors  invalid_definition: events that could never come together, or an expectation that nobody
///         can state before there is a run
[[nodiscard]] Result<void> check_triggers(const definition::Program& program);

}  // namespace sequent::runtime
