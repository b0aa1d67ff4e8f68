#pragma once
// A stand-in is a provider as a plain state machine: requests and the time go in, answers and
// webhooks come out. It opens no socket and reads no clock, so that the simulation can drive it;
// StandInServer puts it on a port.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "net/http_message.hpp"

namespace sequent::sandbox {

enum class Delivery : std::uint8_t {
  answer,  // the response goes out
  reset,   // the connection is reset instead: the client never learns what happened
  hang,    // nothing goes out until the client gives up
  later,   // there is no answer yet: resume() with the reply's ticket gives it
};

struct Reply {
  net::ServerResponse response;
  Delivery delivery = Delivery::answer;
  DurationMs latency_ms = 0;   // wait this long before delivering
  std::size_t huge_bytes = 0;  // more than 0: the body is that many bytes of filler instead
  DurationMs refuse_ms = 0;    // more than 0: take no connections for that long after this answer
  std::uint64_t ticket = 0;    // of a `later` delivery
};

/// One HTTP POST of a webhook, signed for the moment at which it was handed out.
struct WebhookSend {
  std::uint64_t delivery = 0;  // to be named in webhook_answered()
  std::string url;
  std::string body;
  std::string signature;  // value of the Stripe-Signature header
  std::string type;       // the event's type, for logs and tests
};

/// threads  none of its own: callers serialise
/// units    `now` is the caller's clock; what POST /_sandbox/clock advanced is added inside
class StandIn {
 public:
  virtual ~StandIn() = default;

  [[nodiscard]] virtual Reply handle(const net::ServerRequest& request, Timestamp now) = 0;

  /// The answer of a `later` delivery, once it has come: a long poll ends by itself. To be asked
  /// again and again while it has not.
  [[nodiscard]] virtual std::optional<Reply> resume(std::uint64_t /*ticket*/, Timestamp /*now*/) {
    return Reply{};
  }

  /// Webhooks whose time has come, oldest first; each must be reported with webhook_answered().
  [[nodiscard]] virtual std::vector<WebhookSend> webhooks_due(Timestamp now) = 0;
  /// `status` 0 means that no answer came. Anything but 2xx is tried again later.
  virtual void webhook_answered(std::uint64_t delivery, int status, Timestamp now) = 0;
  /// When something is next due (a webhook, an expiry), on the caller's clock.
  [[nodiscard]] virtual std::optional<Timestamp> next_due() const = 0;
};

}  // namespace sequent::sandbox
