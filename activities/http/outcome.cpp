#include "activities/http/outcome.hpp"

#include <boost/beast/http/status.hpp>

#include "activities/http/request.hpp"
#include "activities/outcomes.hpp"

namespace sequent::activities::http {

namespace {

constexpr std::size_t max_shown_bytes = 4096;

Outcome outcome_of(const net::ClientRequest& request, const net::ClientResponse& response) {
  const int status = response.status;
  if (status == 425 || status == 429) return Outcome::transient;  // refused before any work
  if (status == 501 || status == 505) return Outcome::permanent;  // the server never will
  if (status != 408 && status < 500) return Outcome::permanent;
  if (is_idempotent_method(request.method)) return Outcome::transient;
  // With Retry-After a 503 is a refusal; without, nobody knows how far the request came.
  const bool refused = status == 503 && response.headers.find("Retry-After") != nullptr;
  return refused ? Outcome::transient : Outcome::unknown;
}

ErrorKind kind_of(int status) {
  if (status == 401) return ErrorKind::authentication;
  if (status == 403) return ErrorKind::authorization;
  return ErrorKind::communication;
}

Json shown_content(const net::ClientResponse& response, const std::string& credential) {
  if (response.body.empty() || response.body.size() > max_shown_bytes) return {};
  if (!credential.empty() && response.body.find(credential) != std::string::npos) return {};
  if (is_json_type(media_type(response.headers))) {
    auto parsed = parse_json(response.body);
    if (parsed) return std::move(*parsed);
  }
  if (media_type(response.headers).starts_with("text/") && !looks_like_html(response.body))
    return response.body;
  return {};
}

}  // namespace

bool is_success(int status, bool redirect) {
  return status >= 200 && status < (redirect ? 400 : 300);
}

Failure status_failure(const net::ClientRequest& request, const net::ClientResponse& response,
                       const std::string& credential, Timestamp now) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  const std::string title(reason.data(), reason.size());
  Failure failure;
  failure.outcome = outcome_of(request, response);
  failure.retry_after_ms = retry_after_ms(response.headers, now);
  failure.problem =
      provider_problem("http", kind_of(response.status), response.status, title,
                       request.method + " " + printable_url(request.url) + " was answered " +
                           std::to_string(response.status) + " " + title);
  Json content = shown_content(response, credential);
  if (!content.is_null()) failure.problem.extensions["content"] = std::move(content);
  return failure;
}

}  // namespace sequent::activities::http
