#pragma once
// What became of an operator's action, read from the records that the run's journal got after it.
#include <optional>
#include <span>
#include <string>

#include "engine/machine/record.hpp"
#include "engine/runtime/repair_store.hpp"

namespace sequent::repair {

using runtime::RepairBatch;
using runtime::RepairItem;

/// Whose name the records of a batch's actions carry: "ada, batch 0197…".
[[nodiscard]] std::string signature(const RepairBatch& batch);

struct Verdict {
  RepairItem::State state = RepairItem::State::acted;  // acted = open yet
  std::string detail;
};
/// `records`: those after the seq at which the batch acted. Nothing when its action is not among them.
/// A retry of a parked task leaves no name, only the attempt that it began: the first one counts.
[[nodiscard]] std::optional<Verdict> verdict(const RepairBatch& batch,
                                             std::span<const machine::Record> records);

}  // namespace sequent::repair
