#include "engine/runtime/record_operations.hpp"

#include "base/assert.hpp"

namespace sequent::runtime {
namespace {

// Members of arguments and results, once for all operations.
constexpr std::string_view member_schemas = R"json({
  "collection": {"type": "string", "minLength": 1, "maxLength": 512},
  "key": {"type": "string", "minLength": 1, "maxLength": 512},
  "value": {"description": "Any JSON value of at most 1 MiB."},
  "merge": {"type": "object", "description": "JSON Merge Patch (RFC 7396)."},
  "unique": {"type": "object", "maxProperties": 16,
             "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
  "ifVersion": {"type": "integer", "minimum": 0, "description": "0: there must be no record."},
  "ifMatch": {"type": "object", "description": "Path -> value that must be there."},
  "rankPath": {"type": "string", "minLength": 1},
  "ranks": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer"}},
  "path": {"type": "string", "minLength": 1},
  "by": {"type": "number", "default": 1},
  "prefix": {"type": "string"},
  "after": {"type": "string"},
  "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
  "found": {"type": "boolean"},
  "created": {"type": "boolean"},
  "written": {"type": "boolean"},
  "deleted": {"type": "boolean"},
  "version": {"type": "integer", "minimum": 0},
  "next": {"type": ["string", "null"]},
  "items": {"type": "array", "items": {"type": "object", "required": ["key", "value", "version"]}}
})json";

struct Operation {
  const char* name;
  const char* summary;
  std::vector<const char*> required, optional, result;
};

std::vector<Operation> operations() {
  return {
      {"records.get", "Reads a record.", {"collection", "key"}, {}, {"found", "value", "version"}},
      {"records.put",
       "Writes a record, new or not.",
       {"collection", "key", "value"},
       {"unique", "ifVersion", "ifMatch"},
       {"created", "value", "version"}},
      {"records.create",
       "Writes a new record; one that exists with another value is a conflict.",
       {"collection", "key", "value"},
       {"unique"},
       {"created", "value", "version"}},
      {"records.ensure",
       "Answers with the record that is there, or makes it.",
       {"collection", "key", "value"},
       {"unique"},
       {"created", "key", "value", "version"}},
      {"records.update",
       "Changes a record that exists, under conditions.",
       {"collection", "key"},
       {"merge", "value", "unique", "ifVersion", "ifMatch"},
       {"written", "value", "version"}},
      {"records.upsertMonotonic",
       "Writes unless a later state is stored already.",
       {"collection", "key", "value", "rankPath", "ranks"},
       {"unique"},
       {"written", "value", "version"}},
      {"records.delete",
       "Deletes a record if it is there.",
       {"collection", "key"},
       {"ifVersion", "ifMatch"},
       {"deleted"}},
      {"records.list",
       "Lists a collection in the order of its keys.",
       {"collection"},
       {"prefix", "after", "limit"},
       {"items", "next"}},
      {"records.increment",
       "Adds to a number in a record.",
       {"collection", "key", "path"},
       {"by"},
       {"value", "version"}},
  };
}

void add_members(const Json& members, const std::vector<const char*>& names, Json& schema) {
  for (const char* name : names) schema["properties"][name] = members.at(name);
}

Json object_schema(const Json& members, const std::vector<const char*>& required,
                   const std::vector<const char*>& optional) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}};
  schema["additionalProperties"] = false;
  schema["required"] = required;
  add_members(members, required, schema);
  add_members(members, optional, schema);
  return schema;
}

}  // namespace

std::vector<definition::ActivitySpec> record_activities() {
  const auto members = parse_json(member_schemas);
  SEQUENT_ASSERT(members.has_value());
  std::vector<definition::ActivitySpec> specs;
  for (const Operation& operation : operations()) {
    definition::ActivitySpec spec;
    spec.name = operation.name;
    spec.version = "1";
    spec.provider = "records";
    spec.summary = operation.summary;
    spec.input_schema = object_schema(*members, operation.required, operation.optional);
    if (spec.name == "records.update")
      spec.input_schema["anyOf"] = {{{"required", {"merge"}}}, {{"required", {"value"}}}};
    spec.output_schema = object_schema(*members, operation.result, {});
    auto compiled = schema::Schema::compile(spec.input_schema);
    SEQUENT_ASSERT(compiled.has_value());  // our own schemas are constants
    spec.input = std::make_shared<const schema::Schema>(std::move(*compiled));
    spec.idempotent = true;  // its result lies beside its effect: a repetition reads it
    spec.in_store = true;
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace sequent::runtime
