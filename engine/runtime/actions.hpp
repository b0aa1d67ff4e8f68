#pragma once
// What operators do to a run, as a value that can travel to the node that has it.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"

namespace sequent::runtime {

struct Node;

struct ActionRequest {
  enum class Kind : std::uint8_t {
    suspend,
    resume,
    cancel,
    retry,
    skip,
    rewind,
    terminate,
    migrate
  };
  Kind kind = Kind::suspend;
  InstanceId run;
  std::string task;           // retry, skip, rewind
  std::string version;        // migrate
  std::optional<Json> value;  // the new input of a retry, the output of a skipped task
  std::string reason, by;
  std::optional<std::uint64_t> at_seq;  // Engine::Action's
};

[[nodiscard]] Json to_json(const ActionRequest& request);
/// Nothing: it comes from a release that knows more kinds.
[[nodiscard]] std::optional<ActionRequest> action_from_json(const Json& json);

/// Acts where the run lives: here, or (`forward`) by way of the node that owns its partition.
/// errors  not_found, wrong_state, unavailable; conflict: the run is not at `at_seq`
[[nodiscard]] boost::asio::awaitable<Result<void>> perform(std::shared_ptr<Node> node,
                                                           ActionRequest request, bool forward);

}  // namespace sequent::runtime
