#pragma once
// HMAC-SHA256 over the raw bytes of a webhook, as its sender writes it into a header.
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "net/http_message.hpp"

namespace sequent::api {

enum class SignatureEncoding { hex, base64 };

/// How one sender signs. The header's value is a list of parts, set apart by blanks, commas or
/// semicolons; of each part that begins with `prefix`, the rest is a signature.
struct SignatureRule {
  std::string header;
  SignatureEncoding encoding = SignatureEncoding::hex;
  std::string prefix;            // "sha256=", "v1="; "" = every part
  std::string timestamp_header;  // where the time of signing is, in seconds or milliseconds since
  std::string
      timestamp_prefix;   // 1970: a header of its own, or a part of the signature's; "" = none
  std::string id_header;  // where {id} is; "" = none
  /// What is signed: text with {body}, {timestamp} and {id}, each as it came.
  std::string signs = "{body}";
  int tolerance_seconds = 300;  // age; only too old times are refused
};

/// Stripe's own: `Stripe-Signature: t=…,v1=…`, v1 over "<t>.<body>". Other schemes (v0) never count.
/// source  docs.stripe.com/webhooks#verify-manually
[[nodiscard]] SignatureRule stripe_signature_rule(int tolerance_seconds);

/// Some signature of the header must be that of some secret; a secret is the key as it is.
/// errors  invalid_request, in words that help to configure and tell no secret
[[nodiscard]] Result<void> check_signature(const SignatureRule& rule, const net::Headers& headers,
                                           std::string_view body,
                                           std::span<const std::string> secrets, Timestamp now);

/// What keeps a rule from being of use: {body} that is not signed, {timestamp} that is nowhere …
[[nodiscard]] std::optional<std::string> flaw_of(const SignatureRule& rule);

}  // namespace sequent::api
