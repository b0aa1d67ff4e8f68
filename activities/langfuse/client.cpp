#include "activities/langfuse/client.hpp"

#include "activities/json_api.hpp"

namespace sequent::activities::langfuse {

namespace {

constexpr std::size_t max_response_bytes = 2 << 20;  // the engine's payload limit

std::string read(const CredentialSource& source) {
  return source ? source().value_or("") : std::string();
}

ErrorKind kind_of(int status) {
  if (status == 401) return ErrorKind::authentication;
  if (status == 403) return ErrorKind::authorization;
  return ErrorKind::communication;
}

std::string title_of(int status) {
  if (status == 401) return "Keys refused";
  if (status == 403) return "Not allowed";
  if (status == 404) return "Not found";
  if (status == 413) return "Request too large";
  if (status == 422) return "Query too heavy";
  if (status == 429) return "Too many requests";
  return status >= 500 ? "Langfuse failed" : "Refused";
}

Failure refusal(const Call& call, const net::ClientResponse& response) {
  const int status = response.status;
  Failure failure;
  const bool passing = status == 408 || status == 429 || status >= 500;
  failure.outcome = passing ? Outcome::transient : Outcome::permanent;
  std::string detail =
      "Langfuse answered " + call.method + " " + call.path + " with " + std::to_string(status);
  if (status == 422) detail += ": narrow the window of the query";
  failure.problem =
      provider_problem("langfuse", kind_of(status), status, title_of(status), std::move(detail));
  failure.retry_after_ms = retry_after_ms(response.headers, call.now);
  return failure;
}

}  // namespace

boost::asio::awaitable<std::expected<Json, Failure>> Client::send(Call call) {
  const std::string user = read(config_.public_key), password = read(config_.secret_key);
  if (user.empty() || password.empty())
    co_return std::unexpected(
        not_configured("langfuse",
                       "no pair of Langfuse keys is configured on this node: set "
                       "providers.langfuse.publicKey and secretKey, then retry"));
  net::ClientRequest request;
  request.method = call.method;
  request.url = config_.base_url + call.path + query_of(call.query);
  request.timeout_ms =
      static_cast<long>(call.timeout_ms > 0 ? call.timeout_ms : config_.timeout_ms);
  request.max_response_bytes = max_response_bytes;
  request.headers.set("Accept", "application/json");
  request.basic_auth = std::make_pair(user, password);
  if (!call.body.is_null()) {
    request.headers.set("Content-Type", "application/json");
    request.body = dump_json(call.body);
  }
  const net::ClientResult result = co_await http_.send(std::move(request));
  if (!result)
    co_return std::unexpected(transport_failure("langfuse", result.error(), Repeat::harmless));
  if (result->status < 200 || result->status > 299)
    co_return std::unexpected(refusal(call, *result));
  auto body = parse_json(result->body);
  if (!body || !body->is_object())
    co_return std::unexpected(foreign_answer("langfuse", call.method + " " + call.path, *result,
                                             Repeat::harmless, call.now));
  co_return std::move(*body);
}

}  // namespace sequent::activities::langfuse
