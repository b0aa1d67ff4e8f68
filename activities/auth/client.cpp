#include "activities/auth/client.hpp"

#include "activities/outcomes.hpp"

namespace sequent::activities::auth {

namespace {

constexpr std::size_t max_response_bytes = 1 << 20;

Failure failed(ErrorKind kind, Outcome outcome, int status, std::string title, std::string detail) {
  Failure failure;
  failure.outcome = outcome;
  failure.problem = provider_problem("auth", kind, status, std::move(title), std::move(detail));
  return failure;
}

net::ClientRequest request_of(const Call& call, const AuthConfig& config,
                              const std::string& token) {
  net::ClientRequest request;
  request.method = call.method;
  request.url = config.base_url + call.path;
  // Never longer than configured: the service may not answer at all.
  request.timeout_ms = static_cast<long>(
      call.timeout_ms > 0 ? std::min(call.timeout_ms, config.timeout_ms) : config.timeout_ms);
  request.max_response_bytes = max_response_bytes;
  request.headers.set("Authorization", "Bearer " + token);
  request.headers.set("Accept", "application/json");
  return request;
}

Failure refused(const Call& call, const net::ClientResponse& response) {
  const int status = response.status;
  const std::string detail = "the authentication service answered " + call.method + " " +
                             call.path + " with " + std::to_string(status);
  if (status == 401)
    return failed(ErrorKind::authentication, Outcome::permanent, status, "Token refused", detail);
  if (status == 403)
    return failed(ErrorKind::authorization, Outcome::permanent, status, "Not allowed", detail);
  const bool passing = status == 408 || status == 429 || status >= 500;
  Failure failure =
      failed(ErrorKind::communication, passing ? Outcome::transient : Outcome::permanent, status,
             status == 404 ? "Not found" : "Refused", detail);
  failure.retry_after_ms = retry_after_ms(response.headers, call.now);
  return failure;
}

}  // namespace

boost::asio::awaitable<std::expected<Answer, Failure>> Client::send(Call call, int accepted) {
  std::string token = call.token;
  if (token.empty() && config_.service_token) token = config_.service_token().value_or("");
  if (token.empty()) {
    co_return std::unexpected(failed(
        ErrorKind::authentication, Outcome::permanent, 401, "No token",
        "expected a bearer token in the input, or a configured service token; found neither"));
  }
  net::ClientRequest request = request_of(call, config_, token);
  const net::ClientResult result = co_await http_.send(std::move(request));
  if (!result)
    co_return std::unexpected(transport_failure("auth", result.error(), Repeat::harmless));
  const bool good = (result->status >= 200 && result->status <= 299) || result->status == accepted;
  if (!good) co_return std::unexpected(refused(call, *result));

  auto body = parse_json(result->body);
  if (!body || !body->is_object()) {
    co_return std::unexpected(
        failed(ErrorKind::communication, Outcome::transient, result->status, "Not JSON",
               "expected a JSON object for " + call.method + " " + call.path + ", got " +
                   (looks_like_html(result->body) ? "an HTML page" : "something else")));
  }
  Answer answer{result->status, std::move(*body)};
  co_return answer;
}

}  // namespace sequent::activities::auth
