#pragma once
// Stripe's activities against Stripe's stand-in.
#include <stdexcept>

#include "sandbox/stripe/stripe.hpp"
#include "tests/activities/stripe_support.hpp"

namespace sequent::tests {

/// Stripe's stand-in on a port; `now` is its clock. What it leaves hanging or resets is not
/// answered at all.
struct StripeProvider {
  Timestamp now = noon;
  sandbox::stripe::StripeStandIn stand_in{{}, noon};
  StripeBench stripe{[this](const net::ServerRequest& request) { return answer(request); },
                     [] {
                       activities::StripeConfig config;
                       config.api_key = [] { return "sk_test_sandbox"; };
                       return config;
                     }()};

  std::optional<net::ServerResponse> answer(const net::ServerRequest& request) {
    const auto reply = stand_in.handle(request, now);
    if (reply.delivery != sandbox::Delivery::answer) return std::nullopt;
    if (reply.huge_bytes > 0)
      return text_response(200, "application/json", std::string(3 << 20, 'x'));
    return reply.response;
  }
  void fault(const Json& description) {
    net::ServerRequest request;
    request.method = "POST";
    request.path = "/_sandbox/faults";
    request.body = dump_json(description);
    const auto taken = stand_in.handle(request, now);
    if (taken.response.status >= 300) throw std::runtime_error(taken.response.body);
  }
  runtime::Attempt attempt(const std::string& key = "key-1", std::uint32_t number = 1) const {
    auto attempt = first_attempt();
    attempt.idempotency_key = key;
    attempt.number = number;
    attempt.now = now;
    attempt.unsettled = number > 1;
    attempt.timeout_ms = 500;
    return attempt;
  }
};

}  // namespace sequent::tests
