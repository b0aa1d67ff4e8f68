// The world around the billing, as the administration plays it: periods pass, cards fail, somebody
// clicks in the dashboard, an old event comes late.
#include <algorithm>

#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/portal.hpp"
#include "sandbox/stripe/render.hpp"
#include "sandbox/stripe/resources.hpp"
#include "sandbox/stripe/routes.hpp"
#include "sandbox/stripe/stripe.hpp"
#include "sandbox/stripe/usage.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::int64_t longest_delay_ms = 30LL * 86'400'000;

ApiError wrong(const std::string& member, const std::string& expected, const Json& value) {
  return {.message =
              "member \"" + member + "\": expected " + expected + ", got " + dump_json(value)};
}

// How a form would have said it: texts, and groups with numbers for arrays.
Json as_form(const Json& value) {
  if (value.is_object()) {
    Json form = Json::object();
    for (const auto& [name, member] : value.items()) form[name] = as_form(member);
    return form;
  }
  if (value.is_array()) {
    Json form = Json::object();
    for (std::size_t i = 0; i < value.size(); ++i) form[std::to_string(i)] = as_form(value.at(i));
    return form;
  }
  if (value.is_null()) return "";
  return value.is_string() ? value : Json(dump_json(value));
}

Answer<std::optional<CardAnswer>> outcome_of(const Json& body) {
  const auto outcome = body.value("outcome", Json());
  if (outcome.is_null()) return std::nullopt;  // the customer's card decides
  if (outcome == "paid") return CardAnswer::approved;
  if (outcome == "declined") return CardAnswer::declined;
  if (outcome == "no-card") return CardAnswer::no_card;
  return std::unexpected(wrong("outcome", "paid, declined or no-card", outcome));
}

Answer<Json> click(Scene& scene, const Json& body) {
  const auto method = text_of(body, "method", "POST");
  const auto path = text_of(body, "path");
  const auto match = find_route(method, path);
  if (match.route == nullptr)
    return std::unexpected(ApiError{.status = 404,
                                    .message = "no such call: " + method + " " + path +
                                               ". Expected one of the API's own, as in "
                                               "{\"method\": \"POST\", \"path\": "
                                               "\"/v1/subscriptions/sub_…\", \"params\": {…}}"});
  const auto params =
      check_params(match.route->params, as_form(body.value("params", Json::object())));
  if (!params) return std::unexpected(params.error());
  return match.route->handle({scene, *params, match.id});
}

Answer<Json> renew(Scene& scene, const std::string& id, const Json& body) {
  Json* subscription = scene.account.find("subscription", id);
  if (subscription == nullptr) return no_such("subscription", id);
  const auto status = text_of(*subscription, "status");
  if (has_ended(*subscription) || status == "incomplete" || status == "paused")
    return refused("", "", "expected a running subscription, but " + id + " is " + status);
  const auto outcome = outcome_of(body);
  if (!outcome) return std::unexpected(outcome.error());
  if (subscription->at("cancel_at_period_end") == true) {
    end_subscription(scene, *subscription);
    return *subscription;
  }
  Json& invoice = renew_subscription(scene, *subscription);
  if (invoice.at("status") == "draft" && invoice.at("auto_advance") == true)
    close_draft(scene, invoice, *outcome);
  return *subscription;
}

Answer<Json> give_up(Scene& scene, const std::string& id, const Json& body) {
  Json* subscription = scene.account.find("subscription", id);
  if (subscription == nullptr) return no_such("subscription", id);
  const auto status = text_of(*subscription, "status");
  if (status != "past_due" && status != "unpaid")
    return refused("", "", "expected a past_due subscription, but " + id + " is " + status);
  const Json to = body.value("status", Json("unpaid"));
  if (to != "unpaid" && to != "canceled")
    return std::unexpected(wrong("status", "unpaid or canceled", to));
  if (to == "canceled") {
    end_subscription(scene, *subscription, "payment_failed");
    return *subscription;
  }
  const Json before = *subscription;
  (*subscription)["status"] = to;
  tell_subscription(scene, before, *subscription);
  return *subscription;
}

// The customer on the invoice's own page.
Answer<Json> pay(Scene& scene, const std::string& id, const Json& body) {
  Json* invoice = scene.account.find("invoice", id);
  if (invoice == nullptr) return no_such("invoice", id);
  if (invoice->at("status") != "open")
    return refused("", "",
                   "expected an open invoice, but " + id + " is " + text_of(*invoice, "status"));
  const auto outcome = outcome_of(body);
  if (!outcome) return std::unexpected(outcome.error());
  collect_invoice(scene, *invoice, outcome->value_or(CardAnswer::approved));
  return *invoice;
}

Answer<Json> spoil_card(Scene& scene, const std::string& id, const Json& body) {
  Json* customer = scene.account.find("customer", id);
  if (customer == nullptr || customer->value("_deleted", false)) return no_such("customer", id);
  const Json fails = body.value("fails", Json(true));
  if (!fails.is_boolean()) return std::unexpected(wrong("fails", "true or false", fails));
  (*customer)["_card_fails"] = fails;
  return *customer;
}

// A price never changes: a new one takes the place of the old one, its lookup key included.
Answer<Json> reprice(Scene& scene, const std::string& id, const Json& body) {
  const Json* product = scene.account.find("product", id);
  if (product == nullptr) return no_such("product", id);
  const auto old_id = text_of(*product, "default_price");
  const Json* old = scene.account.find("price", old_id);
  if (old == nullptr)
    return refused("", "", "expected a product with a default price, but " + id + " has none");
  const Json amount = body.value("unitAmount", Json());
  if (!amount.is_number_integer() || amount < 0)
    return std::unexpected(wrong("unitAmount", "minor units", amount));
  Json params{{"currency", old->at("currency")}, {"product", id}, {"unit_amount", amount}};
  if (old->at("recurring").is_object())
    for (const auto& [name, value] : old->at("recurring").items())
      if (!value.is_null()) params["recurring"][name] = value;
  if (old->at("lookup_key").is_string())
    params.update({{"lookup_key", old->at("lookup_key")}, {"transfer_lookup_key", true}});
  const auto price = add_price(scene, params, "");
  if (!price) return std::unexpected(price.error());
  const Json offered{{"default_price", (*price)->at("id")}};
  const Json archived{{"active", false}};
  const auto changed = update_product({scene, offered, id});
  if (!changed) return changed;
  const auto retired = update_price({scene, archived, old_id});
  if (!retired) return retired;
  return **price;
}

Answer<Json> deliver_late(Scene& scene, const Json& body) {
  const auto type = text_of(body, "type");
  const auto about = text_of(body, "object");
  const Json after = body.value("afterMs", Json(0));
  if (!after.is_number_integer() || after < 0 || after > longest_delay_ms)
    return std::unexpected(wrong("afterMs", "an integer from 0 to 30 days", after));
  auto& events = scene.account.kinds["event"];
  for (const auto& id : events.order) {
    Json& event = events.by_id.at(id);
    if (!type.empty() && event.at("type") != type) continue;
    if (!about.empty() && event.at("data").at("object").value("id", Json()) != about) continue;
    const int deliveries = deliver_again(scene, event, scene.now + after.get<DurationMs>());
    return Json{{"event", id}, {"deliveries", deliveries}};
  }
  return std::unexpected(ApiError{
      .status = 404, .message = "no event of type \"" + type + "\" about \"" + about + "\""});
}

// A meter's name is taken for ever, so in a world that several share whoever comes first makes it.
Answer<Json> have_meter(Scene& scene, const Json& body) {
  const Json name = body.value("eventName", Json());
  if (!name.is_string() || name == "")
    return std::unexpected(wrong("eventName", "the name of its events", name));
  const Json params{
      {"event_name", name}, {"display_name", name}, {"default_aggregation", {{"formula", "sum"}}}};
  for (const auto& [id, meter] : scene.account.kinds["billing.meter"].by_id)
    if (meter.at("event_name") == name)
      return meter.at("status") == "active" ? Answer<Json>(meter)
                                            : reactivate_meter({scene, params, id});
  return create_meter({scene, params, ""});
}

using Play = Answer<Json> (*)(Scene& scene, const std::string& id, const Json& body);

struct Action {
  std::string kind;
  std::string verb;
  Play play;
  std::vector<std::string> members;  // beside `account`
};

const std::vector<Action>& all_actions() {
  static const std::vector<Action> actions{
      {"subscriptions", "renew", renew, {"outcome"}},
      {"subscriptions", "give-up", give_up, {"status"}},
      {"invoices", "pay", pay, {"outcome"}},
      {"customers", "card", spoil_card, {"fails"}},
      {"products", "reprice", reprice, {"unitAmount"}},
      {"portal", "cancel", portal_cancel, {"subscription", "when", "feedback", "comment"}},
      {"portal", "resume", portal_resume, {"subscription"}},
      {"portal", "change-plan", portal_change_plan, {"subscription", "price", "quantity"}},
      {"portal", "change-card", portal_change_card, {"paymentMethod", "subscription"}},
  };
  return actions;
}

Answer<void> check_members(const Json& body, const std::vector<std::string>& known) {
  for (const auto& entry : body.items())
    if (entry.key() != "account" &&
        std::find(known.begin(), known.end(), entry.key()) == known.end())
      return std::unexpected(ApiError{.message = "unknown member \"" + entry.key() + "\""});
  return {};
}

Answer<Json> play(Scene& scene, const std::string& path, const Json& body) {
  if (path == "dashboard") {
    const auto known = check_members(body, {"method", "path", "params"});
    return known ? click(scene, body) : std::unexpected(known.error());
  }
  if (path == "meters") {
    const auto known = check_members(body, {"eventName"});
    return known ? have_meter(scene, body) : std::unexpected(known.error());
  }
  if (path == "events/deliver") {
    const auto known = check_members(body, {"type", "object", "afterMs"});
    return known ? deliver_late(scene, body) : std::unexpected(known.error());
  }
  for (const auto& action : all_actions()) {
    const auto before = action.kind + "/";
    const auto after = "/" + action.verb;
    if (!path.starts_with(before) || !path.ends_with(after) ||
        path.size() <= before.size() + after.size())
      continue;
    const auto known = check_members(body, action.members);
    if (!known) return std::unexpected(known.error());
    return action.play(
        scene, path.substr(before.size(), path.size() - before.size() - after.size()), body);
  }
  return std::unexpected(ApiError{.status = 404, .message = ""});
}

}  // namespace

std::optional<Reply> StripeStandIn::admin_billing(const net::ServerRequest& request,
                                                  Timestamp now) {
  constexpr std::string_view base = "/_sandbox/";
  if (request.method != "POST" || !request.path.starts_with(base)) return std::nullopt;
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  Scene scene{*world_, world_->account(text_of(*body, "account")), controls_.faults, now, Cause{}};
  const auto done = play(scene, request.path.substr(base.size()), *body);
  if (done) return admin_answer(200, render(*done, options_.api_version));
  const auto& error = done.error();
  if (error.status == 404 && error.message.empty()) return std::nullopt;  // another one's path
  return admin_answer(error.status == 400 && error.executed ? 409 : error.status,
                      {{"error", error.message}});
}

}  // namespace sequent::sandbox::stripe
