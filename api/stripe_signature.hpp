#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"

namespace sequent::api {

/// Checks `Stripe-Signature` over the raw bytes of a body: some v1 must be the HMAC-SHA256 of
/// "<t>.<body>" under some secret. Other schemes (v0) never count. Only too old times are refused,
/// as Stripe's own libraries do.
/// errors  invalid_request, in words that help to configure and tell no secret
/// source  docs.stripe.com/webhooks#verify-manually
[[nodiscard]] Result<void> check_stripe_signature(std::string_view header, std::string_view body,
                                                  std::span<const std::string> secrets,
                                                  Timestamp now, int tolerance_seconds);

}  // namespace sequent::api
