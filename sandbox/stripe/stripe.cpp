#include "sandbox/stripe/stripe.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "sandbox/form.hpp"
#include "sandbox/stripe/accounts.hpp"
#include "sandbox/stripe/portal.hpp"
#include "sandbox/stripe/render.hpp"
#include "sandbox/stripe/resources.hpp"
#include "sandbox/stripe/routes.hpp"

namespace sequent::sandbox::stripe {

struct StripeStandIn::Request {
  const net::ServerRequest& http;
  Timestamp now = 0;
  std::string request_id;
  std::string version;
  std::string account;
  std::string key;  // empty: none, or a method for which it has no effect
  RouteMatch match;
  Json form = Json::object();
  std::string fingerprint;
  CallFaults faults;
  bool replayed = false;
};

namespace {

// Basic credentials arrive as base64("sk_…:"), so the expected header is computed, not decoded.
bool is_authorized(const std::string& header, const std::string& api_key) {
  const auto is = [&](std::string_view scheme, const std::string& expected) {
    return header.size() > scheme.size() && header.starts_with(scheme) &&
           equal_constant_time(std::string_view(header).substr(scheme.size()), expected);
  };
  return is("Bearer ", api_key) || is("Basic ", base64_encode(api_key + ":"));
}

ApiError fault_error(const Fault& fault) {
  if (fault.kind == FaultKind::rate_limit)
    return {.status = 429,
            .code = fault.code,
            .message = fault.code == "lock_timeout"
                           ? "This object cannot be accessed right now because another API request "
                             "is currently accessing it."
                           : "Request rate limit exceeded."};
  return {.status = fault.status,
          .type = "api_error",
          .message = "An unexpected error occurred while processing your request."};
}

}  // namespace

StripeStandIn::StripeStandIn(StripeOptions options, Timestamp now)
    : options_(std::move(options)), controls_(options_.seed) {
  start_afresh(now);
}

void StripeStandIn::start_afresh(Timestamp now) {
  controls_ = Controls(options_.seed);
  keys_ = IdempotencyTable();
  world_ = std::make_unique<World>(options_.seed);
  world_->retry = options_.webhook_retry;
  Scene scene{*world_, world_->account(""), controls_.faults, now, Cause{}};
  seed_catalog(scene);
  seed_portal(scene);
  if (options_.webhook_url.empty()) return;
  // What connected accounts do is told to an endpoint of its own.
  for (const bool connect : {false, true})
    add_endpoint(scene, options_.webhook_url, {options_.webhook_secret}, Json::array({"*"}),
                 connect, options_.api_version)["_thin"] = !connect;
}

Reply StripeStandIn::handle(const net::ServerRequest& request, Timestamp real_now) {
  const auto now = real_now + controls_.clock_offset;
  run_timers(*world_, controls_.faults, now);
  if (request.path.starts_with("/_sandbox/")) {
    const auto before = controls_.clock_offset;
    auto reply = handle_admin(request, now);
    // What the clock skipped over happens before its new time is told to anybody.
    if (controls_.clock_offset != before)
      run_timers(*world_, controls_.faults, real_now + controls_.clock_offset);
    return reply;
  }
  return handle_api(request, now);
}

std::vector<WebhookSend> StripeStandIn::webhooks_due(Timestamp now) {
  run_timers(*world_, controls_.faults, now + controls_.clock_offset);
  return take_due_webhooks(*world_, now + controls_.clock_offset);
}

void StripeStandIn::webhook_answered(std::uint64_t delivery, int status, Timestamp now) {
  note_webhook_answer(*world_, delivery, status, now + controls_.clock_offset);
}

std::optional<Timestamp> StripeStandIn::next_due() const {
  std::optional<Timestamp> next;
  const auto consider = [&](Timestamp at) { next = next ? std::min(*next, at) : at; };
  if (!world_->timers.empty()) consider(world_->timers.begin()->at);
  if (!world_->due_deliveries.empty()) consider(world_->due_deliveries.begin()->first);
  if (next) *next -= controls_.clock_offset;
  return next;
}

Reply StripeStandIn::handle_api(const net::ServerRequest& http, Timestamp now) {
  Request call{.http = http, .now = now};
  call.request_id = world_->make_id("req_", 14);
  call.version = http.headers.value("Stripe-Version", options_.api_version);
  call.account = http.headers.value("Stripe-Account");
  if (http.method == "POST") call.key = http.headers.value("Idempotency-Key");
  call.match = find_route(http.method, http.path);
  call.faults = controls_.take(http, now);

  auto reply = reply_without_effect(call.faults).value_or(Reply{});
  if (reply.delivery == Delivery::answer && reply.response.body.empty()) {
    reply = serve(call);
    spoil(reply, call.faults);
  }
  CallSeen seen;
  seen.method = http.method;
  seen.route = call.match.route == nullptr ? "(unknown)" : call.match.route->pattern;
  seen.account = call.account;
  seen.idempotency_key = call.key;
  seen.status = reply.delivery == Delivery::answer ? reply.response.status : 0;
  seen.answered = reply.delivery == Delivery::answer;
  seen.replayed = call.replayed;
  controls_.calls.saw(seen);
  return reply;
}

// Who asks, for whom, in which version: nothing found here is ever stored under a key.
Answer<void> StripeStandIn::admit(Request& call) const {
  const auto credentials = call.http.headers.value("Authorization");
  if (credentials.empty())
    return std::unexpected(ApiError{
        .status = 401,
        .message =
            "You did not provide an API key. Send it as Authorization: Bearer YOUR_SECRET_KEY, "
            "or as the user name of HTTP basic authentication."});
  if (!is_authorized(credentials, options_.api_key))
    return std::unexpected(ApiError{.status = 401, .message = "Invalid API Key provided."});
  if (!call.account.empty() && connected_account(*world_, call.account) == nullptr)
    return std::unexpected(no_access(call.account));
  if (!is_version(call.version))
    return std::unexpected(ApiError{.message = "Invalid Stripe API version: " + call.version});
  if (call.key.size() > 255)
    return std::unexpected(
        ApiError{.message = "Idempotency keys can have up to 255 characters, got " +
                            std::to_string(call.key.size()) + "."});
  if (call.match.route == nullptr)
    return std::unexpected(ApiError{
        .status = 404,
        .message = "Unrecognized request URL (" + call.http.method + ": " + call.http.path + ")."});
  return {};
}

Answer<void> StripeStandIn::decode(Request& call) const {
  const bool in_body = call.http.method == "POST";
  const auto type = call.http.headers.value("Content-Type");
  if (in_body && !call.http.body.empty() && !type.empty() &&
      !type.starts_with("application/x-www-form-urlencoded"))
    return bad_parameter(
        "", "",
        "Invalid request: expected Content-Type application/x-www-form-urlencoded, got " + type);
  auto form = decode_form(in_body ? call.http.body : call.http.query);
  if (!form) return bad_parameter("", "", "Invalid request: " + form.error().detail);
  call.form = std::move(*form);
  call.fingerprint = call.http.method + " " + call.http.path + " " + dump_json(call.form);
  return {};
}

Reply StripeStandIn::serve(Request& call) {
  const auto admitted = admit(call);
  if (!admitted) return failed(call, admitted.error());
  const auto& fault = call.faults.main;
  if (fault && fault->kind == FaultKind::rate_limit) return failed(call, fault_error(*fault));
  const auto decoded = decode(call);
  if (!decoded) return failed(call, decoded.error());
  if (call.key.empty()) return execute(call);

  const auto found = keys_.find(call.account, call.key, call.fingerprint, call.now);
  if (const auto* stored = std::get_if<StoredAnswer>(&found)) {
    call.replayed = true;
    Reply reply;
    reply.response.status = stored->status;
    reply.response.body = stored->body;
    reply.response.headers.set("Idempotent-Replayed", "true");
    reply.response.headers.set("Original-Request", stored->request_id);
    reply.response.headers.set("Content-Type", "application/json");
    reply.response.headers.set("Idempotency-Key", call.key);
    reply.response.headers.set("Request-Id", call.request_id);
    reply.response.headers.set("Stripe-Version", call.version);
    // A saved failure is final for its key: the server says so itself.
    if (stored->status >= 500) reply.response.headers.set("Stripe-Should-Retry", "false");
    return reply;
  }
  if (std::holds_alternative<IdempotencyTable::InFlight>(found))
    return failed(call, {.status = 409,
                         .type = "idempotency_error",
                         .code = "idempotency_key_in_use",
                         .message = "There is currently another in-progress request using this "
                                    "Idempotency-Key."});
  if (std::holds_alternative<IdempotencyTable::Mismatch>(found))
    return failed(call, {.type = "idempotency_error",
                         .message = "Keys for idempotent requests can only be used with the same "
                                    "endpoint and the same parameters they were first used with."});
  return execute(call);
}

Reply StripeStandIn::execute(Request& call) {
  const auto params = check_params(call.match.route->params, call.form);
  if (!params) return failed(call, params.error());
  const auto& fault = call.faults.main;
  const bool broken = fault && fault->kind == FaultKind::server_error;
  if (broken && !fault->effect) return server_error(call, *fault);

  Scene scene{*world_, world_->account(call.account), controls_.faults, call.now,
              Cause{call.request_id, call.key, call.version}};
  const auto allowed =
      check_charges(scene, call.match.route->method, call.match.route->pattern, *params);
  if (!allowed) return failed(call, allowed.error());
  auto object = call.match.route->handle({scene, *params, call.match.id});
  if (!object) return failed(call, object.error());
  auto rendered = expand(scene.account, render(*object, call.version),
                         params->value("expand", Json::array()), call.version);
  if (!rendered) {
    // The effect has happened by now, so the mistake counts as an answer of the execution.
    rendered.error().executed = true;
    return failed(call, rendered.error());
  }
  const bool creates =
      call.http.method == "POST" && call.match.id.empty() && !call.match.route->one_time;
  if (creates)
    controls_.calls.made(call.account + " " + call.fingerprint, text_of(*object, "object"),
                         text_of(*object, "id", text_of(*object, "identifier")), call.key);
  if (broken) return server_error(call, *fault);

  Reply reply;
  reply.response.body = rendered->dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  reply.response.headers.set("Content-Type", "application/json");
  reply.response.headers.set("Request-Id", call.request_id);
  reply.response.headers.set("Stripe-Version", call.version);
  if (!call.key.empty()) reply.response.headers.set("Idempotency-Key", call.key);
  remember(call, reply);
  return reply;
}

Reply StripeStandIn::failed(Request& call, const ApiError& error) {
  Reply reply;
  reply.response.status = error.status;
  reply.response.body =
      error.to_json(call.request_id).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  auto& headers = reply.response.headers;
  headers.set("Content-Type", "application/json");
  headers.set("Request-Id", call.request_id);
  headers.set("Stripe-Version", call.version);
  if (!call.key.empty()) headers.set("Idempotency-Key", call.key);
  const auto& fault = call.faults.main;
  if (error.status == 429 && fault) {
    if (fault->retry_after) headers.set("Retry-After", std::to_string(*fault->retry_after));
    const bool lock = fault->code == "lock_timeout";
    if (!lock) headers.set("Stripe-Rate-Limited-Reason", "endpoint-rate");
    if (fault->should_retry || lock)
      headers.set("Stripe-Should-Retry", fault->should_retry.value_or(true) ? "true" : "false");
  }
  if (error.executed) remember(call, reply);
  return reply;
}

Reply StripeStandIn::server_error(Request& call, const Fault& fault) {
  auto reply = failed(call, fault_error(fault));
  if (fault.should_retry)
    reply.response.headers.set("Stripe-Should-Retry", *fault.should_retry ? "true" : "false");
  if (fault.stored) remember(call, reply);
  return reply;
}

void StripeStandIn::remember(Request& call, const Reply& reply) {
  if (call.key.empty()) return;
  // While a slow answer is under way its key is in flight for everybody else.
  keys_.store(call.account, call.key, call.fingerprint,
              {reply.response.status, reply.response.body, call.request_id}, call.now,
              call.now + call.faults.latency_ms);
}

}  // namespace sequent::sandbox::stripe
