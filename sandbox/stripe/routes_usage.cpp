// Meters, usage and the customer portal: parameters and routes.
#include "sandbox/stripe/portal.hpp"
#include "sandbox/stripe/routes.hpp"
#include "sandbox/stripe/usage.hpp"

namespace sequent::sandbox::stripe {
namespace {

Params meter_create_params() {
  return {required(group("default_aggregation",
                         {required(one_of("formula", {"count", "last", "sum"}))})),
          required(text("display_name", 250)),
          required(text("event_name", 100)),
          group("customer_mapping",
                {required(text("event_payload_key", 100)), required(one_of("type", {"by_id"}))}),
          one_of("event_time_window", {"day", "hour"}),
          group("value_settings", {required(text("event_payload_key", 100))}),
          texts("expand")};
}

void add_meter_routes(std::vector<Route>& routes) {
  const std::string base = "/v1/billing/meters";
  routes.push_back({"POST", base, meter_create_params(), create_meter});
  routes.push_back({"GET",
                    base,
                    {integer("limit", 1, 100), text("starting_after"), text("ending_before"),
                     texts("expand"), one_of("status", {"active", "inactive"})},
                    list_all("billing.meter", base)});
  routes.push_back(
      {"GET", base + "/{id}", {texts("expand")}, read("billing.meter", "billing meter")});
  routes.push_back(
      {"POST", base + "/{id}", {text("display_name", 250), texts("expand")}, update_meter});
  routes.push_back({"POST", base + "/{id}/deactivate", {texts("expand")}, deactivate_meter});
  routes.push_back({"POST", base + "/{id}/reactivate", {texts("expand")}, reactivate_meter});
  routes.push_back(
      {"GET",
       base + "/{id}/event_summaries",
       {required(text("customer")), required(integer("start_time")), required(integer("end_time")),
        one_of("value_grouping_window", {"day", "hour"}), integer("limit", 1, 100),
        text("starting_after"), text("ending_before"), texts("expand")},
       list_event_summaries});
  routes.push_back({"POST",
                    "/v1/billing/meter_events",
                    {required(text("event_name", 100)), required(anything("payload")),
                     text("identifier", 100), integer("timestamp"), texts("expand")},
                    create_meter_event});
  routes.push_back({"POST",
                    "/v1/billing/meter_event_adjustments",
                    {required(text("event_name", 100)), required(one_of("type", {"cancel"})),
                     group("cancel", {text("identifier", 100)}), texts("expand")},
                    create_meter_event_adjustment});
  // Thin events are read here in full; the list of /v1/events does not have them.
  routes.push_back({"GET", "/v2/core/events/{id}", {}, read("v2.core.event", "event")});
}

Params feature_members() {
  const auto enabled = required(boolean("enabled"));
  const auto prorations =
      one_of("proration_behavior", {"always_invoice", "create_prorations", "none"});
  return {
      group("customer_update", {boolean("enabled"), texts("allowed_updates", 6)}),
      group("invoice_history", {enabled}),
      group("payment_method_update", {enabled, text("payment_method_configuration")}),
      group("subscription_cancel",
            {enabled, one_of("mode", {"at_period_end", "immediately"}), prorations,
             group("cancellation_reason", {enabled, texts("options", 8)})}),
      group("subscription_update",
            {boolean("enabled"), texts("default_allowed_updates", 3), prorations,
             one_of("billing_cycle_anchor", {"now", "unchanged"}),
             list("products",
                  {required(text("product")), required(texts("prices", 10)),
                   group("adjustable_quantity", {enabled, integer("maximum"), integer("minimum")})},
                  10),
             group("schedule_at_period_end",
                   {list("conditions", {required(one_of("type", {"decreasing_item_amount",
                                                                 "shortening_interval"}))})}),
             one_of("trial_update_behavior", {"continue_trial", "end_trial"})})};
}

Params configuration_params() {
  return {group("business_profile",
                {text("headline", 60), text("privacy_policy_url"), text("terms_of_service_url")}),
          text("default_return_url"),
          group("login_page", {required(boolean("enabled"))}),
          metadata(),
          text("name", 100),
          texts("expand")};
}

Params flow_members() {
  return {required(one_of("type", {"payment_method_update", "subscription_cancel",
                                   "subscription_update", "subscription_update_confirm"})),
          group("after_completion",
                {required(one_of("type", {"hosted_confirmation", "portal_homepage", "redirect"})),
                 group("hosted_confirmation", {text("custom_message", 500)}),
                 group("redirect", {required(text("return_url"))})}),
          group("subscription_cancel", {required(text("subscription")), anything("retention")}),
          group("subscription_update", {required(text("subscription"))}),
          group("subscription_update_confirm",
                {required(text("subscription")),
                 required(list("items",
                               {required(text("id")), text("price"), integer("quantity", 0)}, 1)),
                 anything("discounts")})};
}

void add_portal_routes(std::vector<Route>& routes) {
  const std::string base = "/v1/billing_portal/configurations";
  const std::string kind = "billing_portal.configuration";
  routes.push_back(
      {"POST", base,
       joined(configuration_params(), {required(group("features", feature_members()))}),
       create_portal_configuration});
  routes.push_back({"GET",
                    base,
                    {integer("limit", 1, 100), text("starting_after"), text("ending_before"),
                     texts("expand"), boolean("active"), boolean("is_default")},
                    list_all(kind, base)});
  routes.push_back({"GET", base + "/{id}", {texts("expand")}, read(kind, "configuration")});
  routes.push_back(
      {"POST", base + "/{id}",
       joined(configuration_params(), {boolean("active"), group("features", feature_members())}),
       update_portal_configuration});
  routes.push_back({.method = "POST",
                    .pattern = "/v1/billing_portal/sessions",
                    .params = {text("configuration"), text("customer"), text("customer_account"),
                               texts("expand"), group("flow_data", flow_members()),
                               text("locale", 10), text("on_behalf_of"), text("return_url")},
                    .handle = create_portal_session,
                    .one_time = true});
}

}  // namespace

void add_usage_routes(std::vector<Route>& routes) {
  add_meter_routes(routes);
  add_portal_routes(routes);
}

}  // namespace sequent::sandbox::stripe
