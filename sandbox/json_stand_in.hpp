#pragma once
// What stand-ins of JSON APIs without webhooks share: faults, the call log and the administration
// around the provider's own calls.
#include <string>
#include <vector>

#include "sandbox/controls.hpp"
#include "sandbox/stand_in.hpp"

namespace sequent::sandbox {

/// A JSON answer of the provider.
[[nodiscard]] Reply json_reply(int status, const Json& body);

/// "/plans/{id}" against "/plans/plan_1": the decoded members, in order; nothing when it differs.
[[nodiscard]] std::optional<std::vector<std::string>> match_path(std::string_view pattern,
                                                                 std::string_view path);

/// An instant plus whole days, as RFC 3339 text.
[[nodiscard]] std::string days_later(Timestamp at, int days);

/// Administration: GET state, calls, faults; POST faults, clock, reset; DELETE faults; and what the
/// stand-in itself adds.
class JsonStandIn : public StandIn {
 public:
  explicit JsonStandIn(std::uint64_t seed) : seed_(seed), controls_(seed) {}

  [[nodiscard]] Reply handle(const net::ServerRequest& request, Timestamp now) final;
  [[nodiscard]] std::vector<WebhookSend> webhooks_due(Timestamp) final { return {}; }
  void webhook_answered(std::uint64_t, int, Timestamp) final {}
  [[nodiscard]] std::optional<Timestamp> next_due() const final { return std::nullopt; }

 protected:
  /// The call itself, credentials included.
  [[nodiscard]] virtual Reply serve(const net::ServerRequest& request, Timestamp now) = 0;
  /// The pattern of the route, for the call log.
  [[nodiscard]] virtual std::string route_of(const net::ServerRequest& request) const = 0;
  /// 429 and 5xx in the provider's words.
  [[nodiscard]] virtual Reply worded(const Fault& fault) const = 0;
  /// Nothing for a path that is not the stand-in's own.
  [[nodiscard]] virtual std::optional<Reply> administer(const net::ServerRequest& request,
                                                        Timestamp now) = 0;
  /// What GET /_sandbox/state tells.
  [[nodiscard]] virtual Json state(Timestamp now) const = 0;
  virtual void forget_everything() = 0;

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] CallLog& calls() { return controls_.calls; }

 private:
  [[nodiscard]] Reply handle_admin(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Reply handle_call(const net::ServerRequest& request, Timestamp now);

  std::uint64_t seed_;
  Controls controls_;
};

}  // namespace sequent::sandbox
