// The pieces from which the operations' schemas are put together.
#include <algorithm>

#include "activities/flexprice/operation.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::flexprice {

namespace {

// The machine checks an input before the activity drops its nulls: what an expression found nothing
// for is null, and counts as absent.
Json nullable(Json property) {
  if (property.contains("enum")) property["enum"].push_back(nullptr);
  if (property.contains("type") && property["type"].is_string())
    property["type"] = Json::array({property["type"], "null"});
  return property;
}

}  // namespace

Json input_schema(Json properties, std::vector<std::string> required) {
  for (const auto& [name, property] : properties.items())
    if (std::find(required.begin(), required.end(), name) == required.end())
      property = nullable(std::move(property));
  Json schema = Json::object();
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Json output_schema(Json properties, std::vector<std::string> required) {
  Json schema = Json::object();
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  return schema;
}

Json id_schema() {
  return literal(R"({"type": "string", "minLength": 1, "maxLength": 255})");
}

Json metadata_schema() {
  return literal(R"({"type": "object", "additionalProperties": {"type": "string"}})");
}

Json page_schema(Json item) {
  Json schema = literal(R"json({
    "type": "object",
    "required": ["items", "pagination"],
    "properties": {
      "items": {"type": "array"},
      "pagination": {
        "type": "object",
        "properties": {
          "total": {"type": "integer"}, "limit": {"type": "integer"}, "offset": {"type": "integer"}
        }
      }
    }
  })json");
  schema["properties"]["items"]["items"] = std::move(item);
  return schema;
}

Json found_schema(const std::string& member, Json object) {
  Json properties = literal(R"({"found": {"type": "boolean"}})");
  properties[member]["anyOf"] = {std::move(object), {{"type", "null"}}};
  return output_schema(std::move(properties), {"found", member});
}

Json deleted_schema() {
  return output_schema(literal(R"({"id": {"type": "string"}, "deleted": {"const": true}})"),
                       {"id", "deleted"});
}

Json search_properties(Json more) {
  more["limit"] = literal(R"({"type": "integer", "minimum": 1, "maximum": 1000})");
  more["offset"] = literal(R"({"type": "integer", "minimum": 0})");
  more["order"] = literal(R"({"enum": ["asc", "desc"]})");
  more["status"] = literal(R"json({
    "enum": ["published", "archived", "deleted"],
    "description": "of the row: archived and deleted ones are gone for every other purpose"
  })json");
  return more;
}

}  // namespace sequent::activities::flexprice
