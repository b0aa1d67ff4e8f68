// Administration of the Stripe stand-in: the state, the paying customer, endpoints.
#include "sandbox/stripe/checkout.hpp"
#include "sandbox/stripe/render.hpp"
#include "sandbox/stripe/resources.hpp"
#include "sandbox/stripe/stripe.hpp"
#include "sandbox/stripe/usage.hpp"

namespace sequent::sandbox::stripe {
namespace {

std::unexpected<Error> wrong_member(const std::string& name, const std::string& expected,
                                    const Json& value) {
  return fail(ErrorCode::invalid_request,
              "member \"" + name + "\": expected " + expected + ", got " + dump_json(value));
}

Result<Payment> payment_of(const Json& body) {
  const Json outcome = body.value("outcome", Json("paid"));
  if (outcome == "paid") return Payment::paid;
  if (outcome == "unpaid-then-async-success") return Payment::async_success;
  if (outcome == "async-failure") return Payment::async_failure;
  if (outcome == "declined") return Payment::declined;
  return wrong_member("outcome", "paid, unpaid-then-async-success, async-failure or declined",
                      outcome);
}

Result<std::vector<std::string>> texts_of(const Json& value, const std::string& name) {
  if (value.is_string()) return std::vector<std::string>{value.get<std::string>()};
  std::vector<std::string> texts;
  if (value.is_array())
    for (const auto& item : value)
      if (item.is_string() && item != "") texts.push_back(item.get<std::string>());
  if (texts.empty() || texts.size() != value.size())
    return wrong_member(name, "a text or an array of texts", value);
  return texts;
}

const char* name_of(WebhookDelivery::State state) {
  switch (state) {
    case WebhookDelivery::State::waiting:
      return "waiting";
    case WebhookDelivery::State::in_flight:
      return "in-flight";
    case WebhookDelivery::State::delivered:
      return "delivered";
    case WebhookDelivery::State::given_up:
      return "given-up";
  }
  return "?";
}

}  // namespace

Reply StripeStandIn::handle_admin(const net::ServerRequest& request, Timestamp now) {
  if (auto reply = controls_.handle(request, now)) return std::move(*reply);
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  const auto& path = request.path;
  if (get && path == "/_sandbox/state") return admin_answer(200, admin_state(now));
  if (get && path == "/_sandbox/webhook-deliveries") return admin_answer(200, admin_deliveries());
  if (path == "/_sandbox/webhook-endpoints") {
    if (post) return admin_add_endpoint(request, now);
    if (get) {
      Json endpoints = Json::array();
      for (const auto& entry : world_->account("").kinds["webhook_endpoint"].by_id)
        endpoints.push_back(render(entry.second, options_.api_version));
      return admin_answer(200, {{"webhookEndpoints", endpoints}});
    }
  }
  if (post && path.starts_with("/_sandbox/checkout/")) return admin_checkout(request, now);
  if (auto reply = admin_connect(request, now)) return std::move(*reply);
  if (post && path == "/_sandbox/reset") {
    start_afresh(now - controls_.clock_offset);
    return admin_answer(200, {{"reset", true}});
  }
  if (auto reply = admin_billing(request, now)) return std::move(*reply);
  return admin_mistake(
      {.code = ErrorCode::not_found,
       .detail =
           "no such administration call: " + request.method + " " + path +
           ". Expected GET state, calls, faults, webhook-endpoints or webhook-deliveries; POST "
           "faults, clock, reset, webhook-endpoints, checkout/{session}/pay, "
           "checkout/{session}/expire, dashboard, subscriptions/{id}/renew, "
           "subscriptions/{id}/give-up, invoices/{id}/pay, customers/{id}/card, "
           "products/{id}/reprice, events/deliver, portal/{session}/cancel, "
           "portal/{session}/resume, portal/{session}/change-plan or "
           "portal/{session}/change-card; DELETE faults or faults/{id}"});
}

Reply StripeStandIn::admin_checkout(const net::ServerRequest& request, Timestamp now) {
  constexpr std::string_view base = "/_sandbox/checkout/";
  const auto rest = request.path.substr(base.size());
  const auto slash = rest.find('/');
  const auto session = rest.substr(0, slash);
  const auto verb = slash == std::string::npos ? "" : rest.substr(slash + 1);
  if (verb != "pay" && verb != "expire")
    return admin_mistake(
        {.code = ErrorCode::not_found,
         .detail =
             "expected POST /_sandbox/checkout/{session}/pay or …/expire, got " + request.path});
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known = verb == "pay"
                         ? only_members(*body, {"outcome", "account", "bankAnswersAfterMs"})
                         : only_members(*body, {"account"});
  if (!known) return admin_mistake(known.error());
  const auto payment = payment_of(*body);
  if (!payment) return admin_mistake(payment.error());
  const Json after = body->value("bankAnswersAfterMs", Json(1'000));
  if (!after.is_number_integer() || after < 0 || after > 30LL * 86'400'000)
    return admin_mistake(
        wrong_member("bankAnswersAfterMs", "an integer from 0 to 30 days", after).error());

  Scene scene{*world_, world_->account(text_of(*body, "account")), controls_.faults, now, Cause{}};
  Answer<Json> done = Json();
  if (verb == "pay") {
    done = pay_session(scene, session, *payment, after.get<DurationMs>());
  } else {
    const Json no_params = Json::object();
    done = expire_session({scene, no_params, session});
  }
  if (!done) {
    const int status =
        done.error().status == 400 && done.error().executed ? 409 : done.error().status;
    return admin_answer(status, {{"error", done.error().message}});
  }
  return admin_answer(200, render(*done, options_.api_version));
}

Reply StripeStandIn::admin_add_endpoint(const net::ServerRequest& request, Timestamp now) {
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known =
      only_members(*body, {"url", "secret", "secrets", "version", "connect", "events"});
  if (!known) return admin_mistake(known.error());
  const auto url = text_of(*body, "url");
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return admin_mistake(
        wrong_member("url", "an http or https URL", body->value("url", Json())).error());
  if (body->contains("secret") == body->contains("secrets"))
    return admin_mistake({.code = ErrorCode::invalid_request,
                          .detail = "expected exactly one of the members secret and secrets"});
  const auto secrets = texts_of(body->contains("secret") ? body->at("secret") : body->at("secrets"),
                                body->contains("secret") ? "secret" : "secrets");
  if (!secrets) return admin_mistake(secrets.error());
  const auto events = texts_of(body->value("events", Json("*")), "events");
  if (!events) return admin_mistake(events.error());
  const auto version = body->value("version", Json(options_.api_version));
  if (!version.is_string() || !is_version(version.get<std::string>()))
    return admin_mistake(
        wrong_member("version", "a version like 2026-07-29.dahlia", version).error());
  const Json connect = body->value("connect", Json(false));
  if (!connect.is_boolean())
    return admin_mistake(wrong_member("connect", "true or false", connect).error());
  Scene scene{*world_, world_->account(""), controls_.faults, now, Cause{}};
  const Json& endpoint =
      add_endpoint(scene, url, *secrets, Json(*events), connect.get<bool>(), version);
  return admin_answer(201, render(endpoint, options_.api_version));
}

Json StripeStandIn::admin_state(Timestamp now) const {
  Json accounts = Json::object();
  for (const auto& [id, account] : world_->accounts) {
    Json kinds = Json::object();
    for (const auto& [kind, collection] : account.kinds) {
      if (collection.order.empty()) continue;  // somebody looked for one and found none
      Json objects = Json::array();
      for (const auto& object_id : collection.order)
        objects.push_back(render(collection.by_id.at(object_id), options_.api_version));
      kinds[kind] = {{"count", collection.order.size()}, {"objects", std::move(objects)}};
    }
    accounts[id.empty() ? "platform" : id] = std::move(kinds);
  }
  return {{"now", format_time(now)},
          {"idempotencyKeys", keys_.size()},
          {"usage", usage_of(*world_)},
          {"accounts", accounts}};
}

Json StripeStandIn::admin_deliveries() const {
  Json all = Json::array();
  for (const auto& [id, delivery] : world_->deliveries)
    all.push_back({{"id", id},
                   {"endpoint", delivery.endpoint},
                   {"event", delivery.event},
                   {"type", delivery.type},
                   {"state", name_of(delivery.state)},
                   {"attempts", delivery.attempts},
                   {"statuses", delivery.statuses}});
  return {{"deliveries", all}};
}

}  // namespace sequent::sandbox::stripe
