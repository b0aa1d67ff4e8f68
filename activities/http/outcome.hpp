#pragma once
// What a status means to the run.
#include <string>

#include "engine/machine/problem.hpp"
#include "net/http_message.hpp"

namespace sequent::activities::http {

/// 200-299, and 300-399 where the author set `redirect: true`.
[[nodiscard]] bool is_success(int status, bool redirect);

/// shape   problem: communication (401 authentication, 403 authorization) with the HTTP status;
///         `content` holds the answer's JSON or text where it is short and repeats no credential
/// errors  transient: 425 and 429; for idempotent methods also 408 and 5xx; for POST and PATCH 503
///         with Retry-After. unknown: their other 5xx and 408. permanent: all else.
[[nodiscard]] machine::Failure status_failure(const net::ClientRequest& request,
                                              const net::ClientResponse& response,
                                              const std::string& credential, Timestamp now);

}  // namespace sequent::activities::http
