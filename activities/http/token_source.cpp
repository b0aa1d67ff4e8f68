#include "activities/http/token_source.hpp"

#include "activities/outcomes.hpp"

namespace sequent::activities::http {

namespace {

constexpr std::size_t max_entries = 256;
constexpr DurationMs margin_ms = 30'000;            // a token is not used this close to its end
constexpr DurationMs default_lifetime_ms = 60'000;  // where the server does not say

Failure refused(ErrorKind kind, Outcome outcome, int status, std::string detail) {
  Failure failure;
  failure.outcome = outcome;
  failure.problem =
      provider_problem("authority", kind, status, "No access token", std::move(detail));
  return failure;
}

// The answer's own words stay out: they may repeat the credentials. Its error code is a fixed word.
Failure refused_by(const net::ClientResponse& response, const std::string& url, Timestamp now) {
  std::string detail = "the authority at " + url + " answered " + std::to_string(response.status);
  const auto body = parse_json(response.body);
  if (body) {
    const std::string code = text_of(*body, "error");
    if (!code.empty() && code.size() <= 64) detail += " (" + code + ")";
  }
  const bool passing = response.status == 429 || response.status >= 500;
  Failure failure = refused(passing ? ErrorKind::communication : ErrorKind::authentication,
                            passing ? Outcome::transient : Outcome::permanent,
                            passing ? response.status : 401, std::move(detail));
  failure.retry_after_ms = retry_after_ms(response.headers, now);
  return failure;
}

net::ClientRequest discovery_request(const std::string& url, DurationMs timeout_ms) {
  net::ClientRequest request;
  request.url = url;
  request.timeout_ms = static_cast<long>(timeout_ms);
  request.max_response_bytes = 256 << 10;
  request.headers.set("Accept", "application/json");
  return request;
}

}  // namespace

std::optional<std::string> TokenSource::cached(const std::string& key, Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(key);
  if (entry == entries_.end() || entry->second.expires_at <= now) return std::nullopt;
  return entry->second.token;
}

void TokenSource::remember(const std::string& key, const Token& token, Timestamp now) {
  const DurationMs lifetime = token.lifetime_ms > 0 ? token.lifetime_ms : default_lifetime_ms;
  if (lifetime <= margin_ms) return;  // too short to share
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.expires_at <= now; });
  if (entries_.size() >= max_entries) entries_.erase(entries_.begin());
  entries_[key] = Entry{token.value, now + lifetime - margin_ms};
}

void TokenSource::forget(const std::string& cache_key) {
  const std::lock_guard lock(mutex_);
  entries_.erase(cache_key);
}

boost::asio::awaitable<std::expected<std::string, Failure>> TokenSource::token_url(
    TokenGrant grant, DurationMs timeout_ms) {
  if (!grant.token_url.empty()) co_return grant.token_url;
  net::ClientRequest request = discovery_request(grant.discovery_url, timeout_ms);
  const net::ClientResult answer = co_await client_.send(std::move(request));
  if (!answer)
    co_return std::unexpected(transport_failure("authority", answer.error(), Repeat::harmless));
  if (answer->status != 200) co_return std::unexpected(refused_by(*answer, grant.discovery_url, 0));
  const auto document = parse_json(answer->body);
  std::string url = document ? text_of(*document, "token_endpoint") : "";
  if (url.empty())
    co_return std::unexpected(refused(ErrorKind::authentication, Outcome::permanent, 401,
                                      "expected an OpenID configuration with 'token_endpoint' at " +
                                          grant.discovery_url + ", found none"));
  co_return url;
}

boost::asio::awaitable<std::expected<TokenSource::Found, Failure>> TokenSource::fetch(
    TokenGrant grant, Timestamp now, DurationMs timeout_ms) {
  auto known = cached(grant.cache_key, now);
  if (known) {
    Found found{std::move(*known), true};
    co_return found;
  }
  const DurationMs each_ms = grant.token_url.empty() ? timeout_ms / 2 : timeout_ms;
  const auto url = co_await token_url(grant, each_ms);
  if (!url) co_return std::unexpected(url.error());

  net::ClientRequest request = token_request(grant, *url, each_ms);
  const net::ClientResult answer = co_await client_.send(std::move(request));
  if (!answer)
    co_return std::unexpected(transport_failure("authority", answer.error(), Repeat::harmless));
  if (answer->status < 200 || answer->status > 299)
    co_return std::unexpected(refused_by(*answer, *url, now));
  const auto token = read_token(*answer);
  if (!token)
    co_return std::unexpected(
        refused(ErrorKind::authentication, Outcome::permanent, 401, token.error()));
  remember(grant.cache_key, *token, now);
  Found found{token->value, false};
  co_return found;
}

}  // namespace sequent::activities::http
