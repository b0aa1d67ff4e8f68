#include "activities/schemas.hpp"
#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

/// GET /v1/events and /v1/events/{event}, 30 days back: to catch up after lost webhooks.
/// GET /v2/core/events/{event}: what a thin event is about, which its webhook does not carry.
/// source  docs.stripe.com/api/events and /api/v2/core/events
Operations events() {
  Operations operations;
  operations.push_back(read_operation(
      "stripe.events.retrieve", "/v1/events/{event}", "Reads an event of the last 30 days.",
      input_schema(literal(R"({"event": {"type": "string", "pattern": "^evt_"}})"), {"event"}),
      object_schema("event",
                    literal(R"({"type": {"type": "string"}, "data": {"type": "object"}})"))));
  Json filter = list_properties(literal(R"json({
    "type": {"type": "string"},
    "types": {"type": "array", "maxItems": 20, "items": {"type": "string"}},
    "delivery_success": {"type": "boolean"}
  })json"));
  operations.push_back(read_operation("stripe.events.list", "/v1/events",
                                      "Lists events of the last 30 days, newest first.",
                                      input_schema(filter, {}), list_schema("event")));
  operations.push_back(read_operation(
      "stripe.core_events.retrieve", "/v2/core/events/{event}", "Reads a thin event with its data.",
      input_schema(literal(R"({"event": {"type": "string", "pattern": "^evt_"}})"), {"event"}),
      object_schema("v2.core.event", literal(R"json({
        "type": {"type": "string"},
        "data": {"type": ["object", "null"]},
        "related_object": {"type": ["object", "null"]}
      })json"))));
  return operations;
}

}  // namespace sequent::activities::stripe
