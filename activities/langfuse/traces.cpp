#include "activities/langfuse/resources.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::langfuse {

namespace {

Json trace() {
  return literal(R"json({
    "type": "object",
    "required": ["id", "timestamp"],
    "properties": {
      "id": {"type": "string"},
      "timestamp": {"type": "string"},
      "name": {"type": ["string", "null"]},
      "userId": {"type": ["string", "null"]},
      "sessionId": {"type": ["string", "null"]},
      "metadata": {},
      "tags": {"type": "array"},
      "latency": {"type": ["number", "null"], "description": "seconds; null: not asked for"},
      "totalCost": {"type": ["number", "null"], "description": "USD; null: not asked for"}
    }
  })json");
}

// Langfuse gives -1 for a figure that was not asked for. Nobody must bill that.
void hide_absent_figures(Json& object) {
  for (const char* member : {"latency", "totalCost"}) {
    const auto figure = object.find(member);
    if (figure != object.end() && figure->is_number() && *figure < 0) *figure = nullptr;
  }
}

Json one_trace(Json answer) {
  hide_absent_figures(answer);
  return answer;
}

Json page_of_traces(Json answer) {
  const auto data = answer.find("data");
  if (data != answer.end() && data->is_array())
    for (Json& item : *data)
      if (item.is_object()) hide_absent_figures(item);
  return answer;
}

Operation list() {
  Operation list =
      operation("langfuse.traces.list", "GET", "/api/public/traces",
                "Lists traces, as far as Langfuse has processed them.", literal(R"json({
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "page": {"type": "integer", "minimum": 1},
      "limit": {"type": "integer", "minimum": 1, "maximum": 100},
      "userId": {"type": "string"},
      "sessionId": {"type": "string"},
      "name": {"type": "string"},
      "tags": {"type": "array", "items": {"type": "string"}, "description": "all of them"},
      "version": {"type": "string"},
      "release": {"type": "string"},
      "environment": {"type": "array", "items": {"type": "string"}},
      "fromTimestamp": {"type": "string", "format": "date-time"},
      "toTimestamp": {"type": "string", "format": "date-time"},
      "orderBy": {"type": "string", "pattern": "^[A-Za-z]+\\.(asc|desc)$",
                  "description": "timestamp.asc: the cursor to use over a set that changes"},
      "fields": {"type": "string", "description": "core, io, scores, observations, metrics"},
      "filter": {"type": "string", "description": "JSON; overrides the simple filters"}
    }
  })json"),
                literal(R"json({
    "type": "object", "required": ["data", "meta"],
    "properties": {"data": {"type": "array"}, "meta": {"type": "object"}}
  })json"));
  list.spec.output_schema["properties"]["data"]["items"] = trace();
  list.output = page_of_traces;
  return list;
}

Json trace_id(const char* more) {
  Json schema = literal(R"json({
    "type": "object",
    "required": ["traceId"],
    "additionalProperties": false,
    "properties": {"traceId": {"type": "string", "minLength": 1}}
  })json");
  if (*more != '\0') schema["properties"][more] = literal(R"({"type": "string"})");
  return schema;
}

}  // namespace

/// GET /api/public/traces, GET and DELETE /api/public/traces/{traceId}. Reads show what was sent
/// seconds ago, or later; a trace that is not there yet is 404. Latency is in seconds.
Operations traces() {
  Operations operations;
  operations.push_back(list());
  Operation get =
      operation("langfuse.traces.get", "GET", "/api/public/traces/{traceId}",
                "Reads a trace with its observations and scores.", trace_id("fields"), trace());
  get.output = one_trace;
  operations.push_back(std::move(get));
  Operation remove =
      operation("langfuse.traces.delete", "DELETE", "/api/public/traces/{traceId}",
                "Has a trace deleted, later; gone already is a success.", trace_id(""),
                literal(R"({"type": "object", "properties": {"message": {"type": "string"}}})"));
  remove.gone_is_done = true;
  operations.push_back(std::move(remove));
  return operations;
}

}  // namespace sequent::activities::langfuse
