#include "activities/langfuse/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::langfuse {

/// POST /api/public/otel/v1/traces: OTLP over HTTP, as JSON. It succeeds ingestion, which Langfuse
/// Cloud no longer takes. One bad span refuses the whole export, and nothing of it is stored.
/// effect  spans are stored once per traceId and spanId
Operations otel() {
  Json input = literal(R"json({
    "type": "object",
    "required": ["resourceSpans"],
    "additionalProperties": false,
    "properties": {"resourceSpans": {"type": "array", "minItems": 1, "items": {
      "type": "object",
      "required": ["scopeSpans"],
      "additionalProperties": false,
      "properties": {
        "resource": {"type": "object", "additionalProperties": false,
                     "properties": {"attributes": {"$ref": "#/$defs/attributes"}}},
        "scopeSpans": {"type": "array", "minItems": 1, "items": {
          "type": "object",
          "required": ["spans"],
          "additionalProperties": false,
          "properties": {
            "scope": {"type": "object", "additionalProperties": false, "properties": {
              "name": {"type": "string"}, "version": {"type": "string"},
              "attributes": {"$ref": "#/$defs/attributes"}}},
            "spans": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/span"}}
          }
        }}
      }
    }}},
    "$defs": {
      "attributes": {"type": "array", "items": {
        "type": "object", "required": ["key", "value"], "additionalProperties": false,
        "properties": {
          "key": {"type": "string", "minLength": 1},
          "value": {
            "type": "object", "minProperties": 1, "maxProperties": 1,
            "additionalProperties": false,
            "properties": {
              "stringValue": {"type": "string"}, "intValue": {"type": "integer"},
              "doubleValue": {"type": "number"}, "boolValue": {"type": "boolean"}}
          }
        }
      }},
      "span": {
        "type": "object",
        "required": ["traceId", "spanId", "name", "startTimeUnixNano", "endTimeUnixNano"],
        "additionalProperties": false,
        "properties": {
          "traceId": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "spanId": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
          "parentSpanId": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
          "name": {"type": "string"},
          "kind": {"type": "integer", "minimum": 1, "maximum": 5},
          "startTimeUnixNano": {"type": "string", "pattern": "^[0-9]+$"},
          "endTimeUnixNano": {"type": "string", "pattern": "^[0-9]+$"},
          "attributes": {"$ref": "#/$defs/attributes"},
          "status": {"type": "object"}
        }
      }
    }
  })json");
  Operations operations;
  operations.push_back(operation("langfuse.otel.export", "POST", "/api/public/otel/v1/traces",
                                 "Sends OpenTelemetry spans; each is stored once, by its ids.",
                                 std::move(input), literal(R"({"type": "object"})")));
  return operations;
}

}  // namespace sequent::activities::langfuse
