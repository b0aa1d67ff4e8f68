#pragma once
#include "engine/definition/activity_spec.hpp"

namespace sequent::activities::events {

/// events.emit: the DSL's `emit` as a call, for the outbox.
/// shape   with {type, source, id?, subject?, time?, datacontenttype?, dataschema?, data?}; output
///         the CloudEvent with the id that it was given
/// effect  exactly once: the store writes the event in the commit that completes the task
/// source  CloudEvents 1.0.2
[[nodiscard]] definition::ActivitySpec emit_spec();

}  // namespace sequent::activities::events
