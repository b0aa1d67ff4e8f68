// An invoice from its draft to its end.
#include <algorithm>

#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::int64_t retry_seconds = 3 * 86'400;
constexpr int most_attempts = 4;

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

Json* open_payment(Account& account, const Json& invoice) {
  auto& payments = account.kinds["invoice_payment"];
  for (const auto& id : payments.order) {
    Json& payment = payments.by_id.at(id);
    if (payment.at("invoice") == invoice.at("id") && payment.at("status") == "open")
      return &payment;
  }
  return nullptr;
}

Json lines_of_session(Scene& scene, const Json& session, const Json* subscription) {
  Json lines = Json::array();
  for (const auto& line : session.at("_line_items").at("data")) {
    const Json& price = line.at("price");
    const bool recurring = price.at("recurring").is_object();
    const auto start = scene.seconds();
    LineOrder order{.price = price,
                    .quantity = line.at("quantity"),
                    .amount = line.at("amount_total").get<std::int64_t>(),
                    .description = line.at("description"),
                    .start = start,
                    .end = recurring ? start + period_seconds(price.at("recurring")) : start,
                    .subscription = nullptr,
                    .item = nullptr};
    if (subscription != nullptr) {
      order.subscription = subscription->at("id");
      for (const auto& item : subscription->at("items").at("data"))
        if (item.at("price").at("id") == price.at("id")) order.item = item.at("id");
    }
    lines.push_back(invoice_line(scene, order));
  }
  return lines;
}

void take_from_subscription(Json& invoice, const Json& subscription) {
  for (const char* name : {"collection_method", "on_behalf_of", "application",
                           "default_payment_method", "default_source"})
    invoice[name] = subscription.at(name);
  invoice["_days_until_due"] = subscription.at("days_until_due");
  invoice["parent"] = {
      {"type", "subscription_details"},
      {"quote_details", nullptr},
      {"subscription_details",
       {{"metadata", subscription.at("metadata")}, {"subscription", subscription.at("id")}}}};
}

// A credit of the customer (a negative balance) pays first; what an invoice gives back adds to it.
void apply_balance(Scene& scene, Json& invoice) {
  Json* customer = scene.account.find("customer", text_of(invoice, "customer"));
  const auto total = invoice.at("total").get<std::int64_t>();
  const bool known = customer != nullptr && customer->contains("balance");
  const auto before = known ? customer->at("balance").get<std::int64_t>() : 0;
  const auto due = std::max<std::int64_t>(0, total + before);
  const auto after = std::min<std::int64_t>(0, total + before);
  invoice["starting_balance"] = before;
  invoice["_ending_balance"] = after;
  invoice["amount_due"] = due;
  invoice["amount_remaining"] = due;
  if (!known || before == after) return;
  (*customer)["balance"] = after;
  emit(scene, "customer.updated", *customer, {{"balance", before}});
}

}  // namespace

Json invoice_line(Scene& scene, const LineOrder& order) {
  const Json& price = order.price;
  const Json details{{"credited_items", nullptr}};
  Json parent{{"type", "invoice_item_details"},
              {"invoice_item_details", nullptr},
              {"subscription_item_details", nullptr}};
  if (order.item.is_string()) {
    parent["type"] = "subscription_item_details";
    parent["subscription_item_details"] = {{"invoice_item", nullptr},
                                           {"proration", order.proration},
                                           {"proration_details", details},
                                           {"subscription", order.subscription},
                                           {"subscription_item", order.item}};
  } else {
    parent["invoice_item_details"] = {{"invoice_item", scene.world.make_id("ii_")},
                                      {"proration", order.proration},
                                      {"proration_details", details},
                                      {"subscription", order.subscription}};
  }
  return {{"id", scene.world.make_id("il_")},
          {"object", "line_item"},
          {"amount", order.amount},
          {"currency", price.at("currency")},
          {"description", order.description},
          {"discount_amounts", Json::array()},
          {"discountable", !order.proration},
          {"discounts", Json::array()},
          {"invoice", nullptr},
          {"livemode", false},
          {"metadata", Json::object()},
          {"parent", parent},
          {"period", {{"start", order.start}, {"end", order.end}}},
          {"pretax_credit_amounts", Json::array()},
          {"pricing",
           {{"type", "price_details"},
            {"price_details", {{"price", price.at("id")}, {"product", price.at("product")}}},
            {"unit_amount_decimal", price.at("unit_amount_decimal")}}},
          {"quantity", order.quantity},
          {"quantity_decimal", order.quantity.is_null()
                                   ? Json()
                                   : Json(std::to_string(order.quantity.get<std::int64_t>()))},
          {"subscription", order.subscription},
          {"subtotal", order.amount},
          {"taxes", Json::array()},
          {"_price", price}};
}

Json& draft_invoice(Scene& scene, InvoiceOrder order) {
  Json invoice = blank_invoice();
  const Json id = scene.world.make_id("in_");
  const Json* customer = scene.account.find("customer", order.customer);
  invoice["id"] = id;
  invoice["created"] = scene.seconds();
  invoice["period_start"] = scene.seconds();
  invoice["period_end"] = scene.seconds();
  invoice["billing_reason"] = order.reason;
  invoice["currency"] = order.currency;
  invoice["customer"] = order.customer.empty() ? Json() : Json(order.customer);
  if (customer != nullptr) {
    invoice["customer_email"] = customer->at("email");
    invoice["customer_name"] = customer->at("name");
    invoice["customer_phone"] = customer->at("phone");
    invoice["customer_address"] = customer->at("address");
  }
  std::int64_t total = 0;
  for (auto& line : order.lines) {
    line["invoice"] = id;
    total += line.at("amount").get<std::int64_t>();
  }
  for (const char* name : {"subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"})
    invoice[name] = total;
  for (const char* name : {"amount_due", "amount_remaining"})
    invoice[name] = std::max<std::int64_t>(0, total);
  invoice["lines"] =
      list_of(std::move(order.lines), false, "/v1/invoices/" + id.get<std::string>() + "/lines");
  if (order.subscription != nullptr) take_from_subscription(invoice, *order.subscription);
  if (order.auto_advance) {
    invoice["auto_advance"] = true;
    invoice["automatically_finalizes_at"] = scene.seconds() + draft_seconds;
  }
  if (order.settings) order.settings(invoice);
  Json& stored = scene.account.add(std::move(invoice));
  await_invoice(scene, stored);
  emit(scene, "invoice.created", stored);
  return stored;
}

Json& draft_invoice(Scene& scene, const Json& session, const Json* subscription) {
  InvoiceOrder order{.customer = text_of(session, "customer"),
                     .currency = text_of(session, "currency"),
                     .reason = subscription != nullptr ? "subscription_create" : "manual",
                     .lines = lines_of_session(scene, session, subscription),
                     .subscription = subscription};
  if (subscription == nullptr && session.at("invoice_creation").is_object())
    order.settings = [&](Json& invoice) {
      const Json& data = session.at("invoice_creation").at("invoice_data");
      merge_metadata(invoice, data);
      invoice["description"] = data.value("description", Json());
      invoice["footer"] = data.value("footer", Json());
    };
  return draft_invoice(scene, std::move(order));
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
  invoice["ending_balance"] = invoice.value("_ending_balance", Json(0));
  invoice["automatically_finalizes_at"] = nullptr;
  const Json days = invoice.value("_days_until_due", Json());
  if (invoice.at("collection_method") == "send_invoice" && invoice.at("due_date").is_null())
    invoice["due_date"] =
        scene.seconds() + (days.is_number() ? days.get<std::int64_t>() : 30) * 86'400;
  invoice["status_transitions"]["finalized_at"] = scene.seconds();
  emit(scene, "invoice.finalized", invoice);
}

void pay_invoice(Scene& scene, Json& invoice, const Json* intent) {
  SEQUENT_ASSERT(invoice.at("status") == "open" || invoice.at("status") == "uncollectible");
  const Json amount = invoice.at("amount_due");
  invoice["status"] = "paid";
  invoice["amount_paid"] = amount;
  invoice["amount_remaining"] = 0;
  invoice["attempted"] = true;
  invoice["next_payment_attempt"] = nullptr;
  invoice["status_transitions"]["paid_at"] = scene.seconds();
  if (intent == nullptr) {
    emit(scene, "invoice.paid", invoice);
    return;
  }
  invoice["attempt_count"] = invoice.at("attempt_count").get<int>() + 1;
  invoice["_payment_intent"] = intent->at("id");
  invoice["_charge"] = intent->at("latest_charge");
  Json* payment = open_payment(scene.account, invoice);
  if (payment == nullptr)
    payment = &scene.account.add(
        {{"id", scene.world.make_id("inpay_")},
         {"object", "invoice_payment"},
         {"amount_requested", amount},
         {"created", scene.seconds()},
         {"currency", invoice.at("currency")},
         {"invoice", invoice.at("id")},
         {"is_default", true},
         {"livemode", false},
         {"payment", {{"type", "payment_intent"}, {"payment_intent", intent->at("id")}}}});
  (*payment)["amount_paid"] = amount;
  (*payment)["status"] = "paid";
  (*payment)["status_transitions"] = {{"canceled_at", nullptr}, {"paid_at", scene.seconds()}};
  emit(scene, "invoice.paid", invoice);
  emit(scene, "invoice.payment_succeeded", invoice);
  emit(scene, "invoice_payment.paid", *payment);
}

void open_invoice(Scene& scene, Json& invoice) {
  apply_balance(scene, invoice);
  finalize_invoice(scene, invoice);
  if (invoice.at("amount_due") == 0) {
    pay_invoice(scene, invoice, nullptr);
    note_invoice_paid(scene, invoice);
    return;
  }
  intent_of_invoice(scene, invoice);
}

CardAnswer collect_invoice(Scene& scene, Json& invoice, std::optional<CardAnswer> forced,
                           const std::string& given) {
  SEQUENT_ASSERT(invoice.at("status") == "open" || invoice.at("status") == "uncollectible");
  const auto method = given.empty() ? payment_method_of(scene.account, invoice) : given;
  const auto answer = forced ? *forced : ask_card(scene.account, invoice, method);
  Json& intent = intent_of_invoice(scene, invoice);
  if (answer == CardAnswer::approved) {
    charge_intent(scene, intent, true, method);
    pay_invoice(scene, invoice, &intent);
    note_invoice_paid(scene, invoice);
    return answer;
  }
  const auto attempts = invoice.at("attempt_count").get<int>() + 1;
  // The customer still sits before the first payment; later ones are tried again without him.
  const bool retried =
      invoice.at("billing_reason") != "subscription_create" && invoice.at("auto_advance") == true;
  const bool last = attempts >= most_attempts;
  invoice["attempted"] = true;
  invoice["attempt_count"] = attempts;
  invoice["next_payment_attempt"] =
      retried && !last ? Json(scene.seconds() + retry_seconds) : Json();
  if (answer == CardAnswer::needs_action) {
    intent["status"] = "requires_action";
    intent["payment_method"] = method;
    intent["next_action"] = {{"type", "use_stripe_sdk"}, {"use_stripe_sdk", Json::object()}};
    emit(scene, "payment_intent.requires_action", intent);
    emit(scene, "invoice.payment_action_required", invoice);
  } else if (answer == CardAnswer::declined) {
    charge_intent(scene, intent, false, method);
    invoice["_charge"] = intent.at("latest_charge");
  }
  emit(scene, "invoice.payment_failed", invoice);
  note_invoice_failed(scene, invoice, retried && last);
  await_invoice(scene, invoice);
  return answer;
}

void close_draft(Scene& scene, Json& invoice, std::optional<CardAnswer> forced) {
  open_invoice(scene, invoice);
  if (invoice.at("status") == "open" && invoice.at("collection_method") == "charge_automatically")
    collect_invoice(scene, invoice, forced);
}

void give_up_invoice(Scene& scene, Json& invoice, const std::string& status) {
  invoice["status"] = status;
  invoice["auto_advance"] = false;
  invoice["next_payment_attempt"] = nullptr;
  if (status == "uncollectible") {
    invoice["status_transitions"]["marked_uncollectible_at"] = scene.seconds();
    emit(scene, "invoice.marked_uncollectible", invoice);
    return;
  }
  invoice["status_transitions"]["voided_at"] = scene.seconds();
  if (Json* payment = open_payment(scene.account, invoice)) {
    (*payment)["status"] = "canceled";
    (*payment)["status_transitions"]["canceled_at"] = scene.seconds();
  }
  Json* intent = scene.account.find("payment_intent", text_of(invoice, "_payment_intent"));
  if (intent != nullptr && intent->at("status") != "succeeded") {
    (*intent)["status"] = "canceled";
    (*intent)["canceled_at"] = scene.seconds();
    (*intent)["cancellation_reason"] = "void_invoice";
    emit(scene, "payment_intent.canceled", *intent);
  }
  emit(scene, "invoice.voided", invoice);
}

void advance_invoice(Scene& scene, const std::string& id) {
  Json* invoice = scene.account.find("invoice", id);
  if (invoice == nullptr || invoice->at("auto_advance") != true) return;
  const auto due = [&](const char* name) {
    return invoice->at(name).is_number() &&
           invoice->at(name).get<std::int64_t>() <= scene.seconds();
  };
  if (invoice->at("status") == "draft" && due("automatically_finalizes_at")) {
    close_draft(scene, *invoice);
  } else if (invoice->at("status") == "open" && due("next_payment_attempt")) {
    collect_invoice(scene, *invoice);
  }
}

void await_invoice(Scene& scene, const Json& invoice) {
  const char* name =
      invoice.at("status") == "draft" ? "automatically_finalizes_at" : "next_payment_attempt";
  if (!invoice.at(name).is_number()) return;
  scene.world.timers.insert({.at = invoice.at(name).get<std::int64_t>() * 1000,
                             .kind = Timer::Kind::invoice_due,
                             .account = scene.account.id,
                             .id = text_of(invoice, "id")});
}

}  // namespace sequent::sandbox::stripe
