#include "activities/flexprice/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::flexprice {

namespace {

using runtime::Attempt;

Json event_properties() {
  Json properties = literal(R"json({
    "event_name": {"type": "string", "minLength": 1},
    "timestamp": {"type": "string", "format": "date-time",
      "description": "required: a repetition counts as the same event only with the same time"},
    "source": {"type": "string"},
    "properties": {"type": "object", "additionalProperties": {"type": "string"}}
  })json");
  for (const char* member : {"event_id", "external_customer_id", "customer_id"})
    properties[member] = id_schema();
  return properties;
}

Operation ingest() {
  Json output = output_schema(
      literal(R"({"event_id": {"type": "string"}, "message": {"type": "string"}})"), {"event_id"});
  Operation ingest = harmless(
      "flexprice.events.ingest", "POST", "/events",
      "Sends one usage event; accepted is not counted yet.",
      input_schema(event_properties(), {"event_name", "external_customer_id", "timestamp"}),
      std::move(output));
  ingest.adapt = [](Json& body, const Attempt& attempt) {
    if (!body.contains("event_id")) body["event_id"] = unrevised(attempt.idempotency_key);
  };
  ingest.spec.charges = true;
  return ingest;
}

Operation ingest_bulk() {
  Json properties = literal(R"({"events": {"type": "array", "minItems": 1, "maxItems": 1000}})");
  properties["events"]["items"] = input_schema(
      event_properties(), {"event_id", "event_name", "external_customer_id", "timestamp"});
  Operation ingest = harmless("flexprice.events.ingestBulk", "POST", "/events/bulk",
                  "Sends up to 1,000 usage events; accepted is not counted yet.",
                  input_schema(properties, {"events"}),
                  output_schema(literal(R"({"message": {"type": "string"}})"), {}));
  ingest.spec.charges = true;
  return ingest;
}

}  // namespace

/// POST /events and /events/bulk. Flexprice counts an event once per id, time and customer: the id
/// is the task's idempotency key unless one is given, and the time must be given. 202 comes before
/// validation; what Flexprice rejects later it tells by its webhook event.rejected.
Operations events() {
  Operations operations;
  operations.push_back(ingest());
  operations.push_back(ingest_bulk());
  return operations;
}

}  // namespace sequent::activities::flexprice
