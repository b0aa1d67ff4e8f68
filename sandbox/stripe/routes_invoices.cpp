// Invoices and their payments: parameters and routes.
#include "sandbox/stripe/routes.hpp"

namespace sequent::sandbox::stripe {
namespace {

Params invoice_params() {
  return {texts("account_tax_ids"),
          integer("application_fee_amount", 0),
          boolean("auto_advance"),
          anything("automatic_tax"),
          integer("automatically_finalizes_at"),
          one_of("collection_method", {"charge_automatically", "send_invoice"}),
          anything("custom_fields"),
          integer("days_until_due", 0, 3650),
          text("default_payment_method"),
          text("default_source"),
          texts("default_tax_rates"),
          text("description", 1500),
          anything("discounts"),
          integer("due_date"),
          integer("effective_at"),
          texts("expand"),
          text("footer"),
          anything("issuer"),
          metadata(),
          text("number", 26),
          text("on_behalf_of"),
          anything("payment_settings"),
          anything("rendering"),
          anything("shipping_cost"),
          anything("shipping_details"),
          text("statement_descriptor", 22),
          anything("transfer_data")};
}

}  // namespace

void add_invoice_routes(std::vector<Route>& routes) {
  const std::string base = "/v1/invoices";
  routes.push_back(
      {"POST", base,
       joined(invoice_params(), {text("customer"), text("customer_account"), text("currency", 3),
                                 anything("from_invoice"), text("subscription"),
                                 one_of("pending_invoice_items_behavior", {"exclude", "include"})}),
       create_invoice});
  routes.push_back(
      {"GET", base,
       list_params({text("customer"), text("subscription"), range("due_date"),
                    one_of("status", {"draft", "open", "paid", "uncollectible", "void"}),
                    one_of("collection_method", {"charge_automatically", "send_invoice"})}),
       list_all("invoice", base)});
  routes.push_back({"GET", base + "/{id}", {texts("expand")}, read("invoice")});
  routes.push_back({"POST", base + "/{id}", invoice_params(), update_invoice});
  routes.push_back({"DELETE", base + "/{id}", {}, delete_invoice});
  routes.push_back(
      {"GET",
       base + "/{id}/lines",
       {integer("limit", 1, 100), text("starting_after"), text("ending_before"), texts("expand")},
       list_invoice_lines});
  routes.push_back({"POST",
                    base + "/{id}/finalize",
                    {boolean("auto_advance"), texts("expand")},
                    finalize_invoice_now});
  routes.push_back({"POST",
                    base + "/{id}/pay",
                    {texts("expand"), boolean("forgive"), text("mandate"), boolean("off_session"),
                     boolean("paid_out_of_band"), text("payment_method"), text("source")},
                    pay_invoice_now});
  routes.push_back({"POST", base + "/{id}/void", {texts("expand")}, void_invoice});
  routes.push_back(
      {"POST", base + "/{id}/mark_uncollectible", {texts("expand")}, mark_invoice_uncollectible});
  routes.push_back(
      {"GET", "/v1/invoice_payments",
       list_params({text("invoice"), one_of("status", {"canceled", "open", "paid"}),
                    group("payment", {required(one_of("type", {"charge", "payment_intent"})),
                                      text("payment_intent"), text("charge")})}),
       list_all("invoice_payment", "/v1/invoice_payments")});
  routes.push_back(
      {"GET", "/v1/invoice_payments/{id}", {texts("expand")}, read("invoice_payment")});
}

}  // namespace sequent::sandbox::stripe
