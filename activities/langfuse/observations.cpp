#include "activities/langfuse/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::langfuse {

/// GET /api/public/v2/observations, by cursor: what takes the place of the list of traces.
Operations observations() {
  Operations operations;
  operations.push_back(operation("langfuse.observations.list", "GET", "/api/public/v2/observations",
                                 "Lists observations page by page, as far as they are processed.",
                                 literal(R"json({
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "fields": {"type": "string", "description": "core, basic, time, io, metadata, model, usage"},
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
      "cursor": {"type": "string", "minLength": 1},
      "name": {"type": "string"},
      "userId": {"type": "string"},
      "sessionId": {"type": "string"},
      "type": {"type": "string"},
      "traceId": {"type": "string"},
      "level": {"enum": ["DEBUG", "DEFAULT", "WARNING", "ERROR"]},
      "parentObservationId": {"type": "string"},
      "isRootObservation": {"type": "boolean"},
      "environment": {"type": "array", "items": {"type": "string"}},
      "fromStartTime": {"type": "string", "format": "date-time"},
      "toStartTime": {"type": "string", "format": "date-time"},
      "version": {"type": "string"},
      "filter": {"type": "string"}
    }
  })json"),
                                 literal(R"json({
    "type": "object", "required": ["data", "meta"],
    "properties": {
      "data": {"type": "array", "items": {"type": "object"}},
      "meta": {"type": "object", "properties": {"cursor": {"type": ["string", "null"]}}}
    }
  })json")));
  return operations;
}

}  // namespace sequent::activities::langfuse
