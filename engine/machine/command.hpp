#pragma once
// (Program, State) -> what the outside world must now do. Derived from state alone, so that a
// restart finds every open effect again; the runtime drops what is already under way.
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "engine/definition/program.hpp"
#include "engine/machine/decide.hpp"
#include "engine/machine/state.hpp"

namespace sequent::machine {

/// Send an activity's request. Identified by (frame, attempt).
struct DispatchActivity {
  FrameId frame = 0;
  std::uint32_t attempt = 0;
  NodeIndex node = 0;
  std::string key;  // idempotency key, revision included
  Value arguments;  // secrets not yet filled in where CallTask::late_secrets
  Timestamp first_sent_at = 0;
  bool unsettled = false;  // an earlier attempt's outcome is unknown
};
/// Start a child instance; where it exists, tell how it stands. Answered with ChildLaunched or
/// ChildEnded.
struct StartChild {
  FrameId frame = 0;
  ChildState child;
};
/// Post a Continued event: pure tasks are ready to run on.
struct Continue {};

using Command = std::variant<DispatchActivity, StartChild, Continue>;

[[nodiscard]] std::vector<Command> commands(const definition::Program& program, const State& state);

/// The earliest time at which the instance must act by itself; 0 = at once (an effect is open or
/// tasks are ready), INT64_MAX = never (it waits for others, or has ended).
[[nodiscard]] Timestamp wake_at(const State& state);

/// The earliest timer of one frame that is set; 0 = none.
[[nodiscard]] Timestamp next_timer(const Frame& frame);

/// Arguments with their secrets, as they go to the activity and nowhere else. Whatever else the holes
/// of the secrets name is as it was when the intent was recorded.
/// errors  forbidden: a secret is not there, by name; expression
[[nodiscard]] Result<Json> bind_secrets(const definition::Program& program, const State& state,
                                        FrameId frame, const Json& arguments,
                                        const Surroundings& surroundings);

/// An open subscription, as the store indexes it.
struct OpenSubscription {
  FrameId frame = 0;
  std::string filter_key;        // digest + pointer of the filter: names it in every process
  std::string correlation_hash;  // of the expected values; "" = unknown yet or none: take any
  std::string type;              // constant event type, "" = any
};
[[nodiscard]] std::vector<OpenSubscription> subscriptions(const definition::Program& program,
                                                          const State& state);
[[nodiscard]] std::string filter_key(const definition::Program& program, std::uint32_t filter);
[[nodiscard]] std::string correlation_hash(const std::map<std::string, Json>& values);

}  // namespace sequent::machine
