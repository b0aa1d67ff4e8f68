// Changes of plan, in place and by a new subscription, and cancellations.
#include "sandbox/flexprice/world.hpp"

namespace sequent::sandbox::flexprice {
namespace {

Answer<void> check_target(Call& call, const Json& subscription) {
  const auto plan = required_text(call.body, "target_plan_id");
  if (!plan) return std::unexpected(plan.error());
  const auto proration = required_text(call.body, "proration_behavior");
  if (!proration) return std::unexpected(proration.error());
  for (const auto& check : {one_of(call.body, "proration_behavior", {"create_prorations", "none"}),
                            one_of(call.body, "change_at", {"immediate", "end_of_period"})})
    if (!check) return std::unexpected(check.error());
  const std::string status = text_of(subscription, "subscription_status");
  if (status != "active" && status != "trialing")
    return not_now("only active and trialing subscriptions can change their plan, this one is " +
                   status);
  if (call.world.plans.published(*plan) == nullptr) return missing("plan " + *plan);
  if (text_of(subscription, "plan_id") == *plan)
    return invalid("the subscription has this plan already");
  return check_prices(call, *plan, text_of(subscription, "currency"),
                      text_of(subscription, "billing_period"));
}

Json summary(const Json& subscription) {
  return {{"id", subscription.at("id")},
          {"plan_id", subscription.at("plan_id")},
          {"status", subscription.at("subscription_status")},
          {"current_period_start", subscription.at("current_period_start")},
          {"current_period_end", subscription.at("current_period_end")},
          {"created_at", subscription.at("created_at")}};
}

Answer<Json> schedule(Call& call, const Json& subscription, Json answer) {
  const std::string id = text_of(subscription, "id");
  if (text_of(call.body, "proration_behavior") == "create_prorations")
    return invalid("a change at the end of the period can't create prorations");
  for (const auto& [other, pending] : call.world.schedules.by_id)
    if (text_of(pending, "subscription_id") == id && text_of(pending, "state") == "pending")
      return not_now("the subscription has a pending change");
  Json entry = blank(call, "schd_");
  entry["subscription_id"] = id;
  entry["schedule_type"] = "plan_change";
  entry["state"] = "pending";
  entry["scheduled_at"] = subscription.at("current_period_end");
  entry["configuration"] = {{"target_plan_id", call.body.at("target_plan_id")}};
  count_made(call, "schedule", id + " " + text_of(call.body, "target_plan_id"), entry);
  answer["is_scheduled"] = true;
  answer["schedule_id"] = entry.at("id");
  answer["scheduled_at"] = entry.at("scheduled_at");
  call.world.schedules.add(std::move(entry));
  return answer;
}

// v1: the old subscription ends and a new one begins, with another id.
Answer<Json> change(Call& call) {
  const auto found = ambiguous_subscription(call, call.path[0]);
  if (!found) return std::unexpected(found.error());
  for (const char* member : {"billing_cadence", "billing_period", "billing_cycle"})
    if (const auto text = required_text(call.body, member); !text)
      return std::unexpected(text.error());
  if (const auto good = check_target(call, **found); !good) return std::unexpected(good.error());
  Json answer{{"change_type", "lateral"}, {"is_scheduled", false}};
  if (text_of(call.body, "change_at") == "end_of_period") return schedule(call, **found, answer);
  Json& old = **found;
  Json wanted = old;
  wanted["plan_id"] = call.body["target_plan_id"];
  copy_members(call.body, {"billing_period", "billing_cycle", "metadata"}, wanted);
  wanted.erase("subscription_status");
  Json fresh = new_subscription(call, wanted, text_of(old, "customer_id"), call.now);
  old["subscription_status"] = "cancelled";
  old["cancelled_at"] = format_time(call.now);
  touch(old, call.now);
  answer["old_subscription"] = summary(old);
  answer["new_subscription"] = summary(fresh);
  answer["effective_date"] = format_time(call.now);
  count_made(call, "change", text_of(old, "id") + " " + text_of(fresh, "plan_id"), fresh);
  call.world.subscriptions.add(std::move(fresh));
  return answer;
}

Json plan_summary(World& world, const std::string& id) {
  const Json* plan = world.plans.find(id);
  return {{"id", id}, {"name", plan == nullptr ? "" : text_of(*plan, "name")}};
}

// v2: the plan changes under the same id.
Answer<Json> change_in_place(Call& call) {
  const auto found = ambiguous_subscription(call, call.path[0]);
  if (!found) return std::unexpected(found.error());
  Json& subscription = **found;
  if (const auto good = check_target(call, subscription); !good)
    return std::unexpected(good.error());
  const std::string from = text_of(subscription, "plan_id");
  const std::string to = text_of(call.body, "target_plan_id");
  Json answer{{"change_type", "lateral"},
              {"is_scheduled", false},
              {"from_plan", plan_summary(call.world, from)},
              {"to_plan", plan_summary(call.world, to)}};
  if (text_of(call.body, "change_at") == "end_of_period") {
    answer["subscription"] = subscription;
    return schedule(call, subscription, answer);
  }
  subscription["plan_id"] = to;
  touch(subscription, call.now);
  answer["subscription"] = subscription;
  answer["effective_at"] = format_time(call.now);
  call.log.made("change " + call.path[0] + " " + from + " " + to, "change", call.path[0],
                text_of(call.body, "idempotency_key"));
  return answer;
}

Answer<Json> schedules(Call& call) {
  if (call.world.subscriptions.published(call.path[0]) == nullptr)
    return missing("subscription " + call.path[0]);
  Json pending = Json::array();
  for (const auto& [id, entry] : call.world.schedules.by_id) {
    if (text_of(entry, "subscription_id") != call.path[0]) continue;
    Json shown = entry;
    shown["status"] = entry.at("state");
    shown.erase("state");
    pending.push_back(std::move(shown));
  }
  return Json{{"count", pending.size()}, {"schedules", pending}};
}

Answer<void> check_cancel(const Json& body, const Json& subscription) {
  const auto type = required_text(body, "cancellation_type");
  if (!type) return std::unexpected(type.error());
  for (const auto& check :
       {one_of(body, "cancellation_type", {"immediate", "end_of_period", "scheduled_date"}),
        one_of(body, "proration_behavior", {"create_prorations", "none"}),
        one_of(body, "cancel_immediately_inovice_policy", {"generate_invoice", "skip"})})
    if (!check) return std::unexpected(check.error());
  if (*type == "scheduled_date" && !parse_time(text_of(body, "cancel_at")))
    return invalid("cancel_at is required for a scheduled cancellation");
  const std::string status = text_of(subscription, "subscription_status");
  if (status == "cancelled") return invalid("subscription is already cancelled");
  if (status == "draft") return invalid("draft subscriptions can't be cancelled");
  const bool scheduled =
      subscription.value("cancel_at_period_end", false) || subscription.contains("cancel_at");
  if (scheduled && *type != "immediate")
    return invalid("subscription is already scheduled for cancellation");
  return {};
}

Answer<Json> cancel(Call& call) {
  const auto found = ambiguous_subscription(call, call.path[0]);
  if (!found) return std::unexpected(found.error());
  Json& subscription = **found;
  if (const auto good = check_cancel(call.body, subscription); !good)
    return std::unexpected(good.error());
  const std::string type = text_of(call.body, "cancellation_type");
  std::string effective = format_time(call.now);
  if (type == "immediate") {
    subscription["subscription_status"] = "cancelled";
    subscription["cancelled_at"] = effective;
  } else if (type == "end_of_period") {
    subscription["cancel_at_period_end"] = true;
    effective = text_of(subscription, "current_period_end");
    subscription["cancel_at"] = effective;
  } else {
    effective = text_of(call.body, "cancel_at");
    subscription["cancel_at"] = effective;
  }
  touch(subscription, call.now);
  call.log.made("cancel " + call.path[0] + " " + type, "cancel", call.path[0], "");
  return Json{{"subscription_id", call.path[0]},
              {"cancellation_type", type},
              {"status", subscription["subscription_status"]},
              {"effective_date", effective},
              {"message", "subscription cancelled successfully"}};
}

}  // namespace

std::vector<Route> change_routes() {
  return {{"POST", "/subscriptions/{id}/change/execute", change},
          {"POST", "/subscriptions/{id}/change/v2/execute", change_in_place},
          {"GET", "/subscriptions/{id}/schedules", schedules},
          {"POST", "/subscriptions/{id}/cancel", cancel}};
}

}  // namespace sequent::sandbox::flexprice
