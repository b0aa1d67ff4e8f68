#include "activities/http/call.hpp"

#include "activities/http/outcome.hpp"
#include "activities/http/request.hpp"
#include "activities/http/response.hpp"
#include "activities/outcomes.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::http {

namespace {

// One activity, as many providers as there are hosts.
std::string server_of(const Json& input) {
  const auto endpoint = input.find("endpoint");
  if (endpoint == input.end() || !endpoint->is_object()) return "";
  const std::string uri = text_of(*endpoint, "uri");
  const auto scheme = uri.find("://");
  if (scheme == std::string::npos) return "";
  const auto from = scheme + 3;
  std::string host = uri.substr(from, uri.find_first_of("/?#", from) - from);
  host.erase(0, host.rfind('@') + 1);  // npos + 1 = 0
  return lower(host);
}

runtime::ActivitySpec make_spec(const HttpConfig& config) {
  runtime::ActivitySpec spec;
  spec.name = "http";
  spec.version = "1";
  spec.provider = "http";
  spec.summary = "Sends one HTTP request and gives its answer.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["method", "endpoint"],
    "properties": {
      "method": {"type": "string"},
      "endpoint": {
        "type": "object",
        "required": ["uri"],
        "properties": {"uri": {"type": "string"}, "authentication": {"type": "object"}}
      },
      "headers": {"type": "object"},
      "query": {"type": "object"},
      "body": {},
      "output": {"enum": ["raw", "content", "response"]},
      "redirect": {"type": "boolean"}
    }
  })json");
  spec.output_schema = Json(true);  // whatever the server answers
  spec.timeout_ms = config.timeout_ms;
  spec.key_retention_ms = 24 * 3'600'000LL;
  spec.keys_unsure = true;  // any server may be at the other end
  spec.operation_class = "call";
  spec.server = server_of;
  return compiled(std::move(spec));
}

Json policy_of(const Json& input) {
  const auto endpoint = input.find("endpoint");
  if (endpoint == input.end() || !endpoint->is_object()) return {};
  return endpoint->value("authentication", Json());
}

bool redirect_of(const Json& input) {
  const auto redirect = input.find("redirect");
  return redirect != input.end() && redirect->is_boolean() && redirect->get<bool>();
}

}  // namespace

HttpCall::HttpCall(HttpConfig config, net::HttpClient& client)
    : config_(config), client_(client), tokens_(client), spec_(make_spec(config)) {}

boost::asio::awaitable<runtime::ActivityResult> HttpCall::run(runtime::Attempt attempt,
                                                              Json input) {
  auto request = build_request(attempt, input, config_);
  if (!request) co_return std::unexpected(request.error());
  const Json policy = policy_of(input);
  auto authentication = read_authentication(policy, attempt);
  if (!authentication) co_return std::unexpected(authentication.error());

  std::string cached_token_key;
  if (const auto* grant = std::get_if<TokenGrant>(&*authentication)) {
    // The attempt's time is shared out, as no clock may be read here.
    request->timeout_ms /= 2;
    TokenGrant asked = *grant;
    const auto found = co_await tokens_.fetch(asked, attempt.now, request->timeout_ms);
    if (!found) co_return std::unexpected(found.error());
    if (found->cached) cached_token_key = asked.cache_key;
    authentication = Bearer{found->token};
  }
  authenticate(*request, *authentication);

  net::ClientRequest outgoing = *request;
  const net::ClientResult response = co_await client_.send(std::move(outgoing));
  if (!response) {
    const Repeat repeat =
        is_idempotent_method(request->method) ? Repeat::harmless : Repeat::guarded;
    co_return std::unexpected(transport_failure("http", response.error(), repeat));
  }
  for (const char* name : {"Request-Id", "X-Request-Id"})
    runtime::note_request_id(attempt.request_id, response->headers.value(name));
  if (is_success(response->status, redirect_of(input)))
    co_return read_response(input, *request, *response, config_);

  Failure failure =
      status_failure(*request, *response, credential_of(*authentication), attempt.now);
  if (response->status == 401 && !cached_token_key.empty()) {
    // The token may have been revoked before its time: the next attempt asks for a fresh one.
    tokens_.forget(cached_token_key);
    failure.outcome = Outcome::transient;
  }
  co_return std::unexpected(std::move(failure));
}

boost::asio::awaitable<runtime::Reconciliation> HttpCall::reconcile(runtime::Attempt attempt,
                                                                    Json input) {
  if (!is_idempotent_method(text_of(input, "method"))) {
    runtime::Reconciliation unknown =
        co_await Activity::reconcile(std::move(attempt), std::move(input));
    co_return unknown;
  }
  runtime::Reconciliation harmless;
  harmless.found = runtime::Reconciliation::Found::absent;
  co_return harmless;
}

}  // namespace sequent::activities::http
