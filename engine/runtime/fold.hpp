#pragma once
// A run as it is stored -> its state. Pure; used on the read pool.
#include "engine/machine/state.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

struct Folded {
  machine::State state;
  std::uint64_t snapshot_seq = 0;  // 0 = there was no snapshot
};
/// errors  internal: text that this build can't read, or a gap in the journal
[[nodiscard]] Result<Folded> fold(const StoredInstance& stored);

}  // namespace sequent::runtime
