// Webhooks: checked over the raw bytes, stored and de-duplicated before they are acknowledged.
#include "api/delivery.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"
#include "api/stripe_event.hpp"
#include "api/stripe_signature.hpp"

namespace sequent::api {
namespace {

constexpr const char* manual_action = "stripe-event-by-hand";

/// errors  invalid_request, unavailable (no secret is configured), forbidden (by hand, where that is
///         not allowed)
Result<void> check_origin(const Context& context, const net::ServerRequest& request, bool manual) {
  const auto& config = context.config;
  if (manual && config.allow_unsigned_webhooks) return {};
  if (manual)
    return fail(ErrorCode::forbidden,
                "Events without a signature are not allowed here. Outside of production the "
                "setting `webhooks.allowUnsigned` allows them.");
  const auto* header = request.headers.find("Stripe-Signature");
  if (header == nullptr)
    return fail(ErrorCode::invalid_request,
                "Expected a Stripe-Signature header; none came. Only Stripe itself sends here.");
  if (config.stripe_webhook_secrets.empty()) {
    Error error{.code = ErrorCode::unavailable,
                .detail = "No signing secret is configured for this webhook.",
                .retry_after_seconds = 60};
    return std::unexpected(std::move(error));
  }
  return check_stripe_signature(*header, request.body, config.stripe_webhook_secrets,
                                context.ports.clock.now(), config.webhook_tolerance_seconds);
}

Result<Json> read_stripe(const Context& context, const net::ServerRequest& request, bool manual) {
  if (auto allowed = check_origin(context, request, manual); !allowed)
    return std::unexpected(std::move(allowed.error()));
  auto body = parse_json(request.body, context.config.max_json_depth);
  if (!body) return std::unexpected(std::move(body.error()));
  return cloud_event_of_stripe(*body);
}

}  // namespace

asio::awaitable<Answer> receive_stripe(Context& context, const Call& call) {
  const auto asked = query_value(call.request, "manual").value_or("false");
  if (asked != "true" && asked != "false") {
    const Error error{.code = ErrorCode::invalid_request,
                      .detail = "Expected `manual` to be true or false, got \"" + asked + "\"."};
    co_return problem(context, error);
  }
  const bool manual = asked == "true";
  auto event = read_stripe(context, call.request, manual);
  Result<void> done;
  if (!event) done = std::unexpected(event.error());
  AuditNote note;
  note.action = manual_action;
  runtime::Delivered delivered;
  if (done) {
    note.target = text_of(*event, "id");
    auto delivering =
        context.ports.engine.deliver(*std::move(event), manual ? "stripe-manual" : "stripe");
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

}  // namespace sequent::api
