#include "activities/http/authentication.hpp"

#include "activities/outcomes.hpp"
#include "base/overloaded.hpp"

namespace sequent::activities::http {

namespace {

using Read = std::expected<Authentication, Failure>;

Failure missing(std::string_view scheme, std::string_view member) {
  return policy_failure(ErrorKind::configuration,
                        "authentication " + std::string(scheme) + ": expected a member '" +
                            std::string(member) + "' with a text, found none");
}

// YAML makes a number of `password: 1234`.
std::optional<std::string> scalar(const Json& object, std::string_view member) {
  const auto found = object.is_object() ? object.find(member) : object.end();
  if (!object.is_object() || found == object.end()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number() || found->is_boolean()) return dump_json(*found);
  return std::nullopt;
}

std::expected<Json, Failure> with_secret(std::string_view scheme, const Json& policy,
                                         const runtime::Attempt& attempt) {
  const auto name = scalar(policy, "use");
  if (!name) return policy;
  const auto secret = attempt.secret ? attempt.secret(*name) : std::optional<Json>{};
  if (!secret) {
    return std::unexpected(policy_failure(
        ErrorKind::authorization, "authentication " + std::string(scheme) + " uses the secret '" +
                                      *name +
                                      "', which is not configured on this node: add it, "
                                      "then retry the run"));
  }
  return *secret;
}

template <class Scheme>
Read user_and_password(std::string_view scheme, const Json& policy) {
  const auto username = scalar(policy, "username");
  const auto password = scalar(policy, "password");
  if (!username) return std::unexpected(missing(scheme, "username"));
  if (!password) return std::unexpected(missing(scheme, "password"));
  return Scheme{*username, *password};
}

Read bearer(const Json& policy) {
  if (policy.is_string()) return Bearer{policy.get<std::string>()};
  const auto token = scalar(policy, "token");
  if (!token) return std::unexpected(missing("bearer", "token"));
  return Bearer{*token};
}

Read grant(std::string_view scheme, const Json& policy) {
  auto read = read_grant(scheme, policy);
  if (!read)
    return std::unexpected(policy_failure(ErrorKind::configuration, std::move(read.error())));
  return std::move(*read);
}

}  // namespace

Failure policy_failure(ErrorKind kind, std::string detail) {
  Failure failure;
  failure.outcome = Outcome::permanent;
  failure.problem = machine::make_problem(kind, std::move(detail));
  return failure;
}

Read read_authentication(const Json& policy, const runtime::Attempt& attempt) {
  if (policy.is_null()) return NoAuthentication{};
  static constexpr std::string_view schemes[] = {"basic", "bearer", "digest", "oauth2", "oidc"};
  for (const std::string_view scheme : schemes) {
    if (!policy.is_object() || !policy.contains(scheme)) continue;
    const auto resolved = with_secret(scheme, policy.at(std::string(scheme)), attempt);
    if (!resolved) return std::unexpected(resolved.error());
    if (scheme == "basic") return user_and_password<Basic>(scheme, *resolved);
    if (scheme == "digest") return user_and_password<Digest>(scheme, *resolved);
    if (scheme == "bearer") return bearer(*resolved);
    return grant(scheme, *resolved);
  }
  std::string found = "a value that is no object";
  if (policy.is_object()) found = policy.empty() ? "no scheme" : "'" + policy.begin().key() + "'";
  return std::unexpected(policy_failure(
      ErrorKind::configuration,
      "authentication: expected one of basic, bearer, digest, oauth2 and oidc, found " + found));
}

void authenticate(net::ClientRequest& request, const Authentication& authentication) {
  const auto add = overloaded{
      [](const NoAuthentication&) {},
      [&](const Basic& basic) { request.basic_auth.emplace(basic.username, basic.password); },
      [&](const Digest& digest) { request.digest_auth.emplace(digest.username, digest.password); },
      [&](const Bearer& bearer) { request.headers.set("Authorization", "Bearer " + bearer.token); },
      [](const TokenGrant&) {},  // its token arrives as a Bearer
  };
  std::visit(add, authentication);
}

std::string credential_of(const Authentication& authentication) {
  const auto credential = overloaded{
      [](const NoAuthentication&) { return std::string(); },
      [](const Basic& basic) { return basic.password; },
      [](const Digest& digest) { return digest.password; },
      [](const Bearer& bearer) { return bearer.token; },
      [](const TokenGrant&) { return std::string(); },
  };
  return std::visit(credential, authentication);
}

}  // namespace sequent::activities::http
