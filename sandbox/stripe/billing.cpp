#include "sandbox/stripe/billing.hpp"

#include "base/assert.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

const Json& blank_intent() {
  static const Json blank = Json::parse(R"({
    "object": "payment_intent", "amount_capturable": 0, "amount_details": {"tip": {}},
    "amount_received": 0, "application": null, "application_fee_amount": null,
    "automatic_payment_methods": null, "canceled_at": null, "cancellation_reason": null,
    "capture_method": "automatic_async", "confirmation_method": "automatic", "customer": null,
    "customer_account": null, "description": null, "excluded_payment_method_types": null,
    "last_payment_error": null, "latest_charge": null, "livemode": false, "managed_payments": null,
    "metadata": {}, "next_action": null, "on_behalf_of": null, "payment_method": null,
    "payment_method_configuration_details": null, "payment_method_options": {},
    "payment_method_types": ["card"], "processing": null, "receipt_email": null, "review": null,
    "setup_future_usage": null, "shipping": null, "source": null, "statement_descriptor": null,
    "statement_descriptor_suffix": null, "status": "requires_payment_method",
    "transfer_data": null, "transfer_group": null})");
  return blank;
}

const Json& blank_charge() {
  static const Json blank = Json::parse(R"({
    "object": "charge", "amount_refunded": 0, "application": null, "application_fee": null,
    "application_fee_amount": null, "balance_transaction": null,
    "billing_details": {"address": {"city": null, "country": null, "line1": null, "line2": null,
                                    "postal_code": null, "state": null},
                        "email": null, "name": null, "phone": null, "tax_id": null},
    "calculated_statement_descriptor": null, "description": null, "disputed": false,
    "failure_balance_transaction": null, "failure_code": null, "failure_message": null,
    "fraud_details": {}, "livemode": false, "metadata": {}, "on_behalf_of": null, "outcome": null,
    "payment_method": null, "payment_method_details": null, "receipt_email": null,
    "receipt_number": null, "receipt_url": null, "refunded": false, "review": null,
    "shipping": null, "source": null, "source_transfer": null, "statement_descriptor": null,
    "statement_descriptor_suffix": null, "transfer_data": null, "transfer_group": null})");
  return blank;
}

const Json& blank_invoice() {
  static const Json blank = Json::parse(R"({
    "object": "invoice", "account_country": "FR", "account_name": "Sandbox",
    "account_tax_ids": null, "amount_overpaid": 0, "amount_paid": 0, "amount_shipping": 0,
    "application": null, "attempt_count": 0, "attempted": false, "auto_advance": false,
    "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null,
                      "provider": null, "status": null},
    "automatically_finalizes_at": null, "collection_method": "charge_automatically",
    "custom_fields": null, "customer_account": null, "customer_address": null,
    "customer_email": null, "customer_name": null, "customer_phone": null,
    "customer_shipping": null, "customer_tax_exempt": "none", "customer_tax_ids": [],
    "default_payment_method": null, "default_source": null, "default_tax_rates": [],
    "description": null, "discounts": [], "due_date": null, "effective_at": null,
    "ending_balance": null, "footer": null, "from_invoice": null, "hosted_invoice_url": null,
    "invoice_pdf": null, "issuer": {"type": "self"}, "last_finalization_error": null,
    "latest_revision": null, "livemode": false, "metadata": {}, "next_payment_attempt": null,
    "number": null, "on_behalf_of": null, "parent": null,
    "payment_settings": {"default_mandate": null, "payment_method_options": null,
                         "payment_method_types": null},
    "post_payment_credit_notes_amount": 0, "pre_payment_credit_notes_amount": 0,
    "receipt_number": null, "rendering": null, "shipping_cost": null, "shipping_details": null,
    "starting_balance": 0, "statement_descriptor": null, "status": "draft",
    "status_transitions": {"finalized_at": null, "marked_uncollectible_at": null, "paid_at": null,
                           "voided_at": null},
    "test_clock": null, "total_discount_amounts": [], "total_pretax_credit_amounts": [],
    "total_taxes": [], "webhooks_delivered_at": null})");
  return blank;
}

const Json& blank_subscription() {
  static const Json blank = Json::parse(R"({
    "object": "subscription", "application": null, "application_fee_percent": null,
    "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null},
    "billing_cycle_anchor_config": null, "billing_mode": {"type": "flexible", "flexible": null},
    "billing_schedules": [], "billing_thresholds": null, "cancel_at": null,
    "cancel_at_period_end": false, "canceled_at": null,
    "cancellation_details": {"comment": null, "feedback": null, "reason": null},
    "collection_method": "charge_automatically", "customer_account": null, "days_until_due": null,
    "default_payment_method": null, "default_source": null, "default_tax_rates": [],
    "description": null, "discounts": [], "ended_at": null,
    "invoice_settings": {"account_tax_ids": null, "custom_fields": null, "description": null,
                         "footer": null, "issuer": {"type": "self"}},
    "latest_invoice": null, "livemode": false, "managed_payments": null, "metadata": {},
    "next_pending_invoice_item_invoice": null, "on_behalf_of": null, "pause_collection": null,
    "payment_settings": {"payment_method_options": null, "payment_method_types": null,
                         "save_default_payment_method": "off"},
    "pending_invoice_item_interval": null, "pending_setup_intent": null, "pending_update": null,
    "schedule": null, "test_clock": null, "transfer_data": null, "trial_end": null,
    "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
    "trial_start": null})");
  return blank;
}

// Months and years count as 30 and 365 days: nothing here depends on the calendar.
std::int64_t period_seconds(const Json& recurring) {
  const auto interval = text_of(recurring, "interval", "month");
  const std::int64_t days = interval == "day"    ? 1
                            : interval == "week" ? 7
                            : interval == "year" ? 365
                                                 : 30;
  return days * 86'400 * recurring.value("interval_count", std::int64_t{1});
}

Json invoice_line(Scene& scene, const Json& line, const Json& invoice_id,
                  const Json* subscription) {
  const Json& price = line.at("price");
  const bool recurring = price.at("recurring").is_object();
  const auto start = scene.seconds();
  const auto end = recurring ? start + period_seconds(price.at("recurring")) : start;
  const Json subscription_id = subscription == nullptr ? Json() : subscription->at("id");
  Json parent{{"type", "invoice_item_details"},
              {"invoice_item_details",
               {{"invoice_item", scene.world.make_id("ii_")},
                {"proration", false},
                {"proration_details", {{"credited_items", nullptr}}},
                {"subscription", subscription_id}}},
              {"subscription_item_details", nullptr}};
  if (recurring && subscription != nullptr) {
    parent["type"] = "subscription_item_details";
    parent["invoice_item_details"] = nullptr;
    parent["subscription_item_details"] = {
        {"invoice_item", nullptr},
        {"proration", false},
        {"proration_details", {{"credited_items", nullptr}}},
        {"subscription", subscription_id},
        {"subscription_item", subscription->at("items").at("data").at(0).at("id")}};
  }
  return {{"id", scene.world.make_id("il_")},
          {"object", "line_item"},
          {"amount", line.at("amount_total")},
          {"currency", line.at("currency")},
          {"description", line.at("description")},
          {"discount_amounts", Json::array()},
          {"discountable", true},
          {"discounts", Json::array()},
          {"invoice", invoice_id},
          {"livemode", false},
          {"metadata", Json::object()},
          {"parent", parent},
          {"period", {{"start", start}, {"end", end}}},
          {"pretax_credit_amounts", Json::array()},
          {"pricing",
           {{"type", "price_details"},
            {"price_details", {{"price", price.at("id")}, {"product", price.at("product")}}},
            {"unit_amount_decimal", price.at("unit_amount_decimal")}}},
          {"quantity", line.at("quantity")},
          {"quantity_decimal", line.at("quantity").is_null()
                                   ? Json()
                                   : Json(std::to_string(line.at("quantity").get<std::int64_t>()))},
          {"subscription", subscription_id},
          {"subtotal", line.at("amount_subtotal")},
          {"taxes", Json::array()}};
}

}  // namespace

Json& set_up(Scene& scene, const Json& session) {
  static const Json blank = Json::parse(R"({
    "object": "setup_intent", "application": null, "attach_to_self": false,
    "automatic_payment_methods": null, "cancellation_reason": null, "customer_account": null,
    "description": null, "excluded_payment_method_types": null, "flow_directions": null,
    "last_setup_error": null, "latest_attempt": null, "livemode": false, "managed_payments": null,
    "mandate": null, "metadata": {}, "next_action": null, "on_behalf_of": null,
    "payment_method_configuration_details": null, "payment_method_options": {},
    "payment_method_types": ["card"], "single_use_mandate": null, "status": "succeeded",
    "usage": "off_session"})");
  Json intent = blank;
  const auto id = scene.world.make_id("seti_");
  intent["id"] = id;
  intent["client_secret"] = id + "_secret_" + scene.world.make_id("", 25);
  intent["created"] = scene.seconds();
  intent["customer"] = session.at("customer");
  intent["payment_method"] = scene.world.make_id("pm_");
  Json& stored = scene.account.add(std::move(intent));
  emit(scene, "setup_intent.succeeded", stored);
  return stored;
}

Json& intent_of_session(Scene& scene, Json& session) {
  // Only a one-off payment's session names its intent; a subscription's is found by its invoice.
  const char* member = session.at("mode") == "payment" ? "payment_intent" : "_payment_intent";
  if (Json* known = scene.account.find("payment_intent", text_of(session, member))) return *known;
  Json intent = blank_intent();
  const auto id = scene.world.make_id("pi_");
  intent["id"] = id;
  intent["amount"] = session.at("amount_total");
  intent["currency"] = session.at("currency");
  intent["customer"] = session.at("customer");
  intent["client_secret"] = id + "_secret_" + scene.world.make_id("", 25);
  intent["created"] = scene.seconds();
  merge_metadata(intent, session.at("_payment_intent_data"));
  session[member] = id;
  Json& stored = scene.account.add(std::move(intent));
  emit(scene, "payment_intent.created", stored);
  return stored;
}

Json& charge_intent(Scene& scene, Json& intent, bool success) {
  Json charge = blank_charge();
  const auto method = scene.world.make_id("pm_");
  charge["id"] = scene.world.make_id("ch_");
  charge["amount"] = intent.at("amount");
  charge["amount_captured"] = success ? intent.at("amount") : Json(0);
  charge["captured"] = success;
  charge["created"] = scene.seconds();
  charge["currency"] = intent.at("currency");
  charge["customer"] = intent.at("customer");
  charge["metadata"] = intent.at("metadata");
  charge["paid"] = success;
  charge["payment_intent"] = intent.at("id");
  charge["payment_method"] = method;
  charge["status"] = success ? "succeeded" : "failed";
  intent["latest_charge"] = charge.at("id");
  if (success) {
    intent["status"] = "succeeded";
    intent["amount_received"] = intent.at("amount");
    intent["payment_method"] = method;
    intent["last_payment_error"] = nullptr;
  } else {
    charge["failure_code"] = "card_declined";
    charge["failure_message"] = "Your card was declined.";
    intent["status"] = "requires_payment_method";
    intent["last_payment_error"] = {{"type", "card_error"},
                                    {"code", "card_declined"},
                                    {"decline_code", "generic_decline"},
                                    {"message", "Your card was declined."},
                                    {"charge", charge.at("id")}};
  }
  Json& stored = scene.account.add(std::move(charge));
  emit(scene, success ? "charge.succeeded" : "charge.failed", stored);
  emit(scene, success ? "payment_intent.succeeded" : "payment_intent.payment_failed", intent);
  return stored;
}

Json& draft_invoice(Scene& scene, const Json& session, const Json* subscription) {
  Json invoice = blank_invoice();
  const Json id = scene.world.make_id("in_");
  const Json* customer = scene.account.find("customer", text_of(session, "customer"));
  invoice["id"] = id;
  invoice["created"] = scene.seconds();
  invoice["period_start"] = scene.seconds();
  invoice["period_end"] = scene.seconds();
  invoice["billing_reason"] = subscription != nullptr ? "subscription_create" : "manual";
  invoice["currency"] = session.at("currency");
  invoice["customer"] = session.at("customer");
  if (customer != nullptr) {
    invoice["customer_email"] = customer->at("email");
    invoice["customer_name"] = customer->at("name");
    invoice["customer_phone"] = customer->at("phone");
    invoice["customer_address"] = customer->at("address");
  }
  for (const char* name : {"amount_due", "amount_remaining", "subtotal", "subtotal_excluding_tax",
                           "total", "total_excluding_tax"})
    invoice[name] = session.at("amount_total");
  Json lines = Json::array();
  for (const auto& line : session.at("_line_items").at("data"))
    lines.push_back(invoice_line(scene, line, id, subscription));
  invoice["lines"] =
      list_of(std::move(lines), false, "/v1/invoices/" + id.get<std::string>() + "/lines");
  if (subscription != nullptr) {
    invoice["parent"] = {
        {"type", "subscription_details"},
        {"quote_details", nullptr},
        {"subscription_details",
         {{"metadata", subscription->at("metadata")}, {"subscription", subscription->at("id")}}}};
  } else if (session.at("invoice_creation").is_object()) {
    const Json& data = session.at("invoice_creation").at("invoice_data");
    merge_metadata(invoice, data);
    invoice["description"] = data.value("description", Json());
    invoice["footer"] = data.value("footer", Json());
  }
  Json& stored = scene.account.add(std::move(invoice));
  emit(scene, "invoice.created", stored);
  return stored;
}

void finalize_invoice(Scene& scene, Json& invoice) {
  SEQUENT_ASSERT(invoice.at("status") == "draft");
  const auto sequence = std::to_string(scene.account.next_invoice++);
  const auto token = scene.world.make_id("test_", 30);
  invoice["status"] = "open";
  invoice["number"] =
      "SANDBOX-" + std::string(sequence.size() < 4 ? 4 - sequence.size() : 0, '0') + sequence;
  invoice["hosted_invoice_url"] = "https://invoice.stripe.com/i/acct_sandbox/" + token;
  invoice["invoice_pdf"] = "https://pay.stripe.com/invoice/acct_sandbox/" + token + "/pdf";
  invoice["effective_at"] = scene.seconds();
  invoice["ending_balance"] = 0;
  invoice["status_transitions"]["finalized_at"] = scene.seconds();
  emit(scene, "invoice.finalized", invoice);
}

void pay_invoice(Scene& scene, Json& invoice, const Json* intent) {
  SEQUENT_ASSERT(invoice.at("status") == "open");
  const Json amount = invoice.at("amount_due");
  invoice["status"] = "paid";
  invoice["amount_paid"] = amount;
  invoice["amount_remaining"] = 0;
  invoice["attempted"] = true;
  invoice["attempt_count"] = invoice.at("attempt_count").get<int>() + 1;
  invoice["status_transitions"]["paid_at"] = scene.seconds();
  if (intent == nullptr) {
    emit(scene, "invoice.paid", invoice);
    return;
  }
  invoice["_payment_intent"] = intent->at("id");
  invoice["_charge"] = intent->at("latest_charge");
  const Json payment{
      {"id", scene.world.make_id("inpay_")},
      {"object", "invoice_payment"},
      {"amount_paid", amount},
      {"amount_requested", amount},
      {"created", scene.seconds()},
      {"currency", invoice.at("currency")},
      {"invoice", invoice.at("id")},
      {"is_default", true},
      {"livemode", false},
      {"payment", {{"type", "payment_intent"}, {"payment_intent", intent->at("id")}}},
      {"status", "paid"},
      {"status_transitions", {{"canceled_at", nullptr}, {"paid_at", scene.seconds()}}}};
  emit(scene, "invoice.paid", invoice);
  emit(scene, "invoice.payment_succeeded", invoice);
  emit(scene, "invoice_payment.paid", scene.account.add(payment));
}

Json& start_subscription(Scene& scene, const Json& session, const std::string& status) {
  Json subscription = blank_subscription();
  const Json id = scene.world.make_id("sub_");
  subscription["id"] = id;
  subscription["created"] = scene.seconds();
  subscription["start_date"] = scene.seconds();
  subscription["billing_cycle_anchor"] = scene.seconds();
  subscription["currency"] = session.at("currency");
  subscription["customer"] = session.at("customer");
  subscription["status"] = status;
  merge_metadata(subscription, session.at("_subscription_data"));
  Json items = Json::array();
  for (const auto& line : session.at("_line_items").at("data")) {
    const Json& price = line.at("price");
    if (!price.at("recurring").is_object()) continue;
    items.push_back(
        {{"id", scene.world.make_id("si_", 14)},
         {"object", "subscription_item"},
         {"billed_until", nullptr},
         {"billing_thresholds", nullptr},
         {"created", scene.seconds()},
         {"current_period_start", scene.seconds()},
         {"current_period_end", scene.seconds() + period_seconds(price.at("recurring"))},
         {"discounts", Json::array()},
         {"metadata", Json::object()},
         {"price", price},
         {"quantity", line.at("quantity")},
         {"subscription", id},
         {"tax_rates", Json::array()}});
  }
  SEQUENT_ASSERT(!items.empty());
  subscription["items"] = list_of(std::move(items), false,
                                  "/v1/subscription_items?subscription=" + id.get<std::string>());
  Json& stored = scene.account.add(std::move(subscription));
  emit(scene, "customer.subscription.created", stored);
  return stored;
}

}  // namespace sequent::sandbox::stripe
