// A subscription's states, and how time and money lead from one to the next.
#include <algorithm>

#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

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

Json& items_of(Json& subscription) {
  return subscription.at("items").at("data");
}

std::int64_t period_end(const Json& subscription) {
  std::int64_t end = 0;
  for (const auto& item : subscription.at("items").at("data")) {
    const auto at = item.at("current_period_end").get<std::int64_t>();
    end = end == 0 ? at : std::min(end, at);
  }
  SEQUENT_ASSERT(end > 0);
  return end;
}

void set_status(Scene& scene, Json& subscription, const std::string& status) {
  if (subscription.at("status") == status) return;
  const Json before = subscription;
  subscription["status"] = status;
  tell_subscription(scene, before, subscription);
}

void expire_incomplete(Scene& scene, Json& subscription) {
  const Json before = subscription;
  subscription["status"] = "incomplete_expired";
  subscription["ended_at"] = scene.seconds();
  tell_subscription(scene, before, subscription);
  Json* invoice = scene.account.find("invoice", text_of(subscription, "latest_invoice"));
  if (invoice != nullptr && invoice->at("status") == "open")
    give_up_invoice(scene, *invoice, "void");
}

// Nobody left a card by the end of the trial: the subscription says itself what follows.
bool ends_without_card(Scene& scene, Json& subscription) {
  if (!payment_method_of(scene.account, subscription).empty() ||
      subscription.at("collection_method") == "send_invoice")
    return false;
  const auto behavior =
      text_of(subscription.at("trial_settings").at("end_behavior"), "missing_payment_method");
  if (behavior == "cancel") {
    end_subscription(scene, subscription, "payment_failed");
  } else if (behavior == "pause") {
    const Json before = subscription;
    subscription["status"] = "paused";
    tell_subscription(scene, before, subscription);
    emit(scene, "customer.subscription.paused", subscription);
  }
  return behavior != "create_invoice";
}

// What pause_collection makes of an invoice that would be collected otherwise.
void hold_back(Scene& scene, Json& invoice, const std::string& behavior) {
  invoice["auto_advance"] = false;
  invoice["automatically_finalizes_at"] = nullptr;
  if (behavior == "keep_as_draft") return;
  finalize_invoice(scene, invoice);
  give_up_invoice(scene, invoice, behavior == "void" ? "void" : "uncollectible");
}

// The one invoice whose payment the status hangs on.
Json* subscription_waiting_for(Scene& scene, const Json& invoice) {
  Json* subscription = subscription_of(scene.account, invoice);
  if (subscription == nullptr || has_ended(*subscription)) return nullptr;
  return subscription->at("latest_invoice") == invoice.at("id") ? subscription : nullptr;
}

}  // namespace

bool has_ended(const Json& subscription) {
  return subscription.at("status") == "canceled" ||
         subscription.at("status") == "incomplete_expired";
}

Json* subscription_of(Account& account, const Json& invoice) {
  const Json& parent = invoice.at("parent");
  if (!parent.is_object()) return nullptr;
  return account.find("subscription", text_of(parent.at("subscription_details"), "subscription"));
}

Json new_subscription(Scene& scene, const std::string& customer, const std::string& currency) {
  Json subscription = blank_subscription();
  const auto id = scene.world.make_id("sub_");
  subscription["id"] = id;
  subscription["created"] = scene.seconds();
  subscription["start_date"] = scene.seconds();
  subscription["billing_cycle_anchor"] = scene.seconds();
  subscription["currency"] = currency;
  subscription["customer"] = customer;
  subscription["status"] = "incomplete";
  // Made through the platform's Connect application.
  if (!scene.account.id.empty()) subscription["application"] = "ca_sandbox";
  subscription["items"] =
      list_of(Json::array(), false, "/v1/subscription_items?subscription=" + id);
  subscription["_pending_lines"] = Json::array();
  return subscription;
}

Json& start_subscription(Scene& scene, const Json& session, const std::string& status) {
  Json subscription =
      new_subscription(scene, text_of(session, "customer"), text_of(session, "currency"));
  const Json& data = session.at("_subscription_data");
  subscription["status"] = status;
  merge_metadata(subscription, data);
  for (const char* name : {"description", "on_behalf_of"})
    if (data.contains(name)) subscription[name] = data.at(name);
  // The method with which the session was paid stays for the periods to come.
  subscription["default_payment_method"] = scene.world.make_id("pm_");
  for (const auto& line : session.at("_line_items").at("data")) {
    if (!line.at("price").at("recurring").is_object()) continue;
    Json item = new_item(scene, line.at("price"), line.at("quantity"));
    item["subscription"] = subscription.at("id");
    items_of(subscription).push_back(std::move(item));
  }
  SEQUENT_ASSERT(!items_of(subscription).empty());
  Json& stored = scene.account.add(std::move(subscription));
  emit(scene, "customer.subscription.created", stored);
  await_subscription(scene, stored);
  return stored;
}

void tell_subscription(Scene& scene, const Json& before, const Json& subscription) {
  const Json previous = previous_attributes(before, subscription);
  if (!previous.empty()) emit(scene, "customer.subscription.updated", subscription, previous);
}

Json& renew_subscription(Scene& scene, Json& subscription) {
  SEQUENT_ASSERT(!has_ended(subscription));
  const Json before = subscription;
  const auto boundary = period_end(subscription);
  if (subscription.at("status") == "trialing") subscription["status"] = "active";
  InvoiceOrder order{.customer = text_of(subscription, "customer"),
                     .currency = text_of(subscription, "currency"),
                     .reason = "subscription_cycle",
                     .lines = subscription.at("_pending_lines"),
                     .subscription = &subscription};
  subscription["_pending_lines"] = Json::array();
  for (auto& item : items_of(subscription)) {
    if (item.at("current_period_end") > boundary) continue;
    set_item_period(item, boundary, boundary + period_seconds(item.at("price").at("recurring")));
    order.lines.push_back(line_of_item(scene, subscription, item));
  }
  // An unpaid subscription's invoices wait as drafts for somebody to look at them.
  order.auto_advance = before.at("status") != "unpaid";
  Json& invoice = draft_invoice(scene, std::move(order));
  subscription["latest_invoice"] = invoice.at("id");
  tell_subscription(scene, before, subscription);
  const Json& pause = subscription.at("pause_collection");
  if (pause.is_object()) hold_back(scene, invoice, text_of(pause, "behavior"));
  await_subscription(scene, subscription);
  return invoice;
}

void end_subscription(Scene& scene, Json& subscription, const std::string& reason) {
  subscription["status"] = "canceled";
  if (subscription.at("canceled_at").is_null()) subscription["canceled_at"] = scene.seconds();
  subscription["ended_at"] = scene.seconds();
  subscription["cancellation_details"]["reason"] = reason;
  // What is still open stays open, but is not asked for any more.
  auto& invoices = scene.account.kinds["invoice"];
  for (const auto& id : invoices.order) {
    Json& invoice = invoices.by_id.at(id);
    const bool unsettled = invoice.at("status") == "open" || invoice.at("status") == "draft";
    if (!unsettled || subscription_of(scene.account, invoice) != &subscription) continue;
    invoice["auto_advance"] = false;
    invoice["next_payment_attempt"] = nullptr;
  }
  emit(scene, "customer.subscription.deleted", subscription);
}

void note_invoice_paid(Scene& scene, const Json& invoice) {
  Json* subscription = subscription_waiting_for(scene, invoice);
  if (subscription == nullptr || subscription->value("_untold", false)) return;
  const auto status = text_of(*subscription, "status");
  if (status == "incomplete" || status == "past_due" || status == "unpaid")
    set_status(scene, *subscription, "active");
  await_subscription(scene, *subscription);
}

void note_invoice_failed(Scene& scene, const Json& invoice, bool last_attempt) {
  Json* subscription = subscription_waiting_for(scene, invoice);
  if (subscription == nullptr || subscription->value("_untold", false)) return;
  const auto status = text_of(*subscription, "status");
  if (last_attempt && (status == "active" || status == "past_due")) {
    set_status(scene, *subscription, "unpaid");
  } else if (status == "active") {
    set_status(scene, *subscription, "past_due");
  }
}

void note_invoice_given_up(Scene& scene, const Json& invoice) {
  Json* subscription = subscription_waiting_for(scene, invoice);
  if (subscription == nullptr) return;
  const auto status = text_of(*subscription, "status");
  if (status == "incomplete") expire_incomplete(scene, *subscription);
  if (status == "past_due" || status == "unpaid") set_status(scene, *subscription, "active");
}

void advance_subscription(Scene& scene, const std::string& id) {
  Json* found = scene.account.find("subscription", id);
  if (found == nullptr || has_ended(*found)) return;
  Json& subscription = *found;
  const auto due = [&](const char* name) {
    const Json at = subscription.value(name, Json());
    return at.is_number() && at.get<std::int64_t>() <= scene.seconds();
  };
  const auto status = text_of(subscription, "status");
  if (status == "incomplete") {
    if (due("_expires_at")) expire_incomplete(scene, subscription);
    return;
  }
  if (due("cancel_at")) {
    end_subscription(scene, subscription, "cancellation_requested");
    return;
  }
  if (status != "paused" && period_end(subscription) <= scene.seconds()) {
    if (status == "trialing" && ends_without_card(scene, subscription)) return;
    renew_subscription(scene, subscription);
  }
  await_subscription(scene, subscription);
}

void await_subscription(Scene& scene, const Json& subscription) {
  if (has_ended(subscription)) return;
  std::int64_t at = 0;
  if (subscription.at("status") == "incomplete") {
    at = subscription.value("_expires_at", std::int64_t{0});
  } else {
    at = period_end(subscription);
    if (subscription.at("cancel_at").is_number())
      at = std::min(at, subscription.at("cancel_at").get<std::int64_t>());
  }
  if (at == 0) return;  // a session's payment is open: the bank's answer decides
  if (subscription.at("status") == "paused" && at <= scene.seconds()) return;
  scene.world.timers.insert({.at = at * 1000,
                             .kind = Timer::Kind::subscription_due,
                             .account = scene.account.id,
                             .id = text_of(subscription, "id")});
}

}  // namespace sequent::sandbox::stripe
