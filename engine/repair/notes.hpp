#pragma once
// What the audit log says of a run that a batch has acted on, and of a batch that stops.
#include <optional>

#include "engine/repair/waves.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/repair_store.hpp"

namespace sequent::repair {

/// Whether the note of this action needs the run as it was before. Of the others the journal tells all.
[[nodiscard]] bool looks_first(const runtime::RepairBatch& batch);

/// As an operator's own action on the run would be noted: the action, the run, who, why; `remote` names
/// the batch. `before`: the run as it was then, null = it was not looked at. Sensitive data is hidden.
[[nodiscard]] runtime::AuditEntry note_of(const runtime::RepairBatch& batch,
                                          const runtime::RepairItem& item,
                                          const runtime::RunDetails* before,
                                          const runtime::Engine& engine, Timestamp now);
/// Of a batch that pauses by itself: as an operator's pausing would be noted, but nobody's hand.
[[nodiscard]] runtime::AuditEntry note_of_stop(const runtime::RepairBatch& batch, Waves::Stop stop,
                                               Timestamp now);

}  // namespace sequent::repair
