#pragma once
// The answer of `call: http` as its output.
#include <expected>
#include <string>

#include "activities/providers.hpp"
#include "engine/runtime/activity.hpp"
#include "net/http_message.hpp"

namespace sequent::activities::http {

/// shape   output: raw       base64 of the body
///                 content   JSON types as JSON, text, XML and YAML types as text, all else as base64
///                 response  {request: {method, uri, headers}, statusCode, headers, content}
///         Header names come as Content-Type whatever HTTP version brought them; repeats are joined
///         with ", ". Credentials among the request's headers are left out.
/// errors  permanent communication: JSON was announced, or asked for, and something else came; an
///         output past the payload limit
[[nodiscard]] std::expected<Json, machine::Failure> read_response(
    const Json& arguments, const net::ClientRequest& request, const net::ClientResponse& response,
    const HttpConfig& config);

/// True for headers that carry credentials: never shown, never stored.
[[nodiscard]] bool is_sensitive_header(std::string_view name);

}  // namespace sequent::activities::http
