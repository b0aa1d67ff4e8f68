// The customer portal: its settings, sessions, and what a customer does in one.
#include "billing_support.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::sandbox {
namespace {

const std::string portal_sessions = "/v1/billing_portal/sessions";
const std::string portal_configurations = "/v1/billing_portal/configurations";

struct PortalTest : BillingTest {
  using BillingTest::BillingTest;

  std::string portal(const std::string& customer_id, const std::string& more = "") {
    return text_of(post(portal_sessions, "customer=" + customer_id + more), "id");
  }
  Json click(const std::string& session_id, const std::string& verb,
             const Json& body = Json::object()) {
    return stripe.admin("portal/" + session_id + "/" + verb, body);
  }
  std::string refused_click(const std::string& session_id, const std::string& verb,
                            const Json& body = Json::object()) {
    const auto answered =
        stripe.post("/_sandbox/portal/" + session_id + "/" + verb, dump_json(body));
    INFO(dump_json(answered.body));
    REQUIRE(answered.status >= 400);
    return text_of(answered.body, "error");
  }
};

TEST_CASE("a portal session has an address, each its own") {
  PortalTest test;
  const auto jean = test.payer();
  const Json made =
      test.post(portal_sessions, "customer=" + jean + "&return_url=https://x.test/back");
  CHECK(text_of(made, "id").starts_with("bps_"));
  CHECK(made.at("customer") == jean);
  CHECK(made.at("return_url") == "https://x.test/back");
  CHECK(made.at("configuration") == "bpc_default");
  CHECK(made.at("flow").is_null());
  CHECK(test.post(portal_sessions, "customer=" + jean).at("url") != made.at("url"));
  CHECK(test.post(portal_sessions, "customer=" + jean + "&expand[0]=configuration")
            .at("configuration")
            .at("is_default") == true);
}

TEST_CASE("a session that was opened again leaves no second trace") {
  PortalTest test;
  const auto jean = test.payer();
  test.subscribe(jean);
  const Json before = test.get("/_sandbox/state").at("accounts");
  test.portal(jean);
  const Json once = test.get("/_sandbox/calls").at("effects");
  test.portal(jean);
  CHECK(test.get("/_sandbox/calls").at("effects") == once);
  CHECK(test.get("/_sandbox/calls").at("duplicateEffects").empty());
  Json after = test.get("/_sandbox/state").at("accounts");
  CHECK_FALSE(after.at("platform").contains("billing_portal.session"));
  after["platform"].erase("billing_portal.session");
  CHECK(after == before);
  CHECK(test.click(jean, "cancel").at("cancel_at_period_end") == true);
}

TEST_CASE("a portal session is refused without a customer, a good address and a configuration") {
  PortalTest test;
  const auto jean = test.payer();
  CHECK(test.refused(portal_sessions, "").at("code") == "parameter_missing");
  CHECK(test.refused(portal_sessions, "customer=cus_none").at("code") == "resource_missing");
  CHECK(test.refused(portal_sessions, "customer=" + jean + "&return_url=x.test").at("code") ==
        "url_invalid");
  CHECK(test.refused(portal_sessions, "customer=" + jean + "&configuration=bpc_none").at("param") ==
        "configuration");
  const auto own =
      text_of(test.post(portal_configurations, "features[invoice_history][enabled]=true"), "id");
  test.post(portal_configurations + "/" + own, "active=false");
  CHECK(test.refused(portal_sessions, "customer=" + jean + "&configuration=" + own).at("param") ==
        "configuration");
  // Connected accounts have saved no settings.
  test.account("acct_1");
  test.headers = {{"Stripe-Account", "acct_1"}};
  const auto theirs = test.payer();
  test.refused(portal_sessions, "customer=" + theirs);
  const auto named =
      text_of(test.post(portal_configurations, "features[invoice_history][enabled]=true"), "id");
  test.post(portal_sessions, "customer=" + theirs + "&configuration=" + named);
}

TEST_CASE("a configuration is made, changed in part, and listed") {
  PortalTest test;
  const Json made = test.post(
      portal_configurations,
      "features[subscription_cancel][enabled]=true&features[subscription_cancel][mode]=immediately"
      "&business_profile[headline]=Hello&default_return_url=https://x.test&metadata[a]=b");
  const auto path = portal_configurations + "/" + text_of(made, "id");
  CHECK(made.at("is_default") == false);
  CHECK(made.at("features").at("subscription_cancel").at("mode") == "immediately");
  CHECK(made.at("features").at("invoice_history").at("enabled") == false);
  CHECK(test.get(path) == made);
  const Json changed = test.post(
      path,
      "features[invoice_history][enabled]=true&business_profile[privacy_policy_url]=https://p");
  CHECK(changed.at("features").at("subscription_cancel").at("enabled") == true);
  CHECK(changed.at("features").at("invoice_history").at("enabled") == true);
  CHECK(changed.at("business_profile").at("headline") == "Hello");
  const Json event = test.event("billing_portal.configuration.updated");
  CHECK(event.at("data").at("previous_attributes").at("features") ==
        Json{{"invoice_history", {{"enabled", false}}}});
  CHECK(test.count(portal_configurations) == 2);
  CHECK(test.count(portal_configurations + "?is_default=true") == 1);
  CHECK(test.refused(portal_configurations, "").at("param") == "features");
  CHECK(test.refused(portal_configurations + "/bpc_default", "active=false").at("param") ==
        "active");
  const auto jean = test.payer();
  CHECK(test.post(portal_sessions, "customer=" + jean + "&configuration=" + text_of(made, "id"))
            .at("return_url") == "https://x.test");
}

TEST_CASE("a customer cancels at the period's end, changes his mind, and cancels at once") {
  PortalTest test;
  const auto jean = test.payer();
  const Json id = test.subscribe(jean).at("id");
  const auto portal = test.portal(jean);
  const Json planned = test.click(portal, "cancel", {{"feedback", "too_expensive"}});
  CHECK(planned.at("cancel_at_period_end") == true);
  CHECK(planned.at("cancellation_details").at("feedback") == "too_expensive");
  CHECK(test.last_change().at("cancel_at_period_end") == false);
  CHECK(test.event("customer.subscription.updated").at("request").at("id").is_null());
  CHECK(test.click(portal, "resume").at("cancel_at").is_null());
  test.refused_click(portal, "resume");
  CHECK(test.click(portal, "cancel", {{"when", "now"}}).at("status") == "canceled");
  CHECK(test.event("customer.subscription.deleted").at("data").at("object").at("id") == id);
  CHECK(test.refused_click(portal, "cancel").find("no subscription") != std::string::npos);
}

TEST_CASE("a customer changes the plan, and pays the share of it that is left") {
  PortalTest test;
  const auto jean = test.payer();
  const Json id = test.subscribe(jean).at("id");
  const auto portal = test.portal(jean);
  const Json changed = test.click(portal, "change-plan", {{"price", yearly}, {"quantity", 2}});
  const Json& item = changed.at("items").at("data").at(0);
  CHECK(item.at("price").at("id") == yearly);
  CHECK(item.at("quantity") == 2);
  CHECK(test.latest_invoice(id).at("billing_reason") == "subscription_update");
  CHECK(test.refused_click(portal, "change-plan", {{"price", "price_none"}}).find("price_none") !=
        std::string::npos);
  test.refused_click(portal, "change-plan");
  test.refused_click(portal, "change-plan", {{"price", monthly}, {"quantity", 0}});
}

TEST_CASE("a customer's new card pays what the old one did not") {
  PortalTest test;
  const auto jean = test.payer();
  const Json id = test.subscribe(jean).at("id");
  test.stripe.admin("customers/" + jean + "/card", {{"fails", true}});
  const auto portal = test.portal(jean, "&flow_data[type]=payment_method_update");
  const Json changed = test.click(portal, "change-card", {{"paymentMethod", "pm_card_mastercard"}});
  CHECK(changed.at("invoice_settings").at("default_payment_method") == "pm_card_mastercard");
  CHECK(test.event("customer.updated").at("data").at("object").at("id") == jean);
  test.stripe.admin("subscriptions/" + id.get<std::string>() + "/renew", Json::object());
  CHECK(test.latest_invoice(id).at("status") == "paid");
  const Json of_one =
      test.click(portal, "change-card", {{"paymentMethod", "pm_card_visa"}, {"subscription", id}});
  CHECK(of_one.at("default_payment_method") == "pm_card_visa");
  test.refused_click(portal, "change-card", {{"paymentMethod", "visa"}});
}

TEST_CASE("a flow belongs to one of the customer's subscriptions, and acts on it") {
  PortalTest test;
  const auto jean = test.payer();
  const auto anne = test.payer();
  const auto first = text_of(test.subscribe(jean), "id");
  const auto second = text_of(test.subscribe(jean), "id");
  const std::string cancel =
      "&flow_data[type]=subscription_cancel&flow_data[subscription_cancel][subscription]=";
  CHECK(test.refused(portal_sessions, "customer=" + anne + cancel + first).at("param") ==
        "flow_data[subscription_cancel][subscription]");
  CHECK(test.refused(portal_sessions, "customer=" + jean + cancel + "sub_none").at("code") ==
        "resource_missing");
  CHECK(test.refused(portal_sessions, "customer=" + jean + "&flow_data[type]=subscription_update")
            .at("code") == "parameter_missing");
  const auto free = test.portal(jean);
  CHECK(test.refused_click(free, "cancel").find("several") != std::string::npos);
  const auto portal = test.portal(jean, cancel + second);
  CHECK(test.click(portal, "cancel").at("id") == second);
  CHECK(test.subscription(first).at("cancel_at_period_end") == false);
  CHECK(test.click(portal, "cancel", {{"subscription", first}}).at("id") == first);
  test.refused_click(portal, "cancel", {{"subscription", "sub_none"}});
}

TEST_CASE("a customer can do only what the configuration offers") {
  PortalTest test;
  const auto jean = test.payer();
  test.subscribe(jean);
  const auto bare =
      text_of(test.post(portal_configurations, "features[invoice_history][enabled]=true"), "id");
  const auto portal = test.portal(jean, "&configuration=" + bare);
  CHECK(test.refused_click(portal, "cancel").find("subscription_cancel") != std::string::npos);
  CHECK(
      test.refused_click(portal, "change-plan", {{"price", yearly}}).find("subscription_update") !=
      std::string::npos);
  test.refused_click(portal, "change-card", {{"paymentMethod", "pm_card_visa"}});
  test.refused_click("bps_none", "cancel");
  test.refused_click(portal, "cancel", {{"wen", "now"}});
  CHECK(test.refused(portal_sessions, "customer=" + jean + "&configuration=" + bare +
                                          "&flow_data[type]=payment_method_update")
            .at("param") == "flow_data[type]");
}

TEST_CASE("meters, usage and the portal have the members of the published description") {
  const auto description = test::shared_contract("stripe-openapi-subset.json");
  if (!description) return;
  const Json& schemas = description->at("components").at("schemas");
  PortalTest test;
  const auto jean = test.payer();
  const auto sub = text_of(test.subscribe(jean), "id");
  const auto meter =
      text_of(test.post("/v1/billing/meters",
                        "display_name=C&event_name=c&default_aggregation[formula]=sum"),
              "id");
  const Json session = test.post(
      portal_sessions, "customer=" + jean +
                           "&flow_data[type]=subscription_update_confirm"
                           "&flow_data[subscription_update_confirm][subscription]=" +
                           sub + "&flow_data[subscription_update_confirm][items][0][id]=si_1");
  test.post("/v1/billing/meter_events",
            "event_name=c&identifier=a&payload[stripe_customer_id]=" + jean + "&payload[value]=1");
  test.stripe.now += 1'000;
  const Json summary =
      test.get("/v1/billing/meters/" + meter + "/event_summaries?customer=" + jean +
               "&start_time=0&end_time=" + std::to_string(test_start / 1000 + 600))
          .at("data");
  REQUIRE(summary.size() == 1);
  test.post("/v1/billing/meter_event_adjustments", "event_name=c&type=cancel&cancel[identifier]=a");
  const Json kinds = test.get("/_sandbox/state").at("accounts").at("platform");
  Json objects = summary;
  objects.push_back(session);
  for (const char* kind : {"billing.meter", "billing.meter_event", "billing.meter_event_adjustment",
                           "billing_portal.configuration"})
    objects.push_back(kinds.at(kind).at("objects").at(0));
  for (const auto& object : objects) {
    CAPTURE(text_of(object, "object"));
    const Json& schema = schemas.at(text_of(object, "object"));
    for (const auto& name : schema.at("required")) CHECK(object.contains(name.get<std::string>()));
    for (const auto& member : object.items()) {
      CAPTURE(member.key());
      CHECK(schema.at("properties").contains(member.key()));
    }
  }
}

}  // namespace
}  // namespace sequent::sandbox
