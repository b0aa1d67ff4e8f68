#pragma once
// The DSL's authentication policies as what must be added to one request.
#include <expected>
#include <optional>
#include <string>
#include <variant>

#include "activities/http/token_grant.hpp"
#include "engine/runtime/activity.hpp"
#include "net/http_message.hpp"

namespace sequent::activities::http {

struct NoAuthentication {};
struct Basic {
  std::string username, password;
};
struct Digest {
  std::string username, password;
};
struct Bearer {
  std::string token;
};

using Authentication = std::variant<NoAuthentication, Basic, Digest, Bearer, TokenGrant>;

/// Reads `endpoint.authentication`: {basic|bearer|digest|oauth2|oidc: {…}}, where {use: name} stands
/// for a secret of the same shape (for bearer also a plain string).
/// errors  authorization 403: the secret is not configured, by name
///         configuration: a scheme or grant that is not supported, or a member that is missing
[[nodiscard]] std::expected<Authentication, machine::Failure> read_authentication(
    const Json& policy, const runtime::Attempt& attempt);

/// Adds what needs no further request. A TokenGrant's token is added as a Bearer.
void authenticate(net::ClientRequest& request, const Authentication& authentication);

/// The credential as it travels, so that an answer that repeats it can be kept out of problems.
[[nodiscard]] std::string credential_of(const Authentication& authentication);

/// A permanent failure of the authentication policy itself.
[[nodiscard]] machine::Failure policy_failure(machine::ErrorKind kind, std::string detail);

}  // namespace sequent::activities::http
