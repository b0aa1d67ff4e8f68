#include "openapi.hpp"

#include <algorithm>
#include <cctype>

#include "sandbox/json_stand_in.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::tests {

namespace {

std::string lower_case(std::string text) {
  for (char& letter : text)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  return type != "number" || value.is_number();
}

// A query's text as the JSON that its schema speaks of.
Json from_text(const std::string& text, const std::string& type) {
  if (type == "string" || type.empty()) return text;
  const auto parsed = parse_json(text);
  return parsed ? *parsed : Json(text);
}

}  // namespace

std::optional<OpenApi> OpenApi::load(const std::string& name, std::string base) {
  auto description = test::shared_contract(name);
  if (!description) return std::nullopt;
  return OpenApi(std::move(*description), std::move(base));
}

const Json* OpenApi::operation(const std::string& method, const std::string& path) const {
  if (!path.starts_with(base_)) return nullptr;
  const std::string rest = path.substr(base_.size());
  // A path that is written out beats one with a member: /plans/search is no plan.
  for (const bool with_members : {false, true}) {
    for (const auto& [pattern, methods] : api_.at("paths").items()) {
      const bool has_members = pattern.find('{') != std::string::npos;
      if (has_members != with_members || !methods.contains(lower_case(method))) continue;
      // Flexprice's description repeats the base in some paths.
      const std::string& candidate = pattern.starts_with(base_ + "/") ? path : rest;
      if (sandbox::match_path(pattern, candidate)) return &methods.at(lower_case(method));
    }
  }
  return nullptr;
}

Json OpenApi::whole(const Json& schema) const {
  Json joined = schema;
  if (schema.contains("$ref")) {
    joined = whole(api_.at(Json::json_pointer(schema.at("$ref").get<std::string>().substr(1))));
    if (schema.value("nullable", false)) joined["nullable"] = true;
  }
  if (!joined.contains("allOf")) return joined;
  const Json parts = joined.at("allOf");
  joined.erase("allOf");
  for (const Json& reference : parts) {
    const Json part = whole(reference);
    for (const auto& [name, value] : part.items()) {
      if (name == "properties") {
        for (const auto& [member, described] : value.items())
          joined["properties"].emplace(member, described);
      } else if (name == "required") {
        for (const Json& member : value) joined["required"].push_back(member);
      } else {
        joined.emplace(name, value);
      }
    }
  }
  return joined;
}

Json OpenApi::body_schema(const Json& operation) const {
  const auto body = operation.find("requestBody");
  if (body == operation.end()) return Json::object();
  return whole(body->at("content").at("application/json").at("schema"));
}

std::vector<std::string> OpenApi::violations(const net::ServerRequest& request) const {
  std::vector<std::string> found;
  const Json* described = operation(request.method, request.path);
  if (described == nullptr) return {"no such operation: " + request.method + " " + request.path};
  check_query(*described, request.query, found);
  const bool takes_body = described->contains("requestBody");
  if (!takes_body) {
    if (!request.body.empty()) found.push_back("a body where none is described");
    return found;
  }
  if (request.headers.value("Content-Type") != "application/json")
    found.push_back("expected Content-Type application/json");
  const auto body = parse_json(request.body);
  if (body)
    check(body_schema(*described), *body, "", found);
  else
    found.push_back("the body is no JSON");
  return found;
}

void OpenApi::check_query(const Json& operation, const std::string& query,
                          std::vector<std::string>& found) const {
  const auto given = net::parse_query(query);
  std::map<std::string, Json> known;
  for (const Json& parameter : operation.value("parameters", Json::array())) {
    if (parameter.at("in") != "query") continue;
    const auto name = parameter.at("name").get<std::string>();
    known[name] = whole(parameter.at("schema"));
    const bool there = std::any_of(given.begin(), given.end(),
                                   [&](const auto& pair) { return pair.first == name; });
    if (parameter.value("required", false) && !there)
      found.push_back("query parameter " + name + " is missing");
  }
  for (const auto& [name, text] : given) {
    if (!known.contains(name)) {
      found.push_back("unknown query parameter " + name);
      continue;
    }
    Json schema = known.at(name);
    if (schema.value("type", "") == "array") schema = whole(schema.at("items"));
    check(schema, from_text(text, schema.value("type", "")), "?" + name, found);
  }
}

void OpenApi::check(const Json& reference, const Json& value, const std::string& at,
                    std::vector<std::string>& found) const {
  const Json schema = whole(reference);
  if (value.is_null()) {
    if (schema.contains("type") && !schema.value("nullable", false))
      found.push_back(at + ": null where none is described");
    return;
  }
  if (schema.contains("oneOf")) {
    std::vector<std::string> closest;
    for (const Json& choice : schema.at("oneOf")) {
      std::vector<std::string> broken;
      check(choice, value, at, broken);
      if (broken.empty()) return;
      if (closest.empty() || broken.size() < closest.size()) closest = std::move(broken);
    }
    found.push_back(at + ": fits none of the alternatives; closest: " + closest.front());
    return;
  }
  const std::string type = schema.value("type", "");
  if (!has_type(value, type)) {
    found.push_back(at + ": expected " + type + ", got " + dump_json(value));
    return;
  }
  if (schema.contains("enum") &&
      std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    found.push_back(at + ": not in the enumeration: " + dump_json(value));
  if (value.is_object()) {
    check_object(schema, value, at, found);
  } else if (value.is_array()) {
    if (!schema.contains("items")) return;
    for (std::size_t i = 0; i < value.size(); ++i)
      check(schema.at("items"), value[i], at + "/" + std::to_string(i), found);
  } else {
    check_scalar(schema, value, at, found);
  }
}

void OpenApi::check_object(const Json& schema, const Json& value, const std::string& at,
                           std::vector<std::string>& found) const {
  for (const Json& member : schema.value("required", Json::array()))
    if (!value.contains(member.get<std::string>()))
      found.push_back(at + ": " + member.get<std::string>() + " is missing");
  const Json properties = schema.value("properties", Json::object());
  const Json more = schema.value("additionalProperties", Json());
  for (const auto& [name, member] : value.items()) {
    const std::string place = at + "/" + name;
    if (properties.contains(name))
      check(properties.at(name), member, place, found);
    else if (more.is_object())
      check(more, member, place, found);
    else if (!properties.empty() && more != true)
      found.push_back(place + ": unknown member");
  }
}

void OpenApi::check_scalar(const Json& schema, const Json& value, const std::string& at,
                           std::vector<std::string>& found) const {
  const auto limit = [&](const char* name) { return schema.value(name, Json()); };
  if (value.is_string()) {
    const auto size = value.get_ref<const std::string&>().size();
    if (limit("maxLength").is_number() && size > limit("maxLength").get<std::size_t>())
      found.push_back(at + ": too long");
    if (schema.value("format", "") == "date-time" && !parse_time(value.get<std::string>()))
      found.push_back(at + ": no date-time: " + dump_json(value));
  }
  if (value.is_number()) {
    if (limit("minimum").is_number() && value < limit("minimum"))
      found.push_back(at + ": below the minimum");
    if (limit("maximum").is_number() && value > limit("maximum"))
      found.push_back(at + ": above the maximum");
  }
}

}  // namespace sequent::tests
