// Subscriptions and their items: parameters and routes.
#include "sandbox/stripe/routes.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::int64_t latest_time = 4'102'444'800;  // the year 2100

Params item_price_members() {
  return {text("price"),
          text("plan"),
          group("price_data",
                {required(text("currency", 3)), required(text("product")),
                 required(group("recurring",
                                {required(one_of("interval", {"day", "week", "month", "year"})),
                                 integer("interval_count", 1, 1095)})),
                 one_of("tax_behavior", {"exclusive", "inclusive", "unspecified"}),
                 integer("unit_amount", 0, 999'999'999'999), decimal("unit_amount_decimal")}),
          integer("quantity", 0, 999'999),
          metadata(),
          anything("billing_thresholds"),
          anything("discounts"),
          texts("tax_rates")};
}

Params proration_params() {
  return {one_of("payment_behavior", {"allow_incomplete", "default_incomplete",
                                      "error_if_incomplete", "pending_if_incomplete"}),
          one_of("proration_behavior", {"always_invoice", "create_prorations", "none"})};
}

Params subscription_params() {
  return joined(
      proration_params(),
      {anything("add_invoice_items"),
       decimal("application_fee_percent"),
       anything("automatic_tax"),
       anything("billing_schedules"),
       anything("billing_thresholds"),
       integer("cancel_at", 0, latest_time),
       boolean("cancel_at_period_end"),
       one_of("collection_method", {"charge_automatically", "send_invoice"}),
       integer("days_until_due", 0, 3650),
       text("default_payment_method"),
       text("default_source"),
       texts("default_tax_rates"),
       text("description", 500),
       anything("discounts"),
       texts("expand"),
       anything("invoice_settings"),
       metadata(),
       boolean("off_session"),
       text("on_behalf_of"),
       anything("payment_settings"),
       anything("pending_invoice_item_interval"),
       group("transfer_data", {required(text("destination")), decimal("amount_percent")}),
       text("trial_end"),
       boolean("trial_from_plan"),
       group("trial_settings",
             {required(group("end_behavior",
                             {required(one_of("missing_payment_method",
                                              {"cancel", "create_invoice", "pause"}))}))})});
}

Params subscription_create_params() {
  return joined(
      subscription_params(),
      {text("customer"), text("customer_account"), text("currency", 3),
       integer("backdate_start_date", 0, latest_time),
       integer("billing_cycle_anchor", 0, latest_time), anything("billing_cycle_anchor_config"),
       group("billing_mode",
             {required(one_of("type", {"classic", "flexible"})), anything("flexible")}),
       list("items", item_price_members(), 20), integer("trial_period_days", 1, 730)});
}

Params subscription_update_params() {
  return joined(
      subscription_params(),
      {one_of("billing_cycle_anchor", {"now", "unchanged"}),
       group("cancellation_details", {text("comment"), text("feedback")}),
       list("items",
            joined(item_price_members(), {text("id"), boolean("deleted"), boolean("clear_usage")}),
            20),
       group("pause_collection",
             {required(one_of("behavior", {"keep_as_draft", "mark_uncollectible", "void"})),
              integer("resumes_at")}),
       integer("proration_date", 0, latest_time)});
}

void add_item_routes(std::vector<Route>& routes) {
  const std::string base = "/v1/subscription_items";
  const auto changing =
      joined(proration_params(), {integer("proration_date", 0, latest_time), texts("expand")});
  routes.push_back(
      {"POST", base,
       joined(joined(item_price_members(), changing), {required(text("subscription"))}),
       create_subscription_item});
  routes.push_back({"GET",
                    base,
                    {required(text("subscription")), integer("limit", 1, 100),
                     text("starting_after"), text("ending_before"), texts("expand")},
                    list_subscription_items});
  routes.push_back({"GET", base + "/{id}", {texts("expand")}, read_subscription_item});
  routes.push_back({"POST", base + "/{id}",
                    joined(joined(item_price_members(), changing), {boolean("off_session")}),
                    update_subscription_item});
  routes.push_back({"DELETE", base + "/{id}",
                    joined(proration_params(),
                           {boolean("clear_usage"), integer("proration_date", 0, latest_time)}),
                    delete_subscription_item});
}

}  // namespace

void add_subscription_routes(std::vector<Route>& routes) {
  const std::string base = "/v1/subscriptions";
  routes.push_back({"POST", base, subscription_create_params(), create_subscription});
  routes.push_back(
      {"GET", base,
       list_params(
           {text("customer"), text("price"), text("plan"), text("test_clock"),
            one_of("collection_method", {"charge_automatically", "send_invoice"}),
            range("current_period_start"), range("current_period_end"),
            one_of("status", {"active", "all", "canceled", "ended", "incomplete",
                              "incomplete_expired", "past_due", "paused", "trialing", "unpaid"})}),
       list_all("subscription", base)});
  routes.push_back({"GET", base + "/{id}", {texts("expand")}, read("subscription")});
  routes.push_back({"POST", base + "/{id}", subscription_update_params(), update_subscription});
  routes.push_back(
      {"DELETE",
       base + "/{id}",
       {boolean("invoice_now"), boolean("prorate"), texts("expand"),
        group("cancellation_details",
              {text("comment"), one_of("feedback", {"customer_service", "low_quality",
                                                    "missing_features", "other", "switched_service",
                                                    "too_complex", "too_expensive", "unused"})})},
       cancel_subscription});
  add_item_routes(routes);
}

}  // namespace sequent::sandbox::stripe
