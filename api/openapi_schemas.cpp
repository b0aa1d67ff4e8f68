#include "api/openapi.hpp"
#include "base/assert.hpp"

namespace sequent::api {
namespace {

// Written as JSON, because that is how it is read.
constexpr const char* schemas = R"json({
  "Problem": {"type": "object", "required": ["type", "title", "status"], "properties": {
    "type": {"type": "string", "format": "uri-reference"}, "title": {"type": "string"},
    "status": {"type": "integer"}, "detail": {"type": "string"},
    "errors": {"type": "array", "items": {"type": "object", "properties": {
      "detail": {"type": "string"}, "pointer": {"type": "string"}, "line": {"type": "integer"},
      "column": {"type": "integer"}, "hint": {"type": "string"}}}}}},
  "Definition": {"type": "object",
    "description": "A document of the Serverless Workflow DSL 1.0"},
  "Input": {"description": "Any JSON value; the workflow's own schema judges it"},
  "WorkflowRef": {"type": "object", "properties": {
    "namespace": {"type": "string"}, "name": {"type": "string"}, "version": {"type": "string"},
    "digest": {"type": "string"}}},
  "Workflow": {"allOf": [{"$ref": "#/components/schemas/WorkflowRef"}, {"type": "object",
    "properties": {"title": {"type": ["string", "null"]}, "summary": {"type": ["string", "null"]},
      "http": {"type": ["object", "null"], "properties": {"method": {"type": "string"},
        "path": {"type": "string"}}},
      "participants": {"type": "array", "items": {"type": "string"}},
      "document": {"type": "object"}, "created": {"type": "boolean"},
      "warnings": {"type": "array"}}}]},
  "Deletion": {"type": "object", "properties": {
    "workflow": {"$ref": "#/components/schemas/WorkflowRef"},
    "effects": {"type": "array", "items": {"type": "string"},
      "description": "What else it has changed"}}},
  "WorkflowList": {"type": "object", "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Workflow"}},
    "cursor": {"type": ["string", "null"]}}},
  "Run": {"type": "object", "required": ["id", "workflow", "status"], "properties": {
    "id": {"type": "string", "format": "uuid"},
    "workflow": {"$ref": "#/components/schemas/WorkflowRef"},
    "key": {"type": ["string", "null"]},
    "status": {"enum": ["pending", "running", "waiting", "suspended", "cancelled", "faulted",
      "completed"]},
    "waitingFor": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/WaitingFor"}]},
    "task": {"type": ["string", "null"], "description": "JSON Pointer into the document"},
    "input": {}, "output": {},
    "error": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Problem"}]},
    "failedCall": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/FailedCall"}]},
    "attributes": {"type": "object"},
    "startedAt": {"type": ["string", "null"], "format": "date-time"},
    "updatedAt": {"type": ["string", "null"], "format": "date-time"},
    "endedAt": {"type": ["string", "null"], "format": "date-time"},
    "deadline": {"type": ["string", "null"], "format": "date-time"},
    "parent": {"type": ["string", "null"]}, "attempts": {"type": "integer"},
    "completedTasks": {"type": "integer"}, "startedBy": {"type": ["string", "null"]},
    "reason": {"type": "string"}, "seq": {"type": "integer"},
    "cancelling": {"$ref": "#/components/schemas/Cancellation"},
    "why": {"type": "string", "description": "Why it stands still, over all children"},
    "chain": {"type": "array", "items": {"type": "object"}}}},
  "FailedCall": {"type": "object", "required": ["provider", "operation"],
    "description": "The call that a faulted run stands at; null: it faulted over something else",
    "properties": {"provider": {"type": "string"}, "operation": {"type": "string"},
      "circuit": {"type": ["string", "null"],
        "description": "provider/account/class; null: it could not be made"}}},
  "Cancellation": {"type": "object",
    "description": "It is being cancelled, or was: what it undoes, in this order",
    "properties": {
      "since": {"type": "string", "format": "date-time"}, "reason": {"type": "string"},
      "by": {"type": ["string", "null"]}, "undone": {"type": "integer"},
      "total": {"type": "integer"}, "undoes": {"type": "object"},
      "findsOut": {"type": "string", "description": "task whose outcome is not known yet"},
      "left": {"type": "array", "items": {"type": "object", "properties": {
        "task": {"type": "string"}, "occurrence": {"type": "string"},
        "undoneBy": {"type": "string"}, "outcomeKnown": {"type": "boolean"}}}}}},
  "WaitingFor": {"type": "object", "required": ["kind"], "properties": {
    "kind": {"enum": ["timer", "event", "activity", "parked", "child", "limit"]},
    "detail": {"type": "string"}, "provider": {"type": "string"}, "circuit": {"type": "string"},
    "operation": {"type": "string"},
    "reason": {"type": "string"}, "errorType": {"type": "string"},
    "since": {"type": "string", "format": "date-time"},
    "until": {"type": "string", "format": "date-time"}, "attempt": {"type": "integer"},
    "run": {"type": "string"}}},
  "ProviderAction": {"type": "object", "additionalProperties": false, "required": ["reason"],
    "properties": {"reason": {"type": "string"}, "account": {"type": ["string", "null"]},
      "class": {"type": "string"}}},
  "ProviderOpening": {"type": "object", "additionalProperties": false, "required": ["reason"],
    "properties": {"reason": {"type": "string"}, "account": {"type": ["string", "null"]},
      "class": {"type": "string"}, "until": {"type": "string", "format": "date-time"}}},
  "ProviderLimit": {"type": "object", "additionalProperties": false, "required": ["reason"],
    "properties": {"reason": {"type": "string"}, "account": {"type": ["string", "null"]},
      "class": {"type": "string"}, "perSecond": {"type": "number", "minimum": 0},
      "atOnce": {"type": "integer", "minimum": 0}}},
  "ProviderMaintenance": {"type": "object", "additionalProperties": false,
    "required": ["reason", "to"], "properties": {"reason": {"type": "string"},
      "account": {"type": ["string", "null"]}, "class": {"type": "string"},
      "from": {"type": "string", "format": "date-time"},
      "to": {"type": "string", "format": "date-time"}}},
  "Provider": {"type": "object", "required": ["provider", "state"], "properties": {
    "provider": {"type": "string"}, "account": {"type": ["string", "null"]},
    "class": {"type": ["string", "null"]}, "state": {"enum": ["closed", "half-open", "open"]},
    "cause": {"enum": ["none", "evidence", "operator", "maintenance"]},
    "reason": {"type": ["string", "null"]}, "by": {"type": ["string", "null"]},
    "since": {"type": ["string", "null"]}, "openedAt": {"type": ["string", "null"]},
    "nextCanaryAt": {"type": ["string", "null"]}, "window": {"type": "object"},
    "lastError": {"type": ["string", "null"]}, "lastFailedAt": {"type": ["string", "null"]},
    "inFlight": {"type": "integer"}, "limit": {"type": "object"},
    "drainPerSecond": {"type": ["number", "null"]}, "parked": {"type": "object"},
    "maintenance": {"type": "array", "items": {"type": "object"}}}},
  "ProviderList": {"type": "object", "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Provider"}},
    "cursor": {"type": ["string", "null"]}}},
  "RunList": {"type": "object", "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
    "cursor": {"type": ["string", "null"]}}},
  "Outcome": {"type": "object", "properties": {"id": {"type": "string"},
    "workflow": {"$ref": "#/components/schemas/WorkflowRef"}, "status": {"type": "string"},
    "output": {}, "error": {"oneOf": [{"type": "null"},
      {"$ref": "#/components/schemas/Problem"}]}}},
  "Pending": {"type": "object", "properties": {"id": {"type": "string"},
    "status": {"type": "string"}, "waitingKind": {"type": ["string", "null"]}}},
  "Filter": {"type": "object", "additionalProperties": false, "properties": {
    "status": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "workflow": {"type": "string", "description": "namespace/name or namespace/name:version"},
    "namespace": {"type": "string"}, "name": {"type": "string"}, "version": {"type": "string"},
    "key": {"type": "string"}, "task": {"type": "string"}, "waiting": {"type": "string"},
    "provider": {"type": "string"}, "operation": {"type": "string"},
    "errorType": {"type": "string"}, "errorStatus": {"type": "integer"},
    "attributes": {"type": "object"},
    "startedAfter": {"type": "string", "format": "date-time"},
    "startedBefore": {"type": "string", "format": "date-time"},
    "updatedAfter": {"type": "string", "format": "date-time"},
    "updatedBefore": {"type": "string", "format": "date-time"},
    "stuck": {"type": "boolean"},
    "parent": {"type": "string"}, "text": {"type": "string"},
    "where": {"type": "string",
      "description": "Conditions joined by `and`: status=faulted and error.type~communication"}}},
  "Search": {"type": "object", "additionalProperties": false, "properties": {
    "filter": {"$ref": "#/components/schemas/Filter"}, "cursor": {"type": "string"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 500}}},
  "Aggregation": {"type": "object", "additionalProperties": false, "required": ["by"],
    "properties": {"filter": {"$ref": "#/components/schemas/Filter"},
      "by": {"type": "array", "minItems": 1, "items": {"type": "string", "description":
        "status, workflow, namespace, version, task, waiting, park_reason, provider, operation, error_type, error_status, error_title, key, started_by or attribute.NAME"}},
      "limit": {"type": "integer", "minimum": 1, "maximum": 500},
      "exact": {"type": "boolean", "default": false, "description":
        "Count all runs, however long that takes"}}},
  "AggregateList": {"type": "object", "properties": {
    "complete": {"type": "boolean", "description":
      "False: too many runs for one request; the newest were counted"},
    "since": {"type": ["string", "null"], "format": "date-time", "description":
      "Of an incomplete count: the time of the oldest run that was looked at"},
    "items": {"type": "array", "items": {
    "type": "object", "properties": {"group": {"type": "object"}, "count": {"type": "integer"},
      "oldest": {"type": ["string", "null"]}, "newest": {"type": ["string", "null"]}}}},
    "cursor": {"type": ["string", "null"]}}},
  "RecordList": {"type": "object", "properties": {"items": {"type": "array", "items": {
    "type": "object", "required": ["seq", "at", "kind"], "properties": {
      "seq": {"type": "integer"}, "at": {"type": "string", "format": "date-time"},
      "kind": {"type": "string"}, "task": {"type": "string"}}}},
    "cursor": {"type": ["string", "null"], "description": "Give it back as `after`"}}},
  "Action": {"type": "object", "additionalProperties": false, "required": ["reason"],
    "properties": {"reason": {"type": "string", "minLength": 1}}},
  "CancelAction": {"type": "object", "additionalProperties": false, "required": ["reason"],
    "properties": {"reason": {"type": "string"},
      "confirm": {"type": "boolean",
        "description": "undo what metadata.compensate names; without it that is listed, 409"}}},
  "RetryAction": {"type": "object", "additionalProperties": false, "required": ["reason"],
    "properties": {"reason": {"type": "string", "minLength": 1},
      "task": {"type": "string", "description": "Name or JSON Pointer; without it the task that stands still"},
      "input": {"description": "Replaces the task's input"},
      "patch": {"type": "array", "description": "JSON Patch (RFC 6902) of the task's input"}}},
  "SkipAction": {"type": "object", "additionalProperties": false, "required": ["reason"],
    "properties": {"reason": {"type": "string", "minLength": 1}, "task": {"type": "string"},
      "output": {"description": "The task's output"}}},
  "RewindAction": {"type": "object", "additionalProperties": false,
    "required": ["reason", "task"], "properties": {
      "reason": {"type": "string", "minLength": 1}, "task": {"type": "string"},
      "confirm": {"type": "boolean",
        "description": "Effects that happen again are meant to; without it they are listed"}}},
  "Migrate": {"type": "object", "additionalProperties": false, "required": ["reason"],
    "properties": {"reason": {"type": "string", "minLength": 1},
      "version": {"type": "string", "description": "Default the highest"}}},
  "Migration": {"type": "object", "properties": {"from": {"type": "string"},
    "to": {"type": "string"}, "tasks": {"type": "array", "items": {"type": "object",
      "properties": {"from": {"type": "string"}, "to": {"type": "string"}}}}}},
  "NewBatch": {"type": "object", "additionalProperties": false, "required": ["action", "reason"],
    "properties": {"filter": {"$ref": "#/components/schemas/Filter"},
      "where": {"type": "string", "description": "Beside the filter, or instead of it"},
      "action": {"enum": ["retry", "skip", "resume", "suspend", "cancel", "rewind", "migrate"]},
      "arguments": {"type": "object", "additionalProperties": false, "properties": {
        "task": {"type": "string"}, "input": {}, "output": {},
        "patch": {"type": "array", "description": "JSON Patch (RFC 6902) of the task's input"},
        "version": {"type": "string", "description": "migrate: default the highest"},
        "confirm": {"type": "boolean", "description": "rewind: effects happen again"}}},
      "rate": {"oneOf": [{"type": "string", "pattern": "^[0-9]+/(s|m|h)$"}, {"type": "integer"}],
        "description": "50/s, 100/m, 10/h, or a number for each second; without it as fast as it goes"},
      "order": {"enum": ["deadline", "age", "newest"]}, "dryRun": {"type": "boolean"},
      "reason": {"type": "string", "minLength": 1}}},
  "Batch": {"type": "object", "properties": {"id": {"type": "string"},
    "action": {"type": "string"}, "arguments": {"type": "object"}, "filter": {"type": "object"},
    "where": {"type": ["string", "null"]}, "order": {"type": "string"},
    "rate": {"type": ["string", "null"]}, "reason": {"type": "string"},
    "createdBy": {"type": "string"}, "createdAt": {"type": "string", "format": "date-time"},
    "state": {"enum": ["running", "paused", "cancelled", "finished"]},
    "selected": {"type": "boolean", "description": "All its runs are known"},
    "finishedAt": {"type": ["string", "null"]}, "detail": {"type": ["string", "null"]},
    "items": {"type": "object", "description": "Runs by what became of them, and their total"}}},
  "BatchList": {"type": "object", "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Batch"}},
    "cursor": {"type": ["string", "null"]}}},
  "BatchItemList": {"type": "object", "properties": {"items": {"type": "array", "items": {
    "type": "object", "properties": {"run": {"type": "string"}, "state": {"type": "string"},
      "detail": {"type": ["string", "null"]}, "updatedAt": {"type": "string"}}}},
    "cursor": {"type": ["string", "null"]}}},
  "CloudEvent": {"type": "object", "required": ["specversion", "id", "source", "type"],
    "properties": {"specversion": {"const": "1.0"}, "id": {"type": "string"},
      "source": {"type": "string"}, "type": {"type": "string"}, "subject": {"type": "string"},
      "time": {"type": "string", "format": "date-time"}, "data": {}}},
  "StripeEvent": {"type": "object", "required": ["id", "object", "type"]},
  "Webhook": {"description": "Whatever the sender sends; webhooks.sources says how it is read."},
  "Delivery": {"type": "object", "properties": {"id": {"type": "integer"},
    "duplicate": {"type": "boolean"}, "held": {"type": "boolean"}, "runs": {"type": "integer"},
    "started": {"type": "integer"}}},
  "InboxEntry": {"type": "object", "properties": {"id": {"type": "integer"},
    "source": {"type": "string"}, "eventId": {"type": "string"}, "type": {"type": "string"},
    "origin": {"type": "string"}, "state": {"type": "string"},
    "receivedAt": {"type": ["string", "null"]}, "deliveries": {"type": "integer"},
    "event": {"$ref": "#/components/schemas/CloudEvent"}}},
  "InboxList": {"type": "object", "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/InboxEntry"}},
    "cursor": {"type": ["string", "null"]}}},
  "SkipEventAction": {"type": "object", "additionalProperties": false,
    "required": ["event", "reason"], "properties": {
      "event": {"type": "integer", "minimum": 1, "description": "`next.id` of the sink"},
      "reason": {"type": "string", "minLength": 1}}},
  "Sink": {"type": "object", "properties": {"name": {"type": "string"},
    "where": {"type": "string"}, "cursor": {"type": "integer"}, "pending": {"type": "integer"},
    "next": {"type": ["object", "null"], "properties": {"id": {"type": "integer"},
      "emittedAt": {"type": "string"}, "type": {"type": "string"}, "eventId": {"type": "string"},
      "event": {"$ref": "#/components/schemas/CloudEvent"}}},
    "publishedHere": {"type": "boolean", "description": "False: another node publishes, and what follows is known to that one"},
    "published": {"type": "integer"}, "failures": {"type": "integer"},
    "error": {"type": ["string", "null"]}, "failingSince": {"type": ["string", "null"]}}},
  "SinkList": {"type": "object", "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Sink"}},
    "cursor": {"type": ["string", "null"]}}},
  "StoredRecord": {"type": "object", "properties": {"collection": {"type": "string"},
    "key": {"type": "string"}, "value": {}}},
  "StoredRecordList": {"type": "object", "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/StoredRecord"}},
    "cursor": {"type": ["string", "null"]}}},
  "AuditList": {"type": "object", "properties": {"items": {"type": "array", "items": {
    "type": "object", "properties": {"id": {"type": "integer"}, "at": {"type": "string"},
      "principal": {"type": "string"}, "action": {"type": "string"}, "target": {"type": "string"},
      "reason": {"type": ["string", "null"]}, "outcome": {"type": "string"},
      "remote": {"type": "string"}, "before": {}, "after": {}}}}, "cursor": {"type": ["string", "null"]}}},
  "Reconciliation": {"type": "object",
    "required": ["provider", "since", "until", "agrees", "summary", "findings"], "properties": {
    "provider": {"type": "string"}, "since": {"type": "string", "format": "date-time"},
    "until": {"type": "string", "format": "date-time"}, "agrees": {"type": "boolean"},
    "summary": {"type": "string"}, "findings": {"type": "array", "maxItems": 1000, "items": {
      "type": "object", "required": ["finding", "id"], "properties": {
        "finding": {"type": "string"}, "object": {"type": "string"}, "id": {"type": "string"},
        "account": {"type": "string"}, "run": {"type": "string"}, "cause": {"type": "string"},
        "repair": {"type": "string"}}}}}},
  "Recorded": {"type": "object", "properties": {"recorded": {"type": "integer",
    "description": "Entries that were written"}}},
  "ActivityList": {"type": "object", "properties": {"items": {"type": "array", "items": {
    "type": "object", "properties": {"name": {"type": "string"}, "version": {"type": "string"},
      "provider": {"type": "string"}, "summary": {"type": "string"}, "input": {},
      "output": {}}}}, "cursor": {"type": ["string", "null"]}}},
  "Diagram": {"type": "object", "properties": {
    "format": {"type": "string", "enum": ["mermaid", "plantuml"]}, "text": {"type": "string"}}},
  "Health": {"type": "object", "properties": {"status": {"type": "string"},
    "detail": {"type": "string"}}}
})json";

}  // namespace

Json openapi_schemas() {
  auto parsed = parse_json(schemas);
  SEQUENT_ASSERT(parsed.has_value());
  return *std::move(parsed);
}

}  // namespace sequent::api
