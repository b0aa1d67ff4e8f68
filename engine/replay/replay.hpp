#pragma once
// A recorded run against another definition: what was answered and what came from outside is fed to
// the machine again, in the recorded order and at the recorded times. Nothing is sent.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "engine/definition/program.hpp"

namespace sequent::replay {

/// A version of its workflow that a run was under.
struct Version {
  definition::WorkflowRef workflow;
  std::string digest;
  std::uint64_t from = 1;  // the record of the start, or of the move to it
};
/// The recorded definition with that digest; null: it is not stored any more.
using FindVersion = std::function<Result<definition::ProgramPtr>(const Version&)>;

/// The first place where the definition does something else than was recorded.
struct Difference {
  std::uint64_t seq = 0;  // of the record that was expected, or behind which more came
  Timestamp at = 0;
  std::string task;            // where it stands, by name; "" = the workflow itself
  std::string expected, came;  // sentences: what was recorded, what the definition does
  std::string under;  // the recorded version that does it; "" = the definition that is tried
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
  struct Stretch {
    Version version;     // that the run was under
    bool given = false;  // replayed under the definition that is tried, not under the recorded one
  };
  std::vector<Stretch> stretches;  // one, and one more for each move to another version
  std::optional<Difference> difference;
};

/// Compared are the tasks that are entered, in order, the calls with their arguments, waits and
/// time-outs, events listened to and emitted, children, errors, answers and the workflow's output;
/// not the data between tasks, which has no effect of its own. Tasks are known by their names, so
/// that one may move within its list; hidden data ("[redacted]") equals anything.
/// A run that was moved is replayed under `with` where it was under the version of that number, and
/// elsewhere under the definitions that it was under, which `find` knows. When it has never been under
/// that version, `with` is tried in the place of the last one. It moves where it was moved: that `with`
/// refuses the move is a difference.
/// `journal`: records as the API shows them, from the first one (`sequent journal RUN --json`).
/// errors  invalid_request: no journal, or not from its beginning, or of a run that was moved and is
///         of another workflow; not_found: a recorded definition is needed and not stored any more;
///         invalid_input: hidden data does not satisfy the definition's schema, so that nothing can be
///         said; those of `find`
[[nodiscard]] Result<Outcome> replay(const Json& journal, const definition::ProgramPtr& with,
                                     const FindVersion& find = {});

}  // namespace sequent::replay
