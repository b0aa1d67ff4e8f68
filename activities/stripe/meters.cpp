#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"
#include "base/assert.hpp"

namespace sequent::activities::stripe {

namespace {

constexpr std::size_t max_identifier = 100;  // Stripe's limit

Json meter() {
  return object_schema("billing.meter", literal(R"json({
    "event_name": {"type": "string"},
    "display_name": {"type": "string"},
    "status": {"type": "string"}
  })json"));
}

Json meter_id() {
  return literal(R"({"meter": {"type": "string", "pattern": "^mtr_"}})");
}

// The same for every attempt and every revision of the key: what was counted is not counted again.
void identify(Json& parameters, const runtime::Attempt& attempt, const StripeConfig&) {
  if (!text_of(parameters, "identifier").empty()) return;
  const std::string key = unrevised(attempt.idempotency_key);
  SEQUENT_ASSERT(!key.empty() && key.size() <= max_identifier);
  parameters["identifier"] = key;
}

Json meter_event() {
  return nameless_schema("billing.meter_event", literal(R"json({
    "event_name": {"type": "string"},
    "identifier": {"type": "string"},
    "payload": {"type": "object"},
    "timestamp": {"type": ["integer", "null"]},
    "duplicate": {"type": "boolean", "description": "the identifier was counted before"}
  })json"));
}

Operation count() {
  return write_operation(
      "stripe.billing.meter_events.create", "POST", "/v1/billing/meter_events",
      "Reports usage of one customer; an identifier is counted once a day at most.",
      input_schema(literal(R"json({
        "event_name": {"type": "string", "minLength": 1, "maxLength": 100},
        "payload": {"type": "object", "minProperties": 1,
                    "description": "usually {stripe_customer_id, value}; value as a decimal text",
                    "additionalProperties": {"type": "string"}},
        "identifier": {"type": "string", "minLength": 1, "maxLength": 100,
                       "description": "absent: one of the task's own"},
        "timestamp": {"type": "integer",
                      "description": "seconds since 1970, 35 days back to 5 minutes ahead; absent: now"}
      })json"),
                   {"event_name", "payload"}),
      meter_event());
}

}  // namespace

/// POST and GET /v1/billing/meters, GET …/{meter} and …/{meter}/event_summaries. A meter's
/// event_name is unique, so that a second one is refused; there is no metadata to look for.
/// source  docs.stripe.com/api/billing/meter
Operations meters() {
  Operations operations;
  operations.push_back(read_operation("stripe.billing.meters.retrieve",
                                      "/v1/billing/meters/{meter}", "Reads a meter.",
                                      input_schema(meter_id(), {"meter"}), meter()));
  Json filter = page_properties(literal(R"({"status": {"enum": ["active", "inactive"]}})"));
  operations.push_back(read_operation("stripe.billing.meters.list", "/v1/billing/meters",
                                      "Lists meters, newest first.", input_schema(filter, {}),
                                      list_schema("billing.meter")));
  Json window = page_properties(meter_id());
  window.update(literal(R"json({
    "customer": {"type": "string", "minLength": 1},
    "start_time": {"type": "integer", "multipleOf": 60},
    "end_time": {"type": "integer", "multipleOf": 60},
    "value_grouping_window": {"enum": ["day", "hour"]}
  })json"));
  operations.push_back(read_operation(
      "stripe.billing.meters.event_summaries", "/v1/billing/meters/{meter}/event_summaries",
      "Sums up a customer's usage; lags behind what was reported.",
      input_schema(window, {"meter", "customer", "start_time", "end_time"}),
      list_schema("billing.meter_event_summary")));
  return operations;
}

/// POST /v1/billing/meter_events. 200 means accepted, not counted: an unknown customer or meter is
/// told of later, by the event v1.billing.meter.error_report_triggered. Events can't be read, so an
/// unknown outcome older than the identifier's day stays open for an operator.
/// source  docs.stripe.com/api/billing/meter-event
Operations meter_events() {
  Operations operations;
  Operation create = count();
  create.adapt = identify;
  create.already = Already::identifier;
  create.spec.charges = true;  // what is counted is on the next invoice
  operations.push_back(std::move(create));
  return operations;
}

/// POST /v1/billing/meter_event_adjustments: takes a usage event back, within 24 hours of it.
/// source  docs.stripe.com/api/billing/meter-event-adjustment
Operations meter_event_adjustments() {
  Operations operations;
  Operation create = write_operation(
      "stripe.billing.meter_event_adjustments.create", "POST",
      "/v1/billing/meter_event_adjustments", "Takes one usage event back, within 24 hours.",
      input_schema(literal(R"json({
        "event_name": {"type": "string", "minLength": 1, "maxLength": 100},
        "type": {"const": "cancel"},
        "cancel": {"type": "object", "required": ["identifier"], "additionalProperties": false,
                   "properties": {"identifier": {"type": "string", "maxLength": 100}}}
      })json"),
                   {"event_name", "type", "cancel"}),
      nameless_schema("billing.meter_event_adjustment", literal(R"json({
        "event_name": {"type": "string"},
        "status": {"type": "string"},
        "cancel": {"type": ["object", "null"]}
      })json")));
  create.spec.idempotent = true;  // taken back twice is taken back
  operations.push_back(std::move(create));
  return operations;
}

}  // namespace sequent::activities::stripe
