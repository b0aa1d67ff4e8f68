#pragma once
// The arguments of `call: http` as a request.
#include <expected>
#include <string>

#include "activities/providers.hpp"
#include "engine/runtime/activity.hpp"
#include "net/http_message.hpp"

namespace sequent::activities::http {

/// shape   {method, endpoint: {uri, authentication?}, headers?, query?, body?, output?, redirect?}
///         body: text is sent as it is (text/plain unless the author says otherwise); an object with
///         content type application/x-www-form-urlencoded becomes a form; all else is JSON
/// effect  POST and PATCH carry the attempt's key as Idempotency-Key unless the author set one
/// errors  validation or communication, permanent, with what was expected and found
[[nodiscard]] std::expected<net::ClientRequest, machine::Failure> build_request(
    const runtime::Attempt& attempt, const Json& arguments, const HttpConfig& config);

/// RFC 9110: repeating has no further effect.
[[nodiscard]] bool is_idempotent_method(std::string_view method);

/// Scheme, host and path: what may be written into a problem. Queries may hold keys.
[[nodiscard]] std::string printable_url(std::string_view url);

}  // namespace sequent::activities::http
