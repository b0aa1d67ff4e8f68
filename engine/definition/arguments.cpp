// Arguments of an activity against its schema, as far as they are known before the run.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

bool is_within(std::string_view pointer, std::string_view whole) {
  return pointer.starts_with(whole) &&
         (pointer.size() == whole.size() || pointer[whole.size()] == '/');
}

// Rules that a hole can't satisfy or break from inside: the presence, absence and type of what
// stands in the text. Rules about values say nothing while a part of the value is unknown.
bool holds_despite_holes(std::string_view schema_pointer) {
  for (const std::string_view branch :
       {"/anyOf", "/oneOf", "/not", "/if", "/then", "/else", "/dependentSchemas", "/contains"}) {
    if (schema_pointer.find(branch) != std::string_view::npos) return false;
  }
  const std::size_t slash = schema_pointer.rfind('/');
  const std::string_view keyword =
      slash == std::string_view::npos ? schema_pointer : schema_pointer.substr(slash + 1);
  for (const std::string_view rule :
       {"required", "additionalProperties", "unevaluatedProperties", "dependentRequired", "type",
        "minProperties", "maxProperties", "minItems", "maxItems", "propertyNames", "false"}) {
    if (keyword == rule) return true;
  }
  return false;
}

bool is_known(const schema::Violation& violation, const std::vector<std::string>& holes) {
  bool above_hole = false;
  for (const std::string& hole : holes) {
    if (is_within(violation.instance_pointer, hole)) return false;
    above_hole = above_hole || is_within(hole, violation.instance_pointer);
  }
  return !above_hole || holds_despite_holes(violation.schema_pointer);
}

// What the argument is, from its schema: "text", "a number", or its description.
std::string kind_of(const Json& schema) {
  if (!schema.is_object()) return "a value";
  const std::string description = text_of(schema, "description");
  const std::string type = text_of(schema, "type", "value");
  return description.empty() ? type : type + ": " + description;
}

/// Names first, for these messages can suggest; says which of them it has reported.
struct Names {
  bool required = false;
  bool unknown = false;
};

Names check_names(Compiler& compiler, const Json& arguments, const ActivitySpec& activity,
                  const Value& call, const std::string& with_pointer) {
  Names out;
  const Json& schema = activity.input_schema;
  if (!schema.is_object() || !arguments.is_object()) return out;
  const Json properties = schema.value("properties", Json::object());
  const Json required = schema.value("required", Json::array());
  if (!properties.is_object() || !required.is_array()) return out;
  for (const Json& name : required) {
    if (!name.is_string() || arguments.contains(name.get<std::string>())) continue;
    const auto text = name.get<std::string>();
    out.required = true;
    compiler.report.at_key(with_pointer == call.pointer ? call.pointer : with_pointer,
                           "`" + activity.name + "` needs the argument `" + text + "`: expected " +
                               kind_of(properties.value(text, Json())) + ", got nothing",
                           "add `" + text + "` to `with`");
  }
  const bool closed =
      schema.contains("additionalProperties") && schema.at("additionalProperties").is_boolean() &&
      !schema.at("additionalProperties").get<bool>() && !schema.contains("patternProperties");
  if (!closed) return out;
  for (const std::string& name : member_names(arguments)) {
    if (properties.contains(name)) continue;
    out.unknown = true;
    compiler.report.at_key(with_pointer + "/" + pointer_segment(name),
                           "`" + activity.name + "` has no argument `" + name + "`",
                           suggestion(name, member_names(properties), "remove it"));
  }
  return out;
}

}  // namespace

void check_arguments(Compiler& compiler, const Template& arguments, const ActivitySpec& activity,
                     const Value& call, const std::string& with_pointer) {
  const Names reported = check_names(compiler, arguments.skeleton, activity, call, with_pointer);
  if (!activity.input) return;
  std::vector<std::string> holes;
  for (const Hole& hole : arguments.holes) holes.push_back(hole.at.to_string());
  for (const schema::Violation& violation : activity.input->validate(arguments.skeleton)) {
    if (!is_known(violation, holes)) continue;
    const bool top = violation.schema_pointer == "/required";
    if (reported.required && top) continue;
    if (reported.unknown && violation.schema_pointer == "/additionalProperties") continue;
    compiler.report.at_value(with_pointer + violation.instance_pointer,
                             "`" + activity.name + "` refuses this argument: " + violation.message);
  }
}

}  // namespace sequent::definition
