#pragma once
// What Stripe's answers mean to the run.
#include <expected>
#include <string>

#include "base/json.hpp"
#include "engine/machine/problem.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::stripe {

/// What was asked, as far as the classification needs it.
struct Asked {
  std::string method;  // GET, POST, DELETE
  std::string path;    // without the query, which may hold an e-mail address
  Timestamp now = 0;
};

/// The object of a 2xx answer, or what the failure means:
/// errors  transient  not sent; 409; 424; 429; `Stripe-Should-Retry: true` below 500; a read's
///                    time-out, 5xx or answer that is not Stripe's
///         unknown    a write's time-out, 5xx or answer that is not Stripe's. `key_spent` once
///                    Stripe replays a stored 5xx, or forbids to repeat it
///         permanent  all other 4xx. `key_spent` where the refusal may be stored under the key, so
///                    that a corrected try needs another one; never for idempotency_error, where
///                    the key belongs to an earlier request that may have succeeded
/// shape   problem: communication (401 authentication, 403 authorization), title = Stripe's code,
///         extensions {provider, code, errorType, param, declineCode, requestId,
///         duplicateIdentifier (only true, for a usage event that was counted before)}. Stripe's
///         message stays out: it may repeat card or e-mail data.
/// source  docs.stripe.com/api/idempotent_requests and /error-low-level; the official SDK's retries
[[nodiscard]] std::expected<Json, machine::Failure> outcome_of(const Asked& asked,
                                                               const net::ClientResult& result);

}  // namespace sequent::activities::stripe
