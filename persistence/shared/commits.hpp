#pragma once
// What commits have in common in every database.
#include <cstdint>
#include <optional>

#include "engine/runtime/store.hpp"

namespace sequent::persistence::shared {

/// `stored_seq`: where the stored history ends; none: there is no such instance.
[[nodiscard]] inline runtime::StoreFailure history_failure(
    const runtime::InstanceChange& change, const std::optional<std::int64_t>& stored_seq) {
  const std::string stored = stored_seq
                                 ? "its stored history ends at seq " + std::to_string(*stored_seq)
                                 : "the store has no such instance";
  return runtime::StoreFailure{"A change of instance " + change.id.text() + " begins at seq " +
                                   std::to_string(change.first_seq) + ", but " + stored +
                                   ". This is a bug: nothing was written; load the instance again.",
                               false};
}

/// Whether some change of the batches emits an event.
[[nodiscard]] inline bool has_emitted(const std::vector<runtime::BatchResult>& results) {
  for (const auto& batch : results)
    for (const auto& change : batch.changes)
      if (!change.emitted.empty()) return true;
  return false;
}

}  // namespace sequent::persistence::shared
