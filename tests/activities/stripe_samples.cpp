#include "tests/activities/stripe_samples.hpp"

namespace sequent::tests {

namespace {

constexpr const char* connect_samples = R"json([
  ["stripe.tokens.create", {"account": {"business_type": "company",
     "company": {"name": "Traiteur", "address": {"city": "Lyon", "country": "FR"}},
     "tos_shown_and_accepted": true}}],
  ["stripe.tokens.retrieve", {"token": "ct_1"}],
  ["stripe.accounts.create", {"type": "express", "country": "FR", "email": "a@b.example",
     "capabilities": {"card_payments": {"requested": true}, "transfers": {"requested": true}},
     "business_profile": {"name": "Traiteur", "url": "https://traiteur.example", "mcc": "5812"},
     "metadata": {"participant": "p 1"}}],
  ["stripe.accounts.create", {"type": "custom", "country": "FR", "account_token": "ct_1"}],
  ["stripe.accounts.create", {"type": "custom", "country": "DE", "business_type": "individual",
     "individual": {"first_name": "Ann", "last_name": "Lee"}, "default_currency": "eur",
     "tos_acceptance": {"date": 1795262400, "ip": "192.0.2.1"},
     "settings": {"payouts": {"schedule": {"interval": "weekly", "weekly_anchor": "monday"}}}}],
  ["stripe.accounts.retrieve", {"account": "acct_1"}],
  ["stripe.accounts.update", {"account": "acct_1", "email": "c@d.example",
     "metadata": {"old": "", "new": "1"}}],
  ["stripe.accounts.update", {"account": "acct_1", "account_token": "ct_1"}],
  ["stripe.accounts.delete", {"account": "acct_1"}],
  ["stripe.accounts.list", {"limit": 3, "created": {"gte": 1}}],
  ["stripe.account_links.create", {"account": "acct_1", "type": "account_onboarding",
     "return_url": "https://x.example/done", "refresh_url": "https://x.example/again",
     "collection_options": {"fields": "eventually_due"}}, "newest"],
  ["stripe.account_links.create", {"account": "acct_1", "type": "account_update",
     "return_url": "https://x.example/done", "refresh_url": "https://x.example/again",
     "collect": "currently_due"}]
])json";

constexpr const char* catalog_samples = R"json([
  ["stripe.products.create", {"account": "acct_1", "name": "Offer", "id": "offer-1",
     "description": "Data", "images": ["https://x.example/i.png"], "unit_label": "call",
     "default_price_data": {"currency": "eur", "unit_amount": 1000,
                            "recurring": {"interval": "month", "interval_count": 3}},
     "metadata": {"offer": "1"}}],
  ["stripe.products.create", {"name": "Offer", "active": false, "shippable": true,
     "package_dimensions": {"height": 1, "length": 2.5, "weight": 3, "width": 4}}],
  ["stripe.products.retrieve", {"product": "prod_1", "expand": ["default_price"]}],
  ["stripe.products.update", {"product": "prod_1", "name": "Offer 2", "description": null,
     "default_price": "price_1", "metadata": {"a": "b"}}],
  ["stripe.products.delete", {"product": "prod_1", "account": "acct_1"}],
  ["stripe.products.list", {"active": true, "ids": ["a", "b"], "limit": 5}],
  ["stripe.prices.create", {"account": "acct_1", "currency": "eur", "unit_amount": 500,
     "product": "prod_1", "recurring": {"interval": "year", "usage_type": "licensed"},
     "lookup_key": "offer", "transfer_lookup_key": true, "nickname": "n", "tax_behavior": "exclusive",
     "metadata": {"contract": "1"}}],
  ["stripe.prices.create", {"currency": "usd", "unit_amount_decimal": "0.004",
     "product_data": {"name": "Calls", "metadata": {"x": "y"}}}],
  ["stripe.prices.create", {"currency": "usd", "product": "prod_1", "billing_scheme": "tiered",
     "tiers_mode": "graduated",
     "tiers": [{"up_to": 10, "unit_amount": 5}, {"up_to": "inf", "unit_amount": 3}],
     "recurring": {"interval": "month"}}],
  ["stripe.prices.retrieve", {"price": "price_1"}],
  ["stripe.prices.update", {"price": "price_1", "active": false, "nickname": "old",
     "lookup_key": "k", "transfer_lookup_key": false, "metadata": {"a": ""}}],
  ["stripe.prices.list", {"lookup_keys": ["offer"], "active": true, "product": "prod_1",
     "type": "recurring", "recurring": {"interval": "month"}}]
])json";

constexpr const char* customer_samples = R"json([
  ["stripe.customers.create", {"account": "acct_1", "email": "jean@example.com", "name": "Jean",
     "phone": "+33 6", "description": "42", "address": {"city": "Lyon", "country": "FR"},
     "shipping": {"name": "Jean", "address": {"city": "Lyon"}},
     "preferred_locales": ["fr"], "tax_exempt": "none", "payment_method": "pm_1",
     "invoice_settings": {"default_payment_method": "pm_1"}, "metadata": {"user_id": "42"}}],
  ["stripe.customers.retrieve", {"customer": "cus_1"}],
  ["stripe.customers.update", {"customer": "cus_1", "name": null, "metadata": {"a": "b"}}],
  ["stripe.customers.delete", {"customer": "cus_1"}],
  ["stripe.customers.list", {"limit": 3, "email": "a@b.c", "created": {"gte": 1}}],
  ["stripe.checkout.sessions.create", {"mode": "subscription", "ui_mode": "embedded_page",
     "customer": "cus_1", "return_url": "https://shop.example/return",
     "client_reference_id": "42", "expires_at": 1795270000,
     "line_items": [{"price": "price_1", "quantity": 1}],
     "subscription_data": {"metadata": {"order": "1"}}}, "newest"],
  ["stripe.checkout.sessions.retrieve", {"session": "cs_1", "expand": ["line_items"]}],
  ["stripe.checkout.sessions.expire", {"session": "cs_1"}],
  ["stripe.checkout.sessions.list", {"customer": "cus_1"}],
  ["stripe.checkout.sessions.list", {"status": "open"}, "newest"],
  ["stripe.billing_portal.sessions.create", {"account": "acct_1", "customer": "cus_1",
     "return_url": "https://x.example", "configuration": "bpc_1", "locale": "fr",
     "flow_data": {"type": "subscription_cancel", "subscription_cancel": {"subscription": "sub_1"}}}],
  ["stripe.payment_intents.retrieve", {"payment_intent": "pi_1"}],
  ["stripe.refunds.create", {"payment_intent": "pi_1", "amount": 100, "reason": "duplicate"}],
  ["stripe.events.retrieve", {"event": "evt_1"}],
  ["stripe.events.list", {"types": ["invoice.paid"], "delivery_success": false}]
])json";

constexpr const char* subscription_samples = R"json([
  ["stripe.subscriptions.create", {"account": "acct_1", "customer": "cus_1",
     "items": [{"price": "price_1", "quantity": 2}, {"price": "price_2", "metadata": {"a": "b"}}],
     "default_payment_method": "pm_1", "payment_behavior": "default_incomplete",
     "payment_settings": {"save_default_payment_method": "on_subscription"},
     "collection_method": "charge_automatically", "proration_behavior": "none",
     "application_fee_percent": 12.5, "trial_period_days": 7, "off_session": true,
     "cancel_at_period_end": false, "metadata": {"contract": "1"},
     "expand": ["latest_invoice"]}],
  ["stripe.subscriptions.create", {"customer": "cus_1", "trial_end": "now",
     "collection_method": "send_invoice", "days_until_due": 30,
     "items": [{"price_data": {"currency": "eur", "product": "prod_1", "unit_amount": 5,
                               "recurring": {"interval": "month"}}}]}],
  ["stripe.subscriptions.retrieve", {"subscription": "sub_1", "expand": ["customer"]}],
  ["stripe.subscriptions.update", {"subscription": "sub_1",
     "items": [{"id": "si_1", "price": "price_2"}, {"id": "si_2", "deleted": true}],
     "proration_behavior": "always_invoice", "cancel_at": null, "cancel_at_period_end": true,
     "pause_collection": null, "metadata": {"a": ""}}],
  ["stripe.subscriptions.update", {"subscription": "sub_1", "cancel_at": 1795270000,
     "pause_collection": {"behavior": "void"}, "billing_cycle_anchor": "unchanged",
     "cancellation_details": {"comment": "too far"}}],
  ["stripe.subscriptions.cancel", {"account": "acct_1", "subscription": "sub_1",
     "invoice_now": true, "prorate": true,
     "cancellation_details": {"comment": "no", "feedback": "unused"}}],
  ["stripe.subscriptions.list", {"customer": "cus_1", "price": "price_1", "status": "all",
     "current_period_end": {"lt": 1795270000}}],
  ["stripe.subscription_items.create", {"subscription": "sub_1", "price": "price_1",
     "quantity": 3, "proration_behavior": "none", "metadata": {"a": "b"}}],
  ["stripe.subscription_items.retrieve", {"subscription_item": "si_1"}],
  ["stripe.subscription_items.update", {"subscription_item": "si_1", "quantity": 4,
     "price": "price_2", "payment_behavior": "pending_if_incomplete", "off_session": true}],
  ["stripe.subscription_items.delete", {"subscription_item": "si_1"}],
  ["stripe.subscription_items.delete", {"subscription_item": "si_1", "clear_usage": true,
     "proration_behavior": "create_prorations"}, "newest"],
  ["stripe.subscription_items.list", {"subscription": "sub_1", "limit": 100}],
  ["stripe.invoices.create", {"customer": "cus_1", "subscription": "sub_1", "auto_advance": true,
     "collection_method": "send_invoice", "days_until_due": 14, "description": "October",
     "pending_invoice_items_behavior": "include", "metadata": {"a": "b"}}],
  ["stripe.invoices.retrieve", {"invoice": "in_1"}],
  ["stripe.invoices.retrieve", {"invoice": "in_1", "expand": ["customer"]}],
  ["stripe.invoices.finalize", {"invoice": "in_1", "auto_advance": false}],
  ["stripe.invoices.pay", {"account": "acct_1", "invoice": "in_1", "payment_method": "pm_1",
     "off_session": true, "forgive": false}],
  ["stripe.invoices.pay", {"invoice": "in_1", "paid_out_of_band": true}],
  ["stripe.invoices.void", {"invoice": "in_1"}],
  ["stripe.invoices.list", {"customer": "cus_1", "status": "paid", "subscription": "sub_1"}],
  ["stripe.invoice_payments.list", {"invoice": "in_1", "status": "paid",
     "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}, "newest"],
  ["stripe.billing.meters.retrieve", {"meter": "mtr_1"}, "newest"],
  ["stripe.billing.meters.list", {"status": "active"}, "newest"],
  ["stripe.billing.meters.event_summaries", {"meter": "mtr_1", "customer": "cus_1",
     "start_time": 1795262400, "end_time": 1795266000, "value_grouping_window": "hour"}, "newest"],
  ["stripe.billing.meter_events.create", {"event_name": "credits", "timestamp": 1795262400,
     "identifier": "trace-1_credits",
     "payload": {"stripe_customer_id": "cus_1", "value": "12"}}, "newest"],
  ["stripe.billing.meter_events.create", {"event_name": "credits",
     "payload": {"stripe_customer_id": "cus_1", "value": "0.5"}}, "newest"],
  ["stripe.billing.meter_event_adjustments.create", {"event_name": "credits", "type": "cancel",
     "cancel": {"identifier": "trace-1_credits"}}, "newest"]
])json";

}  // namespace

std::vector<Sample> stripe_samples() {
  std::vector<Sample> samples;
  for (const char* text :
       {connect_samples, catalog_samples, customer_samples, subscription_samples})
    for (const Json& row : Json::parse(text))
      samples.push_back({row.at(0).get<std::string>(), row.at(1), row.size() > 2});
  return samples;
}

}  // namespace sequent::tests
