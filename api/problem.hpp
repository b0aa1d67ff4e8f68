#pragma once
// The one place where an error becomes a status: application/problem+json (RFC 9457).
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/http_server.hpp"

namespace sequent::api {

/// It has effects that nobody has confirmed; each is a finding. To confirm is a matter of the API alone, so
/// the engine's codes know nothing of it.
inline constexpr auto unconfirmed =
    static_cast<ErrorCode>(static_cast<int>(ErrorCode::internal) + 1);

/// What is said of one kind of error: in answers, and on its documentation page.
struct ProblemKind {
  ErrorCode code;
  std::string_view slug;  // stable: the last segment of `type`
  std::string_view title;
  int status;
  std::string_view meaning;  // for the documentation page
  std::string_view remedy;
};

[[nodiscard]] std::span<const ProblemKind> problem_kinds();
[[nodiscard]] const ProblemKind& kind_of(ErrorCode code);
/// Null when no kind has this slug.
[[nodiscard]] const ProblemKind* find_kind(std::string_view slug);

/// `base` stands before "/problems/<slug>" in `type`.
[[nodiscard]] net::ServerResponse problem_response(const Error& error, std::string_view base);
/// The same for an answer that the server itself makes with its own status.
[[nodiscard]] net::ServerResponse problem_response(int status, std::string detail,
                                                   std::string_view base);

}  // namespace sequent::api
