#pragma once
// Where emitted events go.
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "engine/runtime/outbox.hpp"

namespace sequent::outbox {

/// A secret, read whenever it is needed; nothing when it can't be read then.
using CredentialSource = std::function<std::optional<std::string>()>;

struct Failure {
  std::string detail;             // for the log; holds no secret
  DurationMs retry_after_ms = 0;  // as the receiver asked; 0 = it did not
};

/// threads  blocking: all on the publisher's thread, but for stop()
class Sink {
 public:
  virtual ~Sink() = default;

  struct Sent {
    std::size_t events = 0;          // the first of them, which the receiver has surely taken
    std::optional<Failure> failure;  // why not more
  };
  /// Sends in order; none leaves before the one before it was taken, or together with it, all or
  /// none. What fails may have arrived all the same: it is sent again, with the same id.
  [[nodiscard]] virtual Sent send(std::span<const runtime::EmittedEvent> events) = 0;

  /// Whether the receiver is there, as far as that can be told without sending it an event.
  [[nodiscard]] virtual std::optional<Failure> check() = 0;

  /// From any thread: ends a send() that is under way, and every one after it, soon.
  virtual void stop() = 0;

  /// For logs and people: kind and address, no secret.
  [[nodiscard]] virtual std::string where() const = 0;
};

}  // namespace sequent::outbox
