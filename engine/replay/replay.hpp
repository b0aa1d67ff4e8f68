#pragma once
// A recorded run against another definition: what was answered and what came from outside is fed to
// the machine again, in the recorded order and at the recorded times. Nothing is sent.
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "engine/definition/program.hpp"

namespace sequent::replay {

/// The first place where the definition does something else than was recorded.
struct Difference {
  std::uint64_t seq = 0;  // of the record that was expected, or behind which more came
  Timestamp at = 0;
  std::string task;            // where it stands, by name; "" = the workflow itself
  std::string expected, came;  // sentences: what was recorded, what the definition does
  struct Member {
    std::string name;  // "with.amount"
    Json recorded, now;
  };
  std::vector<Member> members;  // where both are the same kind of step, what differs in it
};

struct Outcome {
  std::size_t records = 0;  // that agree
  bool ended = false;       // the recorded run is over; else it was still under way
  bool redacted = false;    // sensitive data is hidden in the recording
  std::optional<Difference> difference;
};

/// Compared are the tasks that are entered, in order, the calls with their arguments, waits and
/// time-outs, events listened to and emitted, children, errors, answers and the workflow's output;
/// not the data between tasks, which has no effect of its own. Tasks are known by their names, so
/// that one may move within its list; hidden data ("[redacted]") equals anything.
/// `journal`: records as the API shows them, from the first one (`sequent journal RUN --json`).
/// errors  invalid_request: no journal, or not from its beginning; invalid_input: hidden data does
///         not satisfy the definition's schema, so that nothing can be said
[[nodiscard]] Result<Outcome> replay(const Json& journal, const definition::Program& program);

}  // namespace sequent::replay
