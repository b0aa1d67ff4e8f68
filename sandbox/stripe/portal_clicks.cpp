// What a customer does in the portal: it ends in the same changes as the account's own calls, but
// in nobody's request.
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/portal.hpp"

namespace sequent::sandbox::stripe {
namespace {

struct Visit {
  const Json& session;
  const Json& features;
};

// By its id, the last part of its address, or its customer: the newest one.
const Json* find_session(Account& account, const std::string& named) {
  const Json* newest = nullptr;
  for (const auto& entry : account.kinds["billing_portal.session"].by_id) {
    const Json& session = entry.second;
    const bool meant = entry.first == named || session.at("customer") == named ||
                       text_of(session, "url").ends_with("/" + named);
    if (meant && (newest == nullptr || newest->at("_number") < session.at("_number")))
      newest = &session;
  }
  return newest;
}

Answer<Visit> visit(Scene& scene, const std::string& named, const std::string& feature) {
  const Json* session = find_session(scene.account, named);
  if (session == nullptr) return no_such("billing_portal.session", named);
  const auto configuration = text_of(*session, "configuration");
  const Json* offered = scene.account.find("billing_portal.configuration", configuration);
  if (offered == nullptr) return no_such("configuration", configuration);
  const Json& features = offered->at("features");
  if (features.at(feature).at("enabled") != true)
    return refused("", "",
                   "expected a portal with the feature " + feature + ", but the configuration " +
                       configuration + " does not have it");
  return Visit{*session, features};
}

std::string subscription_of_flow(const Json& session) {
  const Json& flow = session.at("flow");
  if (!flow.is_object()) return "";
  const Json& details = flow.value(text_of(flow, "type"), Json());
  return details.is_object() ? text_of(details, "subscription") : "";
}

Answer<Json*> subscription_in(Scene& scene, const Json& session, const Json& body) {
  const auto id = text_of(body, "subscription", subscription_of_flow(session));
  if (!id.empty()) {
    Json* named = scene.account.find("subscription", id);
    if (named == nullptr || named->at("customer") != session.at("customer"))
      return no_such("subscription", id);
    if (has_ended(*named))
      return refused("", "",
                     "expected a subscription that has not ended, but " + id + " is " +
                         text_of(*named, "status"));
    return named;
  }
  Json* only = nullptr;
  for (auto& entry : scene.account.kinds["subscription"].by_id) {
    if (entry.second.at("customer") != session.at("customer") || has_ended(entry.second)) continue;
    if (only != nullptr)
      return refused("", "",
                     "the customer has several subscriptions: name one as \"subscription\"");
    only = &entry.second;
  }
  if (only == nullptr)
    return refused(
        "", "",
        "the customer " + text_of(session, "customer") + " has no subscription that has not ended");
  return only;
}

Answer<Json> change(Scene& scene, Json& subscription, const Json& params) {
  const auto changed = change_subscription(scene, subscription, params);
  if (!changed) return std::unexpected(changed.error());
  return subscription;
}

ApiError unfit(const std::string& member, const std::string& expected, const Json& body) {
  return {.message = "member \"" + member + "\": expected " + expected + ", got " +
                     dump_json(body.value(member, Json()))};
}

}  // namespace

Answer<Json> portal_cancel(Scene& scene, const std::string& session, const Json& body) {
  const auto here = visit(scene, session, "subscription_cancel");
  if (!here) return std::unexpected(here.error());
  const auto subscription = subscription_in(scene, here->session, body);
  if (!subscription) return std::unexpected(subscription.error());
  const Json& offered = here->features.at("subscription_cancel");
  const auto configured = offered.at("mode") == "immediately" ? "now" : "period-end";
  const Json when = body.value("when", Json(configured));
  if (when != "now" && when != "period-end")
    return std::unexpected(unfit("when", "period-end or now", body));
  Json params = Json::object();
  for (const char* name : {"feedback", "comment"})
    if (body.contains(name)) params["cancellation_details"][name] = body.at(name);
  if (when == "period-end") {
    params["cancel_at_period_end"] = true;
    return change(scene, **subscription, params);
  }
  const auto prorates = text_of(offered, "proration_behavior");
  params["prorate"] = prorates != "none";
  params["invoice_now"] = prorates == "always_invoice";
  const auto id = text_of(**subscription, "id");
  return cancel_subscription({scene, params, id});
}

Answer<Json> portal_resume(Scene& scene, const std::string& session, const Json& body) {
  const auto here = visit(scene, session, "subscription_cancel");
  if (!here) return std::unexpected(here.error());
  const auto subscription = subscription_in(scene, here->session, body);
  if (!subscription) return std::unexpected(subscription.error());
  if ((*subscription)->at("cancel_at").is_null())
    return refused("", "",
                   "expected a subscription with a planned end, but " +
                       text_of(**subscription, "id") + " has none");
  return change(scene, **subscription, {{"cancel_at_period_end", false}});
}

Answer<Json> portal_change_plan(Scene& scene, const std::string& session, const Json& body) {
  const auto here = visit(scene, session, "subscription_update");
  if (!here) return std::unexpected(here.error());
  const auto subscription = subscription_in(scene, here->session, body);
  if (!subscription) return std::unexpected(subscription.error());
  const auto price = text_of(body, "price");
  if (price.empty()) return std::unexpected(unfit("price", "the id of a price", body));
  const Json& items = (*subscription)->at("items").at("data");
  if (items.empty())
    return refused("", "", "the subscription has no item whose price could change");
  Json item{{"id", items.at(0).at("id")}, {"price", price}};
  if (body.contains("quantity")) {
    const Json& quantity = body.at("quantity");
    if (!quantity.is_number_integer() || quantity < 1 || quantity > 999'999)
      return std::unexpected(unfit("quantity", "an integer from 1 to 999999", body));
    item["quantity"] = quantity;
  }
  const Json params{
      {"items", Json::array({item})},
      {"proration_behavior", here->features.at("subscription_update").at("proration_behavior")}};
  return change(scene, **subscription, params);
}

Answer<Json> portal_change_card(Scene& scene, const std::string& session, const Json& body) {
  const auto here = visit(scene, session, "payment_method_update");
  if (!here) return std::unexpected(here.error());
  const auto method = text_of(body, "paymentMethod");
  if (!method.starts_with("pm_"))
    return std::unexpected(unfit("paymentMethod", "the id of a payment method, as in pm_…", body));
  const auto id = text_of(here->session, "customer");
  Json* customer = scene.account.find("customer", id);
  if (customer == nullptr || customer->value("_deleted", false)) return no_such("customer", id);
  // Whatever the administration did to the former card.
  customer->erase("_card_fails");
  if (body.contains("subscription")) {
    const auto subscription = subscription_in(scene, here->session, body);
    if (!subscription) return std::unexpected(subscription.error());
    return change(scene, **subscription, {{"default_payment_method", method}});
  }
  const Json params{{"invoice_settings", {{"default_payment_method", method}}}};
  return update_customer({scene, params, id});
}

}  // namespace sequent::sandbox::stripe
