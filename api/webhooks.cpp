// Webhooks: checked over the raw bytes, stored and de-duplicated before they are acknowledged.
#include "api/delivery.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"
#include "api/stripe_event.hpp"
#include "api/webhook_source.hpp"

namespace sequent::api {
namespace {

/// What tells one sender from another.
struct Inlet {
  const char* origin;         // in the inbox
  const char* manual_origin;  // the same for events by hand
  const char* manual_action;  // in the audit log
  SignatureRule rule;
  const std::vector<std::string>* secrets;  // of the configuration
  std::function<Result<Json>(const net::ServerRequest&)> event_of;
};

/// errors  invalid_request, unavailable (no secret is configured), forbidden (by hand, where that is
///         not allowed)
Result<void> check_origin(const Context& context, const Inlet& inlet,
                          const net::ServerRequest& request, bool manual) {
  if (manual && context.config.allow_unsigned_webhooks) return {};
  if (manual)
    return fail(ErrorCode::forbidden,
                "Events without a signature are not allowed here. Outside of production the "
                "setting `webhooks.allowUnsigned` allows them.");
  if (inlet.secrets->empty() && request.headers.find(inlet.rule.header) != nullptr) {
    Error error{.code = ErrorCode::unavailable,
                .detail = "No signing secret is configured for this webhook.",
                .retry_after_seconds = 60};
    return std::unexpected(std::move(error));
  }
  return check_signature(inlet.rule, request.headers, request.body, *inlet.secrets,
                         context.ports.clock.now());
}

Result<Json> read(const Context& context, const Inlet& inlet, const net::ServerRequest& request,
                  bool manual) {
  if (auto allowed = check_origin(context, inlet, request, manual); !allowed)
    return std::unexpected(std::move(allowed.error()));
  return inlet.event_of(request);
}

Result<bool> is_manual(const net::ServerRequest& request) {
  const auto asked = query_value(request, "manual").value_or("false");
  if (asked == "true" || asked == "false") return asked == "true";
  return fail(ErrorCode::invalid_request,
              "Expected `manual` to be true or false, got \"" + asked + "\".");
}

asio::awaitable<Answer> receive(Context& context, const Call& call, const Inlet inlet) {
  const auto by_hand = is_manual(call.request);
  if (!by_hand) co_return problem(context, by_hand.error());
  const bool manual = *by_hand;
  auto event = read(context, inlet, call.request, manual);
  Result<void> done;
  if (!event) done = std::unexpected(event.error());
  AuditNote note;
  note.action = inlet.manual_action;
  runtime::Delivered delivered;
  if (done) {
    note.target = text_of(*event, "id");
    auto delivering = context.ports.engine.deliver(*std::move(event),
                                                   manual ? inlet.manual_origin : inlet.origin);
    const auto result = co_await std::move(delivering);
    if (result) delivered = *result;
    if (!result) done = std::unexpected(result.error());
  }
  if (manual) {
    note.outcome = outcome_of(done);
    co_await audit(context, call, note);
  }
  if (!done) co_return problem(context, done.error());
  co_return json_answer(200, delivery_json(delivered));
}

Inlet stripe_inlet(const Context& context) {
  Inlet inlet{"stripe", "stripe-manual", "stripe-event-by-hand", {}, nullptr, {}};
  inlet.rule = stripe_signature_rule(context.config.webhook_tolerance_seconds);
  inlet.secrets = &context.config.stripe_webhook_secrets;
  inlet.event_of = [&context](const net::ServerRequest& request) -> Result<Json> {
    const auto body = parse_json(request.body, context.config.max_json_depth);
    if (!body) return std::unexpected(body.error());
    return cloud_event_of_stripe(*body);
  };
  return inlet;
}

Inlet inlet_of(const Context& context, const WebhookSource& source) {
  Inlet inlet{"webhook", "webhook-manual", "webhook-by-hand", {}, nullptr, {}};
  inlet.rule = source.signature;
  inlet.secrets = &source.secrets;
  inlet.event_of = [&context, &source](const net::ServerRequest& request) {
    return cloud_event_of_webhook(source, request, context.ports.clock.now(),
                                  context.config.max_json_depth);
  };
  return inlet;
}

asio::awaitable<Answer> no_source(Context& context, const std::string name) {
  const Error error{.code = ErrorCode::not_found,
                    .detail = "There is no source of webhooks named " + name.substr(0, 100) +
                              ". The setting `webhooks.sources` names them."};
  co_return problem(context, error);
}

}  // namespace

asio::awaitable<Answer> receive_stripe(Context& context, const Call& call) {
  return receive(context, call, stripe_inlet(context));
}

asio::awaitable<Answer> receive_webhook(Context& context, const Call& call) {
  for (const auto& source : context.config.webhook_sources)
    if (source.name == call.at("source")) return receive(context, call, inlet_of(context, source));
  return no_source(context, call.at("source"));
}

}  // namespace sequent::api
