// The schemas of what goes in and comes out, and the three kinds of calls.
#include "activities/schemas.hpp"
#include "activities/stripe/operation.hpp"

namespace sequent::activities::stripe {

namespace {

const Json& expand_schema() {
  static const Json schema = literal(R"json({
    "type": "array", "maxItems": 20, "items": {"type": "string"},
    "description": "members to be given as objects instead of ids"
  })json");
  return schema;
}

}  // namespace

Json platform_schema(Json properties, std::vector<std::string> required) {
  properties["expand"] = expand_schema();
  Json schema = Json::object();
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Json input_schema(Json properties, std::vector<std::string> required) {
  properties["account"] = literal(R"json({
    "type": ["string", "null"], "pattern": "^acct_",
    "description": "connected account on which the call acts; absent or null: the platform"
  })json");
  return platform_schema(std::move(properties), std::move(required));
}

Operation read_operation(std::string name, std::string path, std::string summary, Json input,
                         Json output) {
  Operation operation = write_operation(std::move(name), "GET", std::move(path), std::move(summary),
                                        std::move(input), std::move(output));
  operation.spec.key_retention_ms = 0;
  operation.spec.idempotent = true;
  return operation;
}

Operation write_operation(std::string name, std::string method, std::string path,
                          std::string summary, Json input, Json output) {
  Operation operation;
  operation.spec.name = std::move(name);
  operation.spec.version = "1";
  operation.spec.provider = "stripe";
  operation.spec.summary = std::move(summary);
  operation.spec.input_schema = std::move(input);
  operation.spec.output_schema = std::move(output);
  operation.spec.key_retention_ms = 23 * 3'600'000LL;
  operation.spec = compiled(std::move(operation.spec));
  operation.method = std::move(method);
  operation.path = std::move(path);
  return operation;
}

Operation delete_operation(std::string name, std::string path, std::string summary, Json input,
                           Json output) {
  // Nothing to expand in what is left, and Stripe refuses to.
  input["properties"].erase("expand");
  Operation operation = write_operation(std::move(name), "DELETE", std::move(path),
                                        std::move(summary), std::move(input), std::move(output));
  operation.spec.key_retention_ms = 0;
  operation.spec.idempotent = true;
  operation.already = Already::deleted;
  return operation;
}

Json page_properties(Json more) {
  more["limit"] = literal(R"({"type": "integer", "minimum": 1, "maximum": 100})");
  more["starting_after"] = literal(R"({"type": "string"})");
  more["ending_before"] = literal(R"({"type": "string"})");
  return more;
}

Json list_properties(Json more) {
  more = page_properties(std::move(more));
  more["created"] = literal(R"json({
    "anyOf": [
      {"type": "integer"},
      {"type": "object", "additionalProperties": false, "properties": {
        "gt": {"type": "integer"}, "gte": {"type": "integer"},
        "lt": {"type": "integer"}, "lte": {"type": "integer"}}}
    ],
    "description": "seconds since 1970"
  })json");
  return more;
}

Json nameless_schema(std::string_view kind, Json properties) {
  properties["object"]["const"] = std::string(kind);
  Json schema = Json::object();
  schema["type"] = "object";
  schema["required"] = Json::array({"object"});
  schema["properties"] = std::move(properties);
  return schema;
}

Json object_schema(std::string_view kind, Json properties) {
  properties["id"] = literal(R"({"type": "string"})");
  Json schema = nameless_schema(kind, std::move(properties));
  schema["required"] = {"id", "object"};
  return schema;
}

Json list_schema(std::string_view kind) {
  Json schema = literal(R"json({
    "type": "object",
    "required": ["object", "data", "has_more"],
    "properties": {
      "object": {"const": "list"},
      "data": {"type": "array"},
      "has_more": {"type": "boolean"},
      "url": {"type": "string"}
    }
  })json");
  schema["properties"]["data"]["items"] = object_schema(kind, Json::object());
  return schema;
}

Json metadata_schema() {
  return literal(R"json({
    "type": ["object", "null"],
    "maxProperties": 47,
    "propertyNames": {"maxLength": 40, "pattern": "^[^\\[\\]]+$"},
    "additionalProperties": {"type": ["string", "number", "boolean"], "maxLength": 500}
  })json");
}

}  // namespace sequent::activities::stripe
