#pragma once
// Records and states as JSON text: how the journal and snapshots store them. Every write to the
// journal passes through here. The format carries names, so that later releases can add members;
// docs/journal.md documents it.
#include <span>
#include <string>

#include "base/error.hpp"
#include "engine/machine/record.hpp"
#include "engine/machine/state.hpp"

namespace sequent::machine {

/// shape  a JSON array of records: [{"seq":1,"at":…,"kind":"InstanceStarted",…}, …]
[[nodiscard]] std::string encode(std::span<const Record> records);
/// errors  internal: text that no release has written, with seq and kind where it broke
[[nodiscard]] Result<Records> decode(std::string_view text);

[[nodiscard]] std::string encode_state(const State& state);
[[nodiscard]] Result<State> decode_state(std::string_view text);

}  // namespace sequent::machine
