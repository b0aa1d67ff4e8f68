#include "activities/aws/credentials.hpp"

#include <algorithm>

#include "activities/outcomes.hpp"

namespace sequent::activities::aws {

namespace {

constexpr std::size_t max_answer_bytes = 64 << 10;
constexpr DurationMs longest_margin_ms = 300'000;   // a new one is fetched that long before the end
constexpr DurationMs default_lifetime_ms = 60'000;  // where the endpoint does not say

Failure refused(ErrorKind kind, Outcome outcome, int status, std::string detail) {
  Failure failure;
  failure.outcome = outcome;
  failure.problem = provider_problem("aws", kind, status, "No credentials", std::move(detail));
  return failure;
}

Failure none_configured() {
  return refused(ErrorKind::configuration, Outcome::permanent, 400,
                 "no AWS credentials are configured on this node: set providers.aws's "
                 "accessKeyId and secretAccessKey, a profile, or the container's endpoint, then "
                 "retry");
}

}  // namespace

std::optional<AwsCredentials> Credentials::cached(Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (!temporary_ || now >= usable_until_) return std::nullopt;
  return temporary_;
}

void Credentials::forget() {
  const std::lock_guard lock(mutex_);
  temporary_.reset();
}

net::ClientRequest Credentials::container_request(DurationMs timeout_ms) const {
  net::ClientRequest request;
  request.url = config_.container_url;
  request.timeout_ms = static_cast<long>(timeout_ms);
  request.max_response_bytes = max_answer_bytes;
  request.headers.set("Accept", "application/json");
  const auto token = config_.container_token ? config_.container_token() : std::nullopt;
  if (token) request.headers.set("Authorization", *token);
  return request;
}

boost::asio::awaitable<std::expected<Credentials::Found, Failure>> Credentials::find(
    Timestamp now, DurationMs timeout_ms) {
  Found found;
  if (auto configured = config_.credentials ? config_.credentials() : std::nullopt) {
    found.credentials = std::move(*configured);
    co_return found;
  }
  if (config_.container_url.empty()) co_return std::unexpected(none_configured());
  if (auto known = cached(now)) {
    found.credentials = std::move(*known);
    found.cached = true;
    co_return found;
  }
  net::ClientRequest request = container_request(timeout_ms);
  const net::ClientResult answer = co_await http_.send(std::move(request));
  if (!answer)
    co_return std::unexpected(transport_failure("aws", answer.error(), Repeat::harmless));
  // The answer's own words stay out: they are credentials, or may repeat the token.
  if (answer->status != 200) {
    const bool passing = answer->status == 429 || answer->status >= 500;
    co_return std::unexpected(refused(
        passing ? ErrorKind::communication : ErrorKind::authentication,
        passing ? Outcome::transient : Outcome::permanent, passing ? answer->status : 401,
        "the endpoint of the container's credentials answered " + std::to_string(answer->status)));
  }
  const auto body = parse_json(answer->body);
  if (body) {
    found.credentials.access_key_id = text_of(*body, "AccessKeyId");
    found.credentials.secret_access_key = text_of(*body, "SecretAccessKey");
    found.credentials.session_token = text_of(*body, "Token");
  }
  if (found.credentials.access_key_id.empty() || found.credentials.secret_access_key.empty())
    co_return std::unexpected(refused(ErrorKind::authentication, Outcome::transient, 502,
                                      "expected AccessKeyId and SecretAccessKey from the endpoint "
                                      "of the container's credentials, got something else"));
  const auto expires_at = parse_time(text_of(*body, "Expiration"));
  const DurationMs lifetime = expires_at ? *expires_at - now : default_lifetime_ms;
  const std::lock_guard lock(mutex_);
  temporary_ = found.credentials;
  usable_until_ = now + lifetime - std::min(longest_margin_ms, lifetime / 4);
  co_return found;
}

}  // namespace sequent::activities::aws
