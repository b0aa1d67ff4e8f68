#include "sandbox/stripe/routes.hpp"

namespace sequent::sandbox::stripe {
namespace {

Params address_members() {
  return {text("city"),  text("country"),     text("line1"),
          text("line2"), text("postal_code"), text("state")};
}

Params customer_params() {
  return {group("address", address_members()),
          integer("balance"),
          text("business_name"),
          anything("cash_balance"),
          text("description", 350),
          text("email", 512),
          texts("expand"),
          text("individual_name"),
          text("invoice_prefix", 12),
          anything("invoice_settings"),
          metadata(),
          text("name", 256),
          integer("next_invoice_sequence"),
          text("payment_method"),
          text("phone", 20),
          texts("preferred_locales"),
          group("shipping", {required(group("address", address_members())), required(text("name")),
                             text("phone")}),
          text("source"),
          anything("tax"),
          one_of("tax_exempt", {"exempt", "none", "reverse"}),
          anything("tax_id_data"),
          text("test_clock"),
          boolean("validate"),
          text("default_source")};
}

Params line_item_members() {
  return {
      anything("adjustable_quantity"),
      metadata(),
      text("price"),
      group("price_data", joined(amount_params(),
                                 {text("product"), group("product_data", product_data_members())})),
      integer("quantity", 1, 999'999),
      texts("dynamic_tax_rates"),
      texts("tax_rates")};
}

Params session_create_params() {
  return {
      anything("adaptive_pricing"),
      anything("after_expiration"),
      boolean("allow_promotion_codes"),
      anything("automatic_tax"),
      one_of("billing_address_collection", {"auto", "required"}),
      anything("branding_settings"),
      text("cancel_url"),
      text("client_reference_id", 200),
      anything("consent_collection"),
      text("currency", 3),
      text("customer"),
      text("customer_account"),
      one_of("customer_creation", {"always", "if_required"}),
      text("customer_email", 800),
      anything("customer_update"),
      anything("custom_fields"),
      anything("custom_text"),
      anything("discounts"),
      texts("excluded_payment_method_types"),
      texts("expand"),
      integer("expires_at"),
      text("integration_identifier"),
      group("invoice_creation",
            {required(boolean("enabled")),
             group("invoice_data", {texts("account_tax_ids"), anything("custom_fields"),
                                    text("description", 1500), text("footer"), anything("issuer"),
                                    metadata(), anything("rendering_options")})}),
      list("line_items", line_item_members()),
      text("locale"),
      anything("managed_payments"),
      metadata(),
      required(one_of("mode", {"payment", "setup", "subscription"})),
      anything("name_collection"),
      anything("optional_items"),
      one_of("origin_context", {"mobile_app", "web"}),
      group("payment_intent_data",
            {text("description", 1000), metadata(), text("receipt_email"),
             one_of("setup_future_usage", {"off_session", "on_session"}),
             one_of("capture_method", {"automatic", "automatic_async", "manual"}),
             integer("application_fee_amount"), text("on_behalf_of"), anything("shipping"),
             text("statement_descriptor", 22), text("statement_descriptor_suffix", 22),
             anything("transfer_data"), text("transfer_group")}),
      one_of("payment_method_collection", {"always", "if_required"}),
      text("payment_method_configuration"),
      anything("payment_method_data"),
      anything("payment_method_options"),
      texts("payment_method_types"),
      anything("permissions"),
      anything("phone_number_collection"),
      one_of("redirect_on_completion", {"always", "if_required", "never"}),
      text("return_url"),
      anything("saved_payment_method_options"),
      group("setup_intent_data", {text("description", 1000), metadata(), text("on_behalf_of")}),
      anything("shipping_address_collection"),
      anything("shipping_options"),
      one_of("submit_type", {"auto", "book", "donate", "pay", "subscribe"}),
      group("subscription_data",
            {decimal("application_fee_percent"), integer("billing_cycle_anchor"),
             anything("billing_mode"), texts("default_tax_rates"), text("description", 500),
             anything("invoice_settings"), metadata(), text("on_behalf_of"),
             one_of("proration_behavior", {"create_prorations", "none"}), anything("transfer_data"),
             integer("trial_end"), integer("trial_period_days", 1), anything("trial_settings")}),
      text("success_url"),
      anything("tax_id_collection"),
      text("ui_mode"),
      anything("wallet_options")};
}

void add_customer_routes(std::vector<Route>& routes) {
  routes.push_back({"POST", "/v1/customers", customer_params(), create_customer});
  routes.push_back({"GET", "/v1/customers", list_params({text("email", 512), text("test_clock")}),
                    list_all("customer", "/v1/customers")});
  routes.push_back({"GET", "/v1/customers/{id}", {texts("expand")}, read("customer")});
  routes.push_back({"POST", "/v1/customers/{id}", customer_params(), update_customer});
  routes.push_back({"DELETE", "/v1/customers/{id}", {}, delete_customer});
}

void add_checkout_routes(std::vector<Route>& routes) {
  const std::string base = "/v1/checkout/sessions";
  routes.push_back({"POST", base, session_create_params(), create_session});
  routes.push_back(
      {"GET", base,
       list_params({text("customer"), group("customer_details", {required(text("email"))}),
                    text("payment_intent"), text("payment_link"), text("subscription"),
                    one_of("status", {"complete", "expired", "open"})}),
       list_all("checkout.session", base)});
  routes.push_back(
      {"GET", base + "/{id}", {texts("expand")}, read("checkout.session", "checkout.session")});
  routes.push_back({"POST", base + "/{id}", {texts("expand"), metadata()}, update_session});
  routes.push_back({"POST", base + "/{id}/expire", {texts("expand")}, expire_session});
  routes.push_back({"GET", base + "/{id}/line_items", list_params({}), list_session_lines});
}

void add_billing_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/payment_intents", list_params({text("customer")}),
                    list_all("payment_intent", "/v1/payment_intents")});
  routes.push_back({"GET",
                    "/v1/payment_intents/{id}",
                    {texts("expand"), text("client_secret")},
                    read("payment_intent")});
  routes.push_back({"GET", "/v1/charges/{id}", {texts("expand")}, read("charge")});
  routes.push_back({"POST",
                    "/v1/refunds",
                    {integer("amount", 1), text("charge"), text("currency", 3), text("customer"),
                     texts("expand"), text("instructions_email"), metadata(),
                     one_of("origin", {"customer_balance"}), text("payment_intent"),
                     one_of("reason", {"duplicate", "fraudulent", "requested_by_customer"}),
                     boolean("refund_application_fee"), boolean("reverse_transfer")},
                    create_refund});
  routes.push_back({"GET", "/v1/refunds", list_params({text("charge"), text("payment_intent")}),
                    list_all("refund", "/v1/refunds")});
  routes.push_back({"GET", "/v1/refunds/{id}", {texts("expand")}, read("refund")});
  routes.push_back({"POST", "/v1/refunds/{id}", {texts("expand"), metadata()}, update_refund});
}

void add_event_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/events",
                    list_params({text("type"), texts("types", 20), boolean("delivery_success")}),
                    list_all("event", "/v1/events")});
  routes.push_back({"GET", "/v1/events/{id}", {texts("expand")}, read("event")});
  const std::string base = "/v1/webhook_endpoints";
  routes.push_back(
      {"POST",
       base,
       {required(texts("enabled_events", 500)), required(text("url")), text("api_version"),
        boolean("connect"), text("description"), texts("expand"), metadata()},
       create_endpoint});
  routes.push_back({"GET", base, list_params({}), list_all("webhook_endpoint", base)});
  routes.push_back(
      {"GET", base + "/{id}", {texts("expand")}, read("webhook_endpoint", "webhook endpoint")});
  routes.push_back({"POST",
                    base + "/{id}",
                    {text("description"), boolean("disabled"), texts("enabled_events", 500),
                     texts("expand"), metadata(), text("url")},
                    update_endpoint});
  routes.push_back({"DELETE", base + "/{id}", {}, delete_endpoint});
}

const std::vector<Route>& all_routes() {
  static const std::vector<Route> routes = [] {
    std::vector<Route> made;
    add_customer_routes(made);
    add_catalog_routes(made);
    add_checkout_routes(made);
    add_billing_routes(made);
    add_subscription_routes(made);
    add_invoice_routes(made);
    add_usage_routes(made);
    add_event_routes(made);
    add_connect_routes(made);
    return made;
  }();
  return routes;
}

bool fits(std::string_view pattern, std::string_view path, std::string& id) {
  const auto open = pattern.find("{id}");
  if (open == std::string_view::npos) return pattern == path;
  const auto before = pattern.substr(0, open);
  const auto after = pattern.substr(open + 4);
  if (!path.starts_with(before) || path.size() <= before.size() + after.size()) return false;
  const auto middle = path.substr(open, path.size() - before.size() - after.size());
  if (!path.ends_with(after) || middle.find('/') != std::string_view::npos) return false;
  id = net::percent_decode(middle);
  return true;
}

}  // namespace

Handle read(const std::string& kind, const std::string& shown) {
  return [kind, shown](const Call& call) -> Answer<Json> {
    const Json* object = call.scene.account.find(kind, call.id);
    if (object == nullptr) return no_such(shown.empty() ? kind : shown, call.id);
    return *object;
  };
}

Handle list_all(const std::string& kind, const std::string& url) {
  return [kind, url](const Call& call) { return list_objects(call, kind, url); };
}

RouteMatch find_route(const std::string& method, const std::string& path) {
  for (const auto& route : all_routes()) {
    RouteMatch match;
    if (route.method == method && fits(route.pattern, path, match.id)) {
      match.route = &route;
      return match;
    }
  }
  return {};
}

}  // namespace sequent::sandbox::stripe
