#pragma once
// A run as the API shows it; DESIGN.md section 9 names the members.
#include "api/redact.hpp"
#include "engine/runtime/engine.hpp"

namespace sequent::api {

/// {namespace, name, version, digest}
[[nodiscard]] Json workflow_json(const definition::Program& program);
/// What a run waits for; null when that is nothing.
[[nodiscard]] Json waiting_json(const machine::WaitingFor& waiting);
/// A whole run, its sensitive data redacted.
[[nodiscard]] Json run_json(const runtime::RunDetails& run);
/// One line of a list: the same members without `input` and `output`. `program` may be null.
[[nodiscard]] Json summary_json(const runtime::RunSummary& run, const definition::Program* program);
/// What a start, or a wait, knows of a run without reading it.
[[nodiscard]] Json outcome_json(const InstanceId& id, const definition::Program& program,
                                const runtime::WaitResult& result);
[[nodiscard]] Json notice_json(const runtime::RunNotice& notice);

}  // namespace sequent::api
