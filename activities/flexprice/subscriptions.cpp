#include "activities/flexprice/resources.hpp"
#include "activities/json_api.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::flexprice {

namespace {

using runtime::Attempt;
using runtime::Reconciliation;

constexpr int page_size = 1000;  // Flexprice's most

Json subscription_input() {
  Json properties = literal(R"json({
    "currency": {"type": "string", "minLength": 3, "maxLength": 3},
    "billing_period": {"enum": ["MONTHLY", "ANNUAL", "WEEKLY", "DAILY", "QUARTERLY",
                                "HALF_YEARLY", "ONETIME"]},
    "billing_period_count": {"type": "integer", "minimum": 1},
    "billing_cycle": {"enum": ["anniversary", "calendar"]},
    "billing_anchor": {"type": "string", "format": "date-time"},
    "start_date": {"type": "string", "format": "date-time"},
    "end_date": {"type": "string", "format": "date-time"},
    "trial_period_days": {"type": "integer", "minimum": 0},
    "payment_behavior": {"enum": ["allow_incomplete", "default_incomplete", "error_if_incomplete",
                                  "default_active"]},
    "collection_method": {"enum": ["charge_automatically", "send_invoice"]},
    "proration_behavior": {"enum": ["create_prorations", "none"]},
    "subscription_status": {"enum": ["active", "draft"]},
    "timezone": {"type": "string"},
    "addons": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["addon_id"],
        "additionalProperties": false,
        "properties": {
          "addon_id": {"type": "string", "minLength": 1},
          "cadence": {"enum": ["onetime", "recurring"]},
          "start_date": {"type": "string", "format": "date-time"},
          "proration_behavior": {"enum": ["create_prorations", "none"]},
          "metadata": {"type": "object"}
        }
      }
    }
  })json");
  for (const char* member : {"customer_id", "external_customer_id", "plan_id", "lookup_key"})
    properties[member] = id_schema();
  properties["lookup_key"]["description"] =
      "not unique at Flexprice; here a live subscription of the customer with this key is adopted";
  properties["metadata"] = metadata_schema();
  Json schema = input_schema(properties, {"plan_id", "currency", "billing_period"});
  schema["oneOf"] =
      literal(R"([{"required": ["customer_id"]}, {"required": ["external_customer_id"]}])");
  return schema;
}

void leave_traces(Json& body, const Attempt& attempt) {
  Json& metadata = body["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  metadata["sequent_run"] = attempt.instance.text();
  metadata["sequent_task"] = attempt.task;
  metadata["sequent_key"] = unrevised(attempt.idempotency_key);
}

// This task's own subscription, whatever has become of it; or a live one of the same lookup key,
// which somebody else made for the same thing.
const Json* matching(const Json& page, const std::string& lookup_key, const std::string& key) {
  const auto items = page.find("items");
  if (items == page.end() || !items->is_array()) return nullptr;
  const Json* live = nullptr;
  for (const Json& item : *items) {
    const auto metadata = item.find("metadata");
    if (metadata != item.end() && metadata->is_object() && text_of(*metadata, "sequent_key") == key)
      return &item;
    const bool same = !lookup_key.empty() && text_of(item, "lookup_key") == lookup_key;
    if (same && text_of(item, "subscription_status") != "cancelled" && live == nullptr)
      live = &item;
  }
  return live;
}

Json filter_of_customer(const Json& input) {
  Json filter = Json::object();
  for (const char* member : {"customer_id", "external_customer_id"})
    if (input.contains(member)) filter[member] = input[member];
  filter["subscription_status"] = {"active",     "paused",   "cancelled",
                                   "incomplete", "trialing", "draft"};
  filter["limit"] = page_size;
  return filter;
}

Failure too_many(int pages) {
  Failure failure;
  failure.outcome = Outcome::unknown;
  failure.problem = provider_problem(
      "flexprice", ErrorKind::communication, 500, "Too many subscriptions to search",
      "the customer has more than " + std::to_string(pages * page_size) +
          " subscriptions, and none of the first is this task's: look for the lookup_key in "
          "Flexprice, then skip the task with the subscription or raise the limit");
  return failure;
}

boost::asio::awaitable<Reconciliation> read_subscription(std::shared_ptr<Client> client,
                                                         Attempt attempt, std::string id) {
  Call call = read_call(attempt, "/subscriptions/" + net::percent_encode(id));
  auto answer = co_await client->send(std::move(call));
  if (!answer) co_return undecided(std::move(answer.error()));
  co_return adopted(std::move(*answer));
}

boost::asio::awaitable<Reconciliation> of_customer(std::shared_ptr<Client> client, Attempt attempt,
                                                   Json input) {
  const std::string lookup_key = text_of(input, "lookup_key");
  const std::string key = unrevised(attempt.idempotency_key);
  Json filter = filter_of_customer(input);
  std::string candidate;
  const int most = client->config().reconcile_pages;
  for (int page = 0;; ++page) {
    if (page == most) co_return undecided(too_many(most));
    filter["offset"] = page * page_size;
    Call call = search_call(attempt, "/subscriptions/search", filter);
    const auto answer = co_await client->send(std::move(call));
    // A customer that does not exist has no subscription; the creation itself will say so.
    if (!answer && answer.error().problem.status == 404) co_return absent();
    if (!answer) co_return undecided(answer.error());
    const Json* match = matching(*answer, lookup_key, key);
    if (match != nullptr) candidate = text_of(*match, "id");
    const auto items = answer->find("items");
    const bool more = items != answer->end() && items->size() >= page_size;
    if (!candidate.empty() || !more) break;
  }
  if (candidate.empty()) co_return absent();
  Reconciliation whole = co_await read_subscription(client, attempt, candidate);
  co_return whole;
}

Json subscription_id() {
  Json properties = Json::object();
  properties["subscription_id"] = id_schema();
  return properties;
}

Operation create_subscription() {
  Operation create = operation(
      "flexprice.subscriptions.create", "POST", "/subscriptions",
      "Makes a subscription unless this task, or another one for the same lookup_key, has made it.",
      subscription_input(), subscription_schema());
  create.look_when = Operation::When::before;
  create.look = of_customer;
  create.adapt = leave_traces;
  create.spec.charges = true;
  return create;
}

Operation update_subscription() {
  Json properties = literal(R"json({
    "status": {"enum": ["active", "paused", "cancelled", "incomplete", "trialing", "draft"]},
    "cancel_at": {"type": "string", "format": "date-time"},
    "cancel_at_period_end": {"type": "boolean",
      "description": "required, because Flexprice takes its absence for false"},
    "parent_subscription_id": {"type": "string"}
  })json");
  properties.update(subscription_id());
  return harmless("flexprice.subscriptions.update", "PUT", "/subscriptions/{subscription_id}",
                  "Sets the status or the end of a subscription; transitions are not checked.",
                  input_schema(properties, {"subscription_id", "cancel_at_period_end"}),
                  subscription_schema());
}

}  // namespace

Json subscription_schema() {
  return output_schema(literal(R"json({
                         "id": {"type": "string"},
                         "customer_id": {"type": "string"},
                         "plan_id": {"type": "string"},
                         "lookup_key": {"type": "string"},
                         "subscription_status": {"enum": ["active", "paused", "cancelled",
                                                          "incomplete", "trialing", "draft"]},
                         "current_period_start": {"type": "string"},
                         "current_period_end": {"type": "string"},
                         "cancel_at_period_end": {"type": "boolean"},
                         "metadata": {"type": "object"}
                       })json"),
                       {"id", "plan_id", "subscription_status"});
}

/// POST /subscriptions, GET and PUT /subscriptions/{id}, POST /subscriptions/search. Flexprice has
/// no key for a creation and no uniqueness: each request is preceded by a look at all subscriptions
/// of the customer. Two runs for one lookup_key must be serialised by a business key.
Operations subscriptions() {
  Operations operations;
  operations.push_back(create_subscription());
  operations.push_back(harmless("flexprice.subscriptions.get", "GET",
                                "/subscriptions/{subscription_id}", "Reads a subscription.",
                                input_schema(subscription_id(), {"subscription_id"}),
                                subscription_schema()));
  operations.push_back(update_subscription());
  Json filter = search_properties(literal(R"json({
    "customer_id": {"type": "string"},
    "external_customer_id": {"type": "string"},
    "plan_id": {"type": "string"},
    "subscription_ids": {"type": "array", "items": {"type": "string"}},
    "subscription_status": {"type": "array", "items": {
      "enum": ["active", "paused", "cancelled", "incomplete", "trialing", "draft"]}},
    "expand": {"type": "string"}
  })json"));
  operations.push_back(harmless("flexprice.subscriptions.search", "POST", "/subscriptions/search",
                                "Lists subscriptions.", input_schema(filter, {}),
                                page_schema(subscription_schema())));
  return operations;
}

}  // namespace sequent::activities::flexprice
