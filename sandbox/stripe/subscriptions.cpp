// POST /v1/subscriptions and what else the API does with subscriptions.
#include <algorithm>

#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::int64_t incomplete_seconds = 23 * 3'600;
constexpr std::int64_t day_seconds = 86'400;

Answer<void> check_subscriber(const Call& call) {
  const auto id = text_of(call.params, "customer");
  if (id.empty())
    return bad_parameter("parameter_missing", "customer", "Missing required param: customer.");
  const Json* customer = call.scene.account.find("customer", id);
  if (customer == nullptr || customer->value("_deleted", false))
    return no_such("customer", id, "customer");
  return {};
}

Answer<void> check_collection(const Json& params) {
  const bool sends = text_of(params, "collection_method") == "send_invoice";
  const bool days = params.contains("days_until_due");
  if (sends && !days)
    return bad_parameter("parameter_missing", "days_until_due",
                         "Missing required param: days_until_due.");
  if (!sends && days)
    return bad_parameter("", "days_until_due",
                         "`days_until_due` can only be used with `collection_method` "
                         "`send_invoice`.");
  return {};
}

// null: there is no trial.
Answer<Json> trial_end_of(const Call& call) {
  const Json& params = call.params;
  const Json days = params.value("trial_period_days", Json());
  const auto given = text_of(params, "trial_end");
  if (days.is_number() && !given.empty())
    return bad_parameter("", "trial_end",
                         "You may only specify one of these parameters: trial_end, "
                         "trial_period_days.");
  if (days.is_number()) return Json(call.scene.seconds() + days.get<std::int64_t>() * day_seconds);
  if (given.empty() || given == "now") return Json();
  if (given.find_first_not_of("0123456789") != std::string::npos || given.size() > 12)
    return bad_parameter("", "trial_end", "Invalid trial_end: must be a timestamp or `now`");
  if (std::stoll(given) <= call.scene.seconds())
    return refused("", "trial_end",
                   "Invalid timestamp: must be an integer Unix timestamp in the future");
  return Json(std::stoll(given));
}

// A customer has one currency while something of his runs in it.
Answer<void> check_currency(const Call& call, const std::string& currency) {
  const auto wanted = text_of(call.params, "currency", currency);
  if (wanted != currency)
    return refused("", "currency",
                   "The price specified only supports `" + currency +
                       "`. This doesn't match the expected currency: `" + wanted + "`.");
  for (const auto& entry : call.scene.account.kinds["subscription"].by_id) {
    const Json& other = entry.second;
    if (other.at("customer") != call.params.at("customer") || has_ended(other) ||
        other.at("currency") == currency)
      continue;
    return refused("", "",
                   "You cannot combine currencies on a single customer. This customer has an "
                   "active subscription, `" +
                       entry.first + "`, with currency " + text_of(other, "currency") + ".");
  }
  return {};
}

Answer<Json> items_of_call(const Call& call) {
  if (!call.params.contains("items") || !call.params.at("items").is_array() ||
      call.params.at("items").empty())
    return bad_parameter("parameter_missing", "items", "Missing required param: items.");
  const Json& given = call.params.at("items");
  Json items = Json::array();
  for (std::size_t i = 0; i < given.size(); ++i) {
    auto item = make_item(call.scene, given.at(i), "items[" + std::to_string(i) + "]", nullptr);
    if (!item) return item;
    items.push_back(std::move(*item));
  }
  const bool flexible =
      text_of(call.params.value("billing_mode", Json::object()), "type") == "flexible";
  const auto checked = check_items(call.scene, items, flexible);
  if (!checked) return std::unexpected(checked.error());
  return items;
}

Answer<Json> anchor_of(const Call& call, const Json& items) {
  const Json anchor = call.params.value("billing_cycle_anchor", Json());
  if (!anchor.is_number()) return Json();
  const auto at = anchor.get<std::int64_t>();
  const auto whole = period_seconds(items.at(0).at("price").at("recurring"));
  if (at <= call.scene.seconds() || at > call.scene.seconds() + whole)
    return refused("", "billing_cycle_anchor",
                   "billing_cycle_anchor must be in the future, and not later than the next "
                   "natural billing date.");
  return anchor;
}

// The first period may be shorter than the others: it is billed for its share, or not at all.
void set_first_period(const Call& call, Json& subscription, Json& lines, const Json& anchor) {
  const auto now = call.scene.seconds();
  const Json& trial_end = subscription.at("trial_end");
  for (auto& item : subscription.at("items").at("data")) {
    const auto whole = period_seconds(item.at("price").at("recurring"));
    if (trial_end.is_number()) set_item_period(item, now, trial_end.get<std::int64_t>());
    if (anchor.is_number()) set_item_period(item, now, anchor.get<std::int64_t>());
    Json line = line_of_item(call.scene, subscription, item);
    if (anchor.is_number()) {
      const bool billed = text_of(call.params, "proration_behavior") != "none";
      const auto share = (anchor.get<std::int64_t>() - now) * line.at("amount").get<std::int64_t>();
      line["amount"] = billed ? share / whole : 0;
      line["subtotal"] = line["amount"];
    }
    lines.push_back(std::move(line));
  }
}

// Its first invoice decides on the status. What happens on the way is told with the creation.
void bill_first_period(Scene& scene, Json& subscription, Json lines, const std::string& behavior) {
  const bool sends = subscription.at("collection_method") == "send_invoice";
  Json& invoice = draft_invoice(scene, {.customer = text_of(subscription, "customer"),
                                        .currency = text_of(subscription, "currency"),
                                        .reason = "subscription_create",
                                        .lines = std::move(lines),
                                        .subscription = &subscription,
                                        .auto_advance = true});
  subscription["latest_invoice"] = invoice.at("id");
  const bool trial = subscription.at("trial_end").is_number();
  const auto running = trial ? "trialing" : "active";
  if (sends && !trial) {
    subscription["status"] = running;  // the invoice is sent when the draft is an hour old
    return;
  }
  open_invoice(scene, invoice);
  if (invoice.at("status") == "open" && behavior != "default_incomplete")
    collect_invoice(scene, invoice);
  const bool paid = invoice.at("status") == "paid";
  subscription["status"] = paid ? running : "incomplete";
  if (!paid) subscription["_expires_at"] = scene.seconds() + incomplete_seconds;
}

Answer<void> check_first_payment(const Call& call, const Json& subscription, const Json& lines) {
  if (text_of(call.params, "payment_behavior") != "error_if_incomplete" ||
      total_of_lines(lines) == 0 || subscription.at("collection_method") == "send_invoice")
    return {};
  const auto method = payment_method_of(call.scene.account, subscription);
  const auto answer = ask_card(call.scene.account, subscription, method);
  if (answer != CardAnswer::approved) return card_refused(answer);
  return {};
}

}  // namespace

Answer<Json> create_subscription(const Call& call) {
  Scene& scene = call.scene;
  const auto customer = check_subscriber(call);
  if (!customer) return std::unexpected(customer.error());
  const auto collection = check_collection(call.params);
  if (!collection) return std::unexpected(collection.error());
  const auto settings = check_settings(scene, call.params);
  if (!settings) return std::unexpected(settings.error());
  const auto trial_end = trial_end_of(call);
  if (!trial_end) return trial_end;
  auto items = items_of_call(call);
  if (!items) return items;
  const auto currency = text_of(items->at(0).at("price"), "currency");
  const auto one_currency = check_currency(call, currency);
  if (!one_currency) return std::unexpected(one_currency.error());
  const auto anchor = anchor_of(call, *items);
  if (!anchor) return anchor;

  Json made = new_subscription(scene, text_of(call.params, "customer"), currency);
  for (auto& item : *items) item["subscription"] = made.at("id");
  made["items"]["data"] = std::move(*items);
  made["_untold"] = true;
  if (anchor->is_number()) made["billing_cycle_anchor"] = *anchor;
  if (trial_end->is_number()) {
    made["status"] = "trialing";
    made["trial_start"] = scene.seconds();
    made["trial_end"] = *trial_end;
    made["billing_cycle_anchor"] = *trial_end;
  }
  apply_settings(made, call.params);
  if (call.params.contains("backdate_start_date"))
    made["start_date"] = call.params.at("backdate_start_date");
  Json lines = Json::array();
  set_first_period(call, made, lines, *anchor);
  apply_planned_end(scene, made, call.params);
  const auto payment = check_first_payment(call, made, lines);
  if (!payment) return std::unexpected(payment.error());

  Json& subscription = scene.account.add(std::move(made));
  bill_first_period(scene, subscription, std::move(lines),
                    text_of(call.params, "payment_behavior", "allow_incomplete"));
  subscription.erase("_untold");
  emit(scene, "customer.subscription.created", subscription);
  await_subscription(scene, subscription);
  return subscription;
}

Answer<Json> update_subscription(const Call& call) {
  Json* subscription = call.scene.account.find("subscription", call.id);
  if (subscription == nullptr) return no_such("subscription", call.id);
  const auto changed = change_subscription(call.scene, *subscription, call.params);
  if (!changed) return std::unexpected(changed.error());
  return *subscription;
}

Answer<Json> cancel_subscription(const Call& call) {
  Json* found = call.scene.account.find("subscription", call.id);
  if (found == nullptr || has_ended(*found)) return no_such("subscription", call.id);
  Json& subscription = *found;
  const Json details = call.params.value("cancellation_details", Json());
  if (details.is_object()) subscription["cancellation_details"].update(details);
  Json& pending = subscription["_pending_lines"];
  if (call.params.value("prorate", false) && subscription.at("status") != "trialing")
    for (auto& line : proration_lines(call.scene, subscription, subscription.at("items").at("data"),
                                      Json::array(), call.scene.seconds()))
      pending.push_back(std::move(line));
  const bool invoices = call.params.value("invoice_now", false) && !pending.empty();
  end_subscription(call.scene, subscription);
  if (!invoices) return subscription;
  Json& invoice = draft_invoice(call.scene, {.customer = text_of(subscription, "customer"),
                                             .currency = text_of(subscription, "currency"),
                                             .reason = "manual",
                                             .lines = std::exchange(pending, Json::array()),
                                             .subscription = &subscription});
  subscription["latest_invoice"] = invoice.at("id");
  close_draft(call.scene, invoice);
  return subscription;
}

}  // namespace sequent::sandbox::stripe
