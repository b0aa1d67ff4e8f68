#include "activities/events/emit.hpp"

#include "activities/schemas.hpp"

namespace sequent::activities::events {

definition::ActivitySpec emit_spec() {
  definition::ActivitySpec spec;
  spec.name = "events.emit";
  spec.version = "1";
  spec.provider = "events";
  spec.summary = "Emits a CloudEvent in the commit that completes the task.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["type", "source"],
    "additionalProperties": false,
    "properties": {
      "type": {"type": "string", "minLength": 1},
      "source": {"type": "string", "minLength": 1},
      "id": {"type": "string", "minLength": 1},
      "subject": {"type": "string", "minLength": 1},
      "time": {"type": "string"},
      "datacontenttype": {"type": "string"},
      "dataschema": {"type": "string"},
      "data": {}
    }
  })json");
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["specversion", "id", "type", "source"],
    "properties": {
      "specversion": {"const": "1.0"},
      "id": {"type": "string"},
      "type": {"type": "string"},
      "source": {"type": "string"}
    }
  })json");
  spec.idempotent = true;
  spec.emits = true;
  return compiled(std::move(spec));
}

}  // namespace sequent::activities::events
