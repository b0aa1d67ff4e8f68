#pragma once
// A record as what it means, without what differs between two recordings of the same behaviour.
#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/program.hpp"
#include "engine/machine/record.hpp"
#include "engine/replay/replay.hpp"

namespace sequent::replay {

/// What the API shows in the place of sensitive data.
inline constexpr std::string_view hidden = "[redacted]";

/// One record in the form that the API shows, times as numbers.
struct Shown {
  std::uint64_t seq = 0;
  Timestamp at = 0;
  std::string kind;
  Json json;  // all members
};

/// errors  invalid_request: no records, or not from the first one on
[[nodiscard]] Result<std::vector<Shown>> read_recording(const Json& journal);
/// A record of the machine's in the same form. `frames`: which task each frame is, kept up.
[[nodiscard]] Shown show(const machine::Record& record, const definition::Program& program,
                         std::vector<definition::NodeIndex>& frames);

/// What is compared: {step, task?, …}.
[[nodiscard]] Json meaning_of(const Shown& record);
/// "/do/0/outer/try/1/inner" -> "outer/inner"
[[nodiscard]] std::string names_in(const std::string& pointer);
/// A sentence for people: "calls stripe.refunds.create with {…}".
[[nodiscard]] std::string sentence(const Json& meaning);
/// Members that differ; hidden data equals anything.
[[nodiscard]] std::vector<Difference::Member> differing(const Json& recorded, const Json& now);

}  // namespace sequent::replay
