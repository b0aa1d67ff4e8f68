// Changes of a subscription: checked as a whole, then applied, told and billed.
#include <algorithm>

#include "base/assert.hpp"
#include "sandbox/stripe/billing.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

struct Change {
  Json next;                   // the subscription as it will be
  Json lines = Json::array();  // what the change costs
  bool bill_now = false;
};

const Json* find_by_id(const Json& items, const std::string& id) {
  for (const auto& item : items)
    if (item.at("id") == id) return &item;
  return nullptr;
}

// The former items with the given ones changed, added or taken away.
Answer<Json> items_after(Scene& scene, const Json& subscription, const Json& given, bool single) {
  Json items = subscription.at("items").at("data");
  for (std::size_t i = 0; i < given.size(); ++i) {
    const Json& params = given.at(i);
    const auto within = single ? std::string() : "items[" + std::to_string(i) + "]";
    const auto id = text_of(params, "id");
    const Json* former = id.empty() ? nullptr : find_by_id(items, id);
    if (!id.empty() && former == nullptr)
      return no_such("subscription_item", id, within.empty() ? "id" : within + "[id]");
    if (params.value("deleted", false)) {
      if (former == nullptr)
        return bad_parameter("parameter_missing", within + "[id]",
                             "Only an item that is named by its id can be deleted.");
      items.erase(std::find(items.begin(), items.end(), *former));
      continue;
    }
    auto item = make_item(scene, params, within, former);
    if (!item) return item;
    (*item)["subscription"] = subscription.at("id");
    if (former == nullptr) {
      items.push_back(std::move(*item));
    } else {
      *std::find(items.begin(), items.end(), *former) = std::move(*item);
    }
  }
  return items;
}

// The period that an item shares with the others of its interval; null when it begins its own.
const Json* period_of(const Json& item, const Json& former) {
  const auto seconds = period_seconds(item.at("price").at("recurring"));
  const Json* same = find_by_id(former, text_of(item, "id"));
  if (same != nullptr)
    return period_seconds(same->at("price").at("recurring")) == seconds ? same : nullptr;
  for (const auto& other : former)
    if (period_seconds(other.at("price").at("recurring")) == seconds) return &other;
  return nullptr;
}

Answer<void> change_items(Scene& scene, Change& change, const Json& params, bool single) {
  const Json former = change.next.at("items").at("data");
  auto items = items_after(scene, change.next, params.at("items"), single);
  if (!items) return std::unexpected(items.error());
  const bool flexible = text_of(change.next.at("billing_mode"), "type") == "flexible";
  const auto checked = check_items(scene, *items, flexible);
  if (!checked) return checked;
  if (!former.empty() && items->at(0).at("price").at("currency") != change.next.at("currency"))
    return refused("", single ? "price" : "items[0][price]",
                   "The price's currency doesn't match that of the subscription: `" +
                       text_of(change.next, "currency") + "`.");
  const bool trial = change.next.at("status") == "trialing";
  const Json given_at = params.value("proration_date", Json());
  const auto at = given_at.is_number() ? given_at.get<std::int64_t>() : scene.seconds();
  for (auto& item : *items) {
    if (const Json* period = trial ? &former.at(0) : period_of(item, former)) {
      set_item_period(item, period->at("current_period_start").get<std::int64_t>(),
                      period->at("current_period_end").get<std::int64_t>());
      continue;
    }
    set_item_period(item, scene.seconds(),
                    scene.seconds() + period_seconds(item.at("price").at("recurring")));
    change.bill_now = true;
  }
  const bool prorates = text_of(params, "proration_behavior", "create_prorations") != "none";
  if (!trial)
    for (auto& line : proration_lines(scene, change.next, former, *items, at)) {
      const bool proration =
          line.at("parent").at("subscription_item_details").at("proration").get<bool>();
      if (prorates || !proration) change.lines.push_back(std::move(line));
    }
  change.next["items"]["data"] = std::move(*items);
  return {};
}

// A new cycle begins now, and all of it is billed.
void restart_cycle(Scene& scene, Change& change) {
  for (auto& item : change.next.at("items").at("data")) {
    set_item_period(item, scene.seconds(),
                    scene.seconds() + period_seconds(item.at("price").at("recurring")));
    change.lines.push_back(line_of_item(scene, change.next, item));
  }
  change.next["billing_cycle_anchor"] = scene.seconds();
  change.bill_now = true;
}

Answer<void> change_trial(Scene& scene, Change& change, const Json& params) {
  const auto given = text_of(params, "trial_end");
  if (given.empty()) return {};
  const bool trialing = change.next.at("status") == "trialing";
  if (given == "now") {
    if (!trialing) return {};
    change.next["trial_end"] = scene.seconds();
    change.next["status"] = "active";
    restart_cycle(scene, change);
    return {};
  }
  if (given.find_first_not_of("0123456789") != std::string::npos || given.size() > 12)
    return bad_parameter("", "trial_end", "Invalid trial_end: must be a timestamp or `now`");
  const auto end = std::stoll(given);
  if (end <= scene.seconds())
    return refused("", "trial_end",
                   "Invalid timestamp: must be an integer Unix timestamp in the "
                   "future");
  change.next["status"] = "trialing";
  change.next["trial_end"] = end;
  if (!trialing) change.next["trial_start"] = scene.seconds();
  for (auto& item : change.next.at("items").at("data"))
    set_item_period(
        item, trialing ? item.at("current_period_start").get<std::int64_t>() : scene.seconds(),
        end);
  return {};
}

Answer<void> change_anchor(Scene& scene, Change& change, const Json& params) {
  if (text_of(params, "billing_cycle_anchor") != "now" || change.next.at("status") == "trialing")
    return {};
  const Json nothing = Json::array();
  if (text_of(params, "proration_behavior", "create_prorations") != "none")
    for (auto& line : proration_lines(scene, change.next, change.next.at("items").at("data"),
                                      nothing, scene.seconds()))
      change.lines.push_back(std::move(line));
  restart_cycle(scene, change);
  return {};
}

Answer<void> check_state(const Json& subscription, const Json& params) {
  static const std::vector<std::string> always{"metadata", "cancellation_details", "expand"};
  const bool incomplete = subscription.at("status") == "incomplete";
  if (!has_ended(subscription) && !incomplete) return {};
  for (const auto& entry : params.items()) {
    const auto& name = entry.key();
    if (std::find(always.begin(), always.end(), name) != always.end()) continue;
    if (incomplete && name != "items" && name != "trial_end" && name != "billing_cycle_anchor")
      continue;
    return refused("", name,
                   incomplete
                       ? "The first invoice of an `incomplete` subscription has to be paid before "
                         "its items can be updated."
                       : "A canceled subscription can only update its cancellation_details and "
                         "metadata.");
  }
  return {};
}

// Whether the card would pay is known before anything is changed: error_if_incomplete leaves no
// trace of a change that could not be paid.
Answer<void> check_payment(Scene& scene, const Change& change, const Json& lines,
                           const std::string& behavior) {
  if (behavior != "error_if_incomplete" || total_of_lines(lines) <= 0) return {};
  if (change.next.at("collection_method") == "send_invoice") return {};
  const auto method = payment_method_of(scene.account, change.next);
  const auto answer = ask_card(scene.account, change.next, method);
  if (answer != CardAnswer::approved) return card_refused(answer);
  return {};
}

void bill_change(Scene& scene, Json& subscription, Json& invoice, const std::string& behavior) {
  const bool waits = behavior == "default_incomplete" &&
                     subscription.at("collection_method") == "charge_automatically";
  if (!waits) {
    close_draft(scene, invoice);
    return;
  }
  open_invoice(scene, invoice);
  if (invoice.at("status") == "open") note_invoice_failed(scene, invoice, false);
}

std::string money_destination(const Json& params) {
  const Json data = params.value("transfer_data", Json());
  return data.is_object() ? text_of(data, "destination") : "";
}

}  // namespace

Answer<void> check_settings(const Scene& scene, const Json& params) {
  for (const char* name : {"default_payment_method", "default_source"}) {
    const auto method = check_payment_method(params, name);
    if (!method) return method;
  }
  const auto destination = money_destination(params);
  if (!destination.empty() && !destination.starts_with("acct_"))
    return no_such("destination", destination, "transfer_data[destination]");
  const auto merchant = text_of(params, "on_behalf_of");
  if (!merchant.empty() && !merchant.starts_with("acct_"))
    return no_such("account", merchant, "on_behalf_of");
  const auto percent = text_of(params, "application_fee_percent");
  if (!percent.empty()) {
    if (scene.account.id.empty() && destination.empty())
      return refused("", "application_fee_percent",
                     "You can only apply an application_fee_percent when the request is made for a "
                     "connected account, or when transfer_data[destination] names one.");
    const auto dot = percent.find('.');
    if (percent.size() > 6 || std::stod(percent) > 100 ||
        (dot != std::string::npos && percent.size() - dot > 3))
      return bad_parameter("", "application_fee_percent",
                           "Invalid application_fee_percent: must be between 0 and 100, with at "
                           "most two decimal places");
  }
  if (params.contains("cancel_at") && !params.at("cancel_at").is_null() &&
      params.value("cancel_at_period_end", false))
    return bad_parameter("", "cancel_at_period_end",
                         "You may only specify one of these parameters: cancel_at, "
                         "cancel_at_period_end.");
  if (text_of(params, "payment_behavior") == "pending_if_incomplete")
    return bad_parameter("", "payment_behavior",
                         "The sandbox keeps no pending updates: expected allow_incomplete, "
                         "default_incomplete or error_if_incomplete.");
  return {};
}

void apply_settings(Json& subscription, const Json& params) {
  for (const char* name : {"collection_method", "days_until_due", "default_payment_method",
                           "default_source", "description", "on_behalf_of"})
    if (params.contains(name)) subscription[name] = params.at(name);
  if (params.contains("application_fee_percent")) {
    const auto percent = text_of(params, "application_fee_percent");
    subscription["application_fee_percent"] = percent.empty() ? Json() : Json(std::stod(percent));
  }
  for (const char* name : {"transfer_data", "pause_collection"}) {
    if (!params.contains(name)) continue;
    const char* optional =
        std::string_view(name) == "transfer_data" ? "amount_percent" : "resumes_at";
    subscription[name] = params.at(name);
    if (subscription[name].is_object() && !subscription[name].contains(optional))
      subscription[name][optional] = nullptr;
  }
  for (const char* name : {"payment_settings", "trial_settings", "invoice_settings"})
    if (params.contains(name) && params.at(name).is_object())
      subscription[name].update(params.at(name));
  merge_metadata(subscription, params);
}

void apply_planned_end(const Scene& scene, Json& subscription, const Json& params) {
  if (params.contains("cancellation_details") && params.at("cancellation_details").is_object())
    subscription["cancellation_details"].update(params.at("cancellation_details"));
  const bool by_flag = params.contains("cancel_at_period_end");
  const bool by_date = params.contains("cancel_at");
  if (!by_flag && !by_date) return;
  const Json end = subscription.at("items").at("data").at(0).at("current_period_end");
  Json at = nullptr;
  if (by_date && params.at("cancel_at").is_number()) at = params.at("cancel_at");
  const bool at_end = by_flag && params.at("cancel_at_period_end") == true;
  if (at_end) at = end;
  subscription["cancel_at_period_end"] = at_end;
  subscription["cancel_at"] = at;
  subscription["canceled_at"] = at.is_null() ? Json() : Json(scene.seconds());
  subscription["cancellation_details"]["reason"] =
      at.is_null() ? Json() : Json("cancellation_requested");
}

Answer<void> change_subscription(Scene& scene, Json& subscription, const Json& params,
                                 bool single) {
  const auto state = check_state(subscription, params);
  if (!state) return state;
  const auto settings = check_settings(scene, params);
  if (!settings) return settings;
  Change change{.next = subscription};
  apply_settings(change.next, params);
  if (params.contains("items") && params.at("items").is_array()) {
    const auto items = change_items(scene, change, params, single);
    if (!items) return items;
  }
  const auto trial = change_trial(scene, change, params);
  if (!trial) return trial;
  const auto anchor = change_anchor(scene, change, params);
  if (!anchor) return anchor;
  apply_planned_end(scene, change.next, params);

  const auto behavior = text_of(params, "payment_behavior", "allow_incomplete");
  const bool bills = !change.lines.empty() &&
                     (change.bill_now || text_of(params, "proration_behavior") == "always_invoice");
  Json& pending = change.next["_pending_lines"];
  for (auto& line : change.lines) pending.push_back(std::move(line));
  if (bills) {
    const auto payment = check_payment(scene, change, pending, behavior);
    if (!payment) return payment;
  }
  const Json before = std::exchange(subscription, std::move(change.next));
  Json* invoice = nullptr;
  if (bills) {
    invoice = &draft_invoice(scene,
                             {.customer = text_of(subscription, "customer"),
                              .currency = text_of(subscription, "currency"),
                              .reason = "subscription_update",
                              .lines = std::exchange(subscription["_pending_lines"], Json::array()),
                              .subscription = &subscription,
                              .auto_advance = true});
    subscription["latest_invoice"] = invoice->at("id");
  }
  tell_subscription(scene, before, subscription);
  if (invoice != nullptr) bill_change(scene, subscription, *invoice, behavior);
  await_subscription(scene, subscription);
  return {};
}

}  // namespace sequent::sandbox::stripe
