#include "activities/stripe/client.hpp"

#include "activities/outcomes.hpp"
#include "activities/stripe/form.hpp"
#include "activities/stripe/outcome.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::stripe {

namespace {

constexpr std::size_t max_response_bytes = 2 << 20;  // the engine's payload limit

Failure no_key() {
  Failure failure;
  failure.outcome = Outcome::permanent;
  failure.problem = provider_problem(
      "stripe", ErrorKind::configuration, 400, "No API key",
      "no Stripe API key is configured on this node: set providers.stripe's key, then retry");
  return failure;
}

}  // namespace

net::ClientRequest Client::request_of(const Call& call, const std::string& key) const {
  net::ClientRequest request;
  request.method = call.method;
  request.url = config_.base_url + call.path;
  request.timeout_ms =
      static_cast<long>(call.timeout_ms > 0 ? call.timeout_ms : config_.timeout_ms);
  request.max_response_bytes = max_response_bytes;
  request.headers.set("Authorization", "Bearer " + key);
  request.headers.set("Stripe-Version", config_.api_version);
  request.headers.set("Accept", "application/json");
  if (!call.account.empty()) request.headers.set("Stripe-Account", call.account);

  // What no key protects must not be repeated behind our back.
  request.fresh_connection =
      call.method != "GET" && (call.method != "POST" || call.idempotency_key.empty());

  std::string form = encode_form(call.parameters);
  if (call.method == "POST") {
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    if (!call.idempotency_key.empty()) request.headers.set("Idempotency-Key", call.idempotency_key);
    request.body = std::move(form);
  } else if (!form.empty()) {
    request.url += "?" + form;
  }
  return request;
}

boost::asio::awaitable<std::expected<Json, Failure>> Client::send(Call call) {
  const auto key = config_.api_key ? config_.api_key() : std::optional<std::string>{};
  if (!key || key->empty()) co_return std::unexpected(no_key());
  net::ClientRequest request = request_of(call, *key);
  const net::ClientResult result = co_await http_.send(std::move(request));
  if (result) runtime::note_request_id(call.request_id, result->headers.value("Request-Id"));
  const Asked asked{call.method, call.path, call.now};
  co_return outcome_of(asked, result);
}

}  // namespace sequent::activities::stripe
