#pragma once
// The sinks of emitted events, for operators: how far each is, and what to do with an event that one
// refuses for good.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "engine/runtime/outbox.hpp"

namespace sequent::runtime {

/// What an operator sees of a sink.
struct SinkStatus {
  std::string name, where;  // kind and address, no secret
  std::int64_t cursor = 0;
  std::size_t pending = 0;           // emitted events behind the cursor; counts to 10,000
  std::optional<EmittedEvent> next;  // the first of them that this sink wants: it goes out next
  bool here = false;                 // this node publishes; what follows is known to that one alone
  std::uint64_t published = 0, failures = 0;  // since it began
  std::string error;                          // of the last try; "" = it was taken
  Timestamp failing_since = 0;
};

/// An operator's hand on the sinks of this node's configuration.
/// threads  blocking; any
/// errors   StoreFailure
class Sinks {
 public:
  virtual ~Sinks() = default;
  [[nodiscard]] virtual std::vector<SinkStatus> list() = 0;
  /// errors  not_found
  [[nodiscard]] virtual Result<SinkStatus> find(const std::string& sink) = 0;
  /// Tries at once instead of after the pause under way.
  /// errors  not_found; wrong_state: another node publishes
  [[nodiscard]] virtual Result<void> retry(const std::string& sink) = 0;
  /// Leaves the next event out, for this sink alone and for good. Durable on return; whichever node
  /// publishes goes on behind it.
  /// errors  not_found; wrong_state: another event comes next, or none
  [[nodiscard]] virtual Result<void> skip(const std::string& sink, std::int64_t event) = 0;
};

}  // namespace sequent::runtime
