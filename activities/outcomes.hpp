#pragma once
// Reading of answers that all providers share: no answer at all, Retry-After, kinds of content.
#include <optional>
#include <string>
#include <string_view>

#include "engine/machine/problem.hpp"
#include "net/http_message.hpp"

namespace sequent::activities {

using machine::ErrorKind;
using machine::Failure;
using machine::Outcome;

/// Whether a request may be repeated although an earlier one may have had its effect.
enum class Repeat : std::uint8_t {
  harmless,  // reads and absolute writes
  guarded,   // the effect may have happened: same key, or look first
};

/// A request that got no answer.
/// errors  not sent: transient. Sent: transient where repeating is harmless, else unknown.
///         An answer past the size limit, or a request that is no request: permanent.
[[nodiscard]] Failure transport_failure(std::string_view provider, const net::TransportError& error,
                                        Repeat repeat);

/// Retry-After in milliseconds, from seconds or an HTTP date; 0 when absent, past or unreadable.
/// At most an hour is taken from a provider's word.
[[nodiscard]] DurationMs retry_after_ms(const net::Headers& headers, Timestamp now);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110's preferred form).
[[nodiscard]] std::optional<Timestamp> parse_http_date(std::string_view text);

/// Media type in lower case without parameters: "application/json".
[[nodiscard]] std::string media_type(const net::Headers& headers);
[[nodiscard]] bool is_json_type(std::string_view media_type);
[[nodiscard]] bool looks_like_html(std::string_view body);

/// Lower case, ASCII only.
[[nodiscard]] std::string lower(std::string_view text);

/// A problem of one provider: kind's type, the given status, `extensions.provider` set.
[[nodiscard]] machine::Problem provider_problem(std::string_view provider, ErrorKind kind,
                                                int status, std::string title, std::string detail);

}  // namespace sequent::activities
