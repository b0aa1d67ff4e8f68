#pragma once
// What an answer of AWS, or none, says about the effect.
#include <expected>
#include <string>

#include "activities/outcomes.hpp"
#include "base/json.hpp"
#include "engine/machine/problem.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::aws {

/// Text after the last '#' and before the first ':', from `__type` or the header x-amzn-ErrorType.
[[nodiscard]] std::string error_code(const net::ClientResponse& response);

/// The answer's JSON; an empty answer is {}.
/// errors  transient: throttling, 429, 5xx, no answer, an answer that is not AWS's, a clock that is
///         off, session credentials that have run out (`expired_credentials`).
///         unknown, where repeating is guarded: of these 5xx, no answer to what was sent, and an
///         answer that is not AWS's.
///         permanent: everything else that AWS refuses; `code` and `requestId` are in the problem.
[[nodiscard]] std::expected<Json, machine::Failure> outcome_of(const std::string& operation,
                                                               const net::ClientResult& result,
                                                               Timestamp now, Repeat repeat);

/// True for the refusal of session credentials. ExpiredTokenException is also the name of a spent
/// registration token, which no new credentials mend.
[[nodiscard]] bool expired_credentials(const net::ClientResponse& response);

}  // namespace sequent::activities::aws
