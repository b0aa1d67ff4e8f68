#include "activities/flexprice/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::flexprice {

namespace {

using runtime::Attempt;
using runtime::Reconciliation;

boost::asio::awaitable<std::expected<Json, Failure>> read(std::shared_ptr<Client> client,
                                                          Attempt attempt, Json input,
                                                          const char* suffix) {
  const std::string id = net::percent_encode(text_of(input, "subscription_id"));
  Call call = read_call(attempt, "/subscriptions/" + id + suffix);
  auto answer = co_await client->send(std::move(call));
  co_return answer;
}

Json cancelled_output(const Json& subscription, const std::string& type, const char* at) {
  Json output = Json::object();
  output["subscription_id"] = text_of(subscription, "id");
  output["cancellation_type"] = type;
  output["status"] = text_of(subscription, "subscription_status");
  if (subscription.contains(at)) output["effective_date"] = subscription.at(at);
  output["message"] = "cancelled by an earlier attempt";
  return output;
}

// A second cancellation is refused; what the subscription says decides whether it was the same.
boost::asio::awaitable<Reconciliation> is_cancelled(std::shared_ptr<Client> client, Attempt attempt,
                                                    Json input) {
  const std::string type = text_of(input, "cancellation_type");
  const auto answer = co_await read(client, attempt, input, "");
  if (!answer) co_return undecided(answer.error());
  if (text_of(*answer, "subscription_status") == "cancelled")
    co_return adopted(cancelled_output(*answer, type, "cancelled_at"));
  const auto flag = answer->find("cancel_at_period_end");
  const bool at_end = flag != answer->end() && flag->is_boolean() && flag->get<bool>();
  if (type == "end_of_period" && at_end)
    co_return adopted(cancelled_output(*answer, type, "current_period_end"));
  const std::string stored = text_of(*answer, "cancel_at");
  const auto same = [](const std::string& one, const std::string& other) {
    const auto first = parse_time(one), second = parse_time(other);
    return first && second && *first == *second;  // 10:00Z and 10:00:00.000Z are one moment
  };
  if (type == "scheduled_date" && same(stored, text_of(input, "cancel_at")))
    co_return adopted(cancelled_output(*answer, type, "cancel_at"));
  co_return absent();
}

Json changed_output(const Json& subscription) {
  Json output = Json::object();
  output["subscription"] = subscription;
  output["is_scheduled"] = false;
  return output;
}

// A pending change of plan to the one that is asked for.
Json scheduled_output(const Json& pending, const Json& subscription, const std::string& plan) {
  const auto schedules = pending.find("schedules");
  if (schedules == pending.end() || !schedules->is_array()) return {};
  for (const Json& schedule : *schedules) {
    const auto configuration = schedule.find("configuration");
    const bool same = configuration != schedule.end() && configuration->is_object() &&
                      text_of(*configuration, "target_plan_id") == plan;
    if (!same || text_of(schedule, "status") != "pending") continue;
    Json output = changed_output(subscription);
    output["is_scheduled"] = true;
    output["schedule_id"] = text_of(schedule, "id");
    const std::string at = text_of(schedule, "scheduled_at");
    if (!at.empty()) output["scheduled_at"] = at;
    return output;
  }
  return {};
}

boost::asio::awaitable<Reconciliation> is_changed(std::shared_ptr<Client> client, Attempt attempt,
                                                  Json input) {
  const std::string plan = text_of(input, "target_plan_id");
  const auto answer = co_await read(client, attempt, input, "");
  if (!answer) co_return undecided(answer.error());
  if (text_of(*answer, "plan_id") == plan) co_return adopted(changed_output(*answer));
  if (text_of(input, "change_at") != "end_of_period") co_return absent();
  const auto pending = co_await read(client, attempt, input, "/schedules");
  if (!pending) co_return undecided(pending.error());
  Json scheduled = scheduled_output(*pending, *answer, plan);
  if (scheduled.is_null()) co_return absent();
  co_return adopted(std::move(scheduled));
}

Json change_output() {
  Json properties = literal(R"json({
    "is_scheduled": {"type": "boolean"},
    "schedule_id": {"type": "string"},
    "scheduled_at": {"type": "string"},
    "effective_at": {"type": "string"},
    "change_type": {"enum": ["upgrade", "downgrade", "lateral"],
                    "description": "absent when the subscription had this plan already"}
  })json");
  properties["subscription"] = subscription_schema();
  return output_schema(std::move(properties), {"subscription"});
}

Operation change_subscription() {
  Json properties = literal(R"json({
    "proration_behavior": {"enum": ["create_prorations", "none"]},
    "change_at": {"enum": ["immediate", "end_of_period"]},
    "entity_policies": {
      "type": "object",
      "additionalProperties": false,
      "properties": {"addons": {
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "default_behaviour": {"enum": ["carry", "drop"]},
          "overrides": {"type": "object", "additionalProperties": {"enum": ["carry", "drop"]}}
        }
      }}
    }
  })json");
  properties["subscription_id"] = id_schema();
  properties["target_plan_id"] = id_schema();
  properties["metadata"] = metadata_schema();
  Json schema =
      input_schema(properties, {"subscription_id", "target_plan_id", "proration_behavior"});
  schema["not"] = literal(R"json({
    "required": ["change_at"],
    "properties": {"change_at": {"const": "end_of_period"},
                   "proration_behavior": {"const": "create_prorations"}}
  })json");
  Operation change = operation("flexprice.subscriptions.change", "POST",
                               "/subscriptions/{subscription_id}/change/v2/execute",
                               "Moves a subscription to another plan and keeps its id.",
                               std::move(schema), change_output());
  change.look_when = Operation::When::before;
  change.look = is_changed;
  change.adapt = [](Json& body, const Attempt& attempt) {
    body["idempotency_key"] = attempt.idempotency_key;
  };
  return change;
}

Operation cancel_subscription() {
  Json properties = literal(R"json({
    "cancellation_type": {"enum": ["immediate", "end_of_period", "scheduled_date"]},
    "cancel_at": {"type": "string", "format": "date-time"},
    "reason": {"type": "string"},
    "proration_behavior": {"enum": ["create_prorations", "none"]},
    "cancel_immediately_inovice_policy": {"enum": ["generate_invoice", "skip"],
      "description": "in Flexprice's own spelling"}
  })json");
  properties["subscription_id"] = id_schema();
  Json schema = input_schema(properties, {"subscription_id", "cancellation_type"});
  schema["if"] = literal(R"({"properties": {"cancellation_type": {"const": "scheduled_date"}}})");
  schema["then"] = literal(R"({"required": ["cancel_at"]})");
  schema["else"] = literal(R"({"properties": {"cancel_at": false}})");
  Operation cancel = harmless(
      "flexprice.subscriptions.cancel", "POST", "/subscriptions/{subscription_id}/cancel",
      "Ends a subscription now or later; cancelled already is a success.", std::move(schema),
      output_schema(literal(R"json({
        "subscription_id": {"type": "string"},
        "cancellation_type": {"enum": ["immediate", "end_of_period", "scheduled_date"]},
        "status": {"type": "string"},
        "effective_date": {"type": "string"}
      })json"),
                    {"subscription_id", "status"}));
  cancel.look_when = Operation::When::after_refusal;
  cancel.look = is_cancelled;
  return cancel;
}

}  // namespace

/// POST /subscriptions/{id}/change/v2/execute and /subscriptions/{id}/cancel. The change reads the
/// plan first: v2's own key protects only the invoice that settles it. v1's change, which makes a new
/// subscription, is left out: nothing tells an earlier one of it from another.
Operations subscription_changes() {
  Operations operations;
  operations.push_back(change_subscription());
  operations.push_back(cancel_subscription());
  return operations;
}

}  // namespace sequent::activities::flexprice
