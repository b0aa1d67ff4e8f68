// /v1/invoices: drafts, and the steps that an invoice takes once.
#include <algorithm>

#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

Answer<Json*> invoice_of(const Call& call) {
  Json* invoice = call.scene.account.find("invoice", call.id);
  if (invoice == nullptr) return no_such("invoice", call.id);
  return invoice;
}

Answer<void> check_draft(const Json& invoice, const std::string& what) {
  if (invoice.at("status") == "draft") return {};
  return refused("invoice_not_editable", "",
                 "This invoice is already finalized (" + text_of(invoice, "status") + "): " + what);
}

Answer<void> check_due(const Json& params, bool sends) {
  const bool days = params.contains("days_until_due");
  const bool date = params.contains("due_date");
  if (days && date)
    return bad_parameter("", "due_date",
                         "You may only specify one of these parameters: due_date, days_until_due.");
  if (!sends && (days || date))
    return bad_parameter("", days ? "days_until_due" : "due_date",
                         "You can only pass a due date if `collection_method` is `send_invoice`.");
  if (sends && !days && !date)
    return bad_parameter("parameter_missing", "days_until_due",
                         "Missing required param: days_until_due or due_date.");
  return {};
}

// The lines that changes of subscriptions have left for the next invoice.
Json take_pending(Account& account, const std::string& customer, const Json* subscription) {
  Json lines = Json::array();
  for (auto& entry : account.kinds["subscription"].by_id) {
    const bool wanted = subscription == nullptr ? entry.second.at("customer") == customer
                                                : &entry.second == subscription;
    if (!wanted) continue;
    for (auto& line : entry.second.at("_pending_lines")) lines.push_back(std::move(line));
    entry.second["_pending_lines"] = Json::array();
  }
  return lines;
}

void apply_settings_of_invoice(Json& invoice, const Json& params) {
  for (const char* name : {"description", "footer", "due_date", "default_payment_method",
                           "collection_method", "on_behalf_of", "statement_descriptor"})
    if (params.contains(name)) invoice[name] = params.at(name);
  if (params.contains("days_until_due")) invoice["_days_until_due"] = params.at("days_until_due");
  merge_metadata(invoice, params);
}

void set_auto_advance(const Scene& scene, Json& invoice, const Json& params) {
  if (!params.contains("auto_advance")) return;
  const bool advances = params.at("auto_advance") == true;
  invoice["auto_advance"] = advances;
  if (invoice.at("status") == "draft")
    invoice["automatically_finalizes_at"] =
        advances ? Json(scene.seconds() + draft_seconds) : Json();
}

Answer<const Json*> subscription_to_bill(const Call& call) {
  const auto id = text_of(call.params, "subscription");
  if (id.empty()) return nullptr;
  const Json* subscription = call.scene.account.find("subscription", id);
  if (subscription == nullptr) return no_such("subscription", id, "subscription");
  if (subscription->at("customer") != call.params.at("customer"))
    return refused("", "subscription",
                   "The subscription `" + id + "` belongs to another customer.");
  if (subscription->at("_pending_lines").empty())
    return refused("invoice_no_subscription_line_items", "subscription",
                   "Nothing to invoice for subscription " + id + ".");
  return subscription;
}

Answer<void> check_payable(const Json& invoice) {
  const auto status = text_of(invoice, "status");
  if (status == "paid") return refused("", "", "Invoice is already paid");
  if (status == "void") return refused("", "", "Invoice is void: it can no longer be paid.");
  return {};
}

}  // namespace

Answer<Json> create_invoice(const Call& call) {
  const auto customer = text_of(call.params, "customer");
  if (customer.empty())
    return bad_parameter("parameter_missing", "customer", "Missing required param: customer.");
  const Json* known = call.scene.account.find("customer", customer);
  if (known == nullptr || known->value("_deleted", false))
    return no_such("customer", customer, "customer");
  const auto due =
      check_due(call.params, text_of(call.params, "collection_method") == "send_invoice");
  if (!due) return std::unexpected(due.error());
  const auto method = check_payment_method(call.params, "default_payment_method");
  if (!method) return std::unexpected(method.error());
  const auto subscription = subscription_to_bill(call);
  if (!subscription) return std::unexpected(subscription.error());
  const bool all = text_of(call.params, "pending_invoice_items_behavior") == "include";
  InvoiceOrder order{.customer = customer,
                     .currency = text_of(call.params, "currency", "eur"),
                     .reason = "manual",
                     .subscription = *subscription,
                     .auto_advance = call.params.value("auto_advance", false)};
  if (*subscription != nullptr || all)
    order.lines = take_pending(call.scene.account, customer, *subscription);
  if (!order.lines.empty()) order.currency = text_of(order.lines.at(0), "currency");
  order.settings = [&](Json& invoice) { apply_settings_of_invoice(invoice, call.params); };
  return draft_invoice(call.scene, std::move(order));
}

Answer<Json> update_invoice(const Call& call) {
  const auto found = invoice_of(call);
  if (!found) return std::unexpected(found.error());
  Json& invoice = **found;
  for (const auto& entry : call.params.items()) {
    if (entry.key() == "metadata" || entry.key() == "expand" || entry.key() == "auto_advance")
      continue;
    const auto draft = check_draft(invoice, "`" + entry.key() + "` can no longer be changed.");
    if (!draft) return std::unexpected(draft.error());
  }
  const auto method = check_payment_method(call.params, "default_payment_method");
  if (!method) return std::unexpected(method.error());
  const Json before = invoice;
  apply_settings_of_invoice(invoice, call.params);
  set_auto_advance(call.scene, invoice, call.params);
  const Json previous = previous_attributes(before, invoice);
  if (previous.empty()) return invoice;
  emit(call.scene, "invoice.updated", invoice, previous);
  await_invoice(call.scene, invoice);
  return invoice;
}

Answer<Json> delete_invoice(const Call& call) {
  const auto found = invoice_of(call);
  if (!found) return std::unexpected(found.error());
  const auto draft = check_draft(**found, "only drafts can be deleted. Void it instead.");
  if (!draft) return std::unexpected(draft.error());
  if ((*found)->at("parent").is_object())
    return refused("", "", "You can only delete one-off invoices, not those of a subscription.");
  emit(call.scene, "invoice.deleted", **found);
  call.scene.account.remove("invoice", call.id);
  return Json{{"id", call.id}, {"object", "invoice"}, {"deleted", true}};
}

Answer<Json> finalize_invoice_now(const Call& call) {
  const auto found = invoice_of(call);
  if (!found) return std::unexpected(found.error());
  Json& invoice = **found;
  const auto draft = check_draft(invoice, "you can't re-finalize a non-draft invoice.");
  if (!draft) return std::unexpected(draft.error());
  set_auto_advance(call.scene, invoice, call.params);
  open_invoice(call.scene, invoice);
  // The first attempt of an advancing invoice comes by itself, an hour after finalization.
  if (invoice.at("status") == "open" && invoice.at("auto_advance") == true &&
      invoice.at("collection_method") == "charge_automatically") {
    invoice["next_payment_attempt"] = call.scene.seconds() + draft_seconds;
    await_invoice(call.scene, invoice);
  }
  return invoice;
}

Answer<Json> pay_invoice_now(const Call& call) {
  const auto found = invoice_of(call);
  if (!found) return std::unexpected(found.error());
  Json& invoice = **found;
  const auto payable = check_payable(invoice);
  if (!payable) return std::unexpected(payable.error());
  const auto known = check_payment_method(call.params, "payment_method");
  if (!known) return std::unexpected(known.error());
  const bool outside = call.params.value("paid_out_of_band", false);
  const auto given = text_of(call.params, "payment_method");
  const auto method = given.empty() ? payment_method_of(call.scene.account, invoice) : given;
  if (!outside && method.empty() && invoice.at("amount_due") != 0)
    return refused("", "",
                   "There is no `default_payment_method` set on this Customer or Invoice. Please "
                   "set either a `default_payment_method` on the Invoice or on the Customer's "
                   "`invoice_settings`.");
  if (invoice.at("status") == "draft") open_invoice(call.scene, invoice);
  if (invoice.at("status") == "paid") return invoice;  // nothing was due
  if (outside) {
    invoice["_paid_out_of_band"] = true;
    pay_invoice(call.scene, invoice, nullptr);
    note_invoice_paid(call.scene, invoice);
    return invoice;
  }
  const auto answer = collect_invoice(call.scene, invoice, {}, method);
  if (answer == CardAnswer::approved) return invoice;
  auto error = card_refused(answer).error();
  if (answer == CardAnswer::needs_action) {
    error.code = "invoice_payment_intent_requires_action";
    error.message =
        "Payment for this invoice requires additional user action before it can be "
        "completed successfully.";
  }
  return std::unexpected(std::move(error));
}

Answer<Json> void_invoice(const Call& call) {
  const auto found = invoice_of(call);
  if (!found) return std::unexpected(found.error());
  const auto status = text_of(**found, "status");
  if (status != "open" && status != "uncollectible")
    return refused(
        "", "",
        "You can only pass in open invoices. This invoice isn't open: it is " + status + ".");
  give_up_invoice(call.scene, **found, "void");
  note_invoice_given_up(call.scene, **found);
  return **found;
}

Answer<Json> mark_invoice_uncollectible(const Call& call) {
  const auto found = invoice_of(call);
  if (!found) return std::unexpected(found.error());
  const auto status = text_of(**found, "status");
  if (status != "open")
    return refused("", "",
                   "You can only mark open invoices as uncollectible. This invoice isn't open: it "
                   "is " +
                       status + ".");
  give_up_invoice(call.scene, **found, "uncollectible");
  return **found;
}

Answer<Json> list_invoice_lines(const Call& call) {
  const auto found = invoice_of(call);
  if (!found) return std::unexpected(found.error());
  return list_within(call, "line_item", (*found)->at("lines").at("data"),
                     "/v1/invoices/" + call.id + "/lines");
}

}  // namespace sequent::sandbox::stripe
