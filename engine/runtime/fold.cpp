#include "engine/runtime/fold.hpp"

#include "engine/machine/apply.hpp"
#include "engine/machine/codec.hpp"

namespace sequent::runtime {

Result<Folded> fold(const StoredInstance& stored) {
  Folded folded;
  if (stored.snapshot) {
    auto state = machine::decode_state(*stored.snapshot);
    if (!state) return std::unexpected(std::move(state.error()));
    folded.state = std::move(*state);
    folded.snapshot_seq = folded.state.seq;
  }
  for (const auto& text : stored.records) {
    const auto records = machine::decode(text);
    if (!records) return std::unexpected(records.error());
    for (const auto& record : *records) {
      if (record.seq <= folded.snapshot_seq) continue;
      if (record.seq != folded.state.seq + 1)
        return fail(ErrorCode::internal, "The journal of " + folded.state.id.text() +
                                             " has a gap: expected record " +
                                             std::to_string(folded.state.seq + 1) + ", found " +
                                             std::to_string(record.seq) + ".");
      machine::apply(folded.state, record);
    }
  }
  return folded;
}

}  // namespace sequent::runtime
