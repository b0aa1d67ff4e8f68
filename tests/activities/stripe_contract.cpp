#include "tests/activities/stripe_contract.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>

#include "sandbox/form.hpp"

namespace sequent::tests {

namespace {

std::string lowered(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::tolower(letter));
  return text;
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> parts;
  std::stringstream stream(path);
  for (std::string part; std::getline(stream, part, '/');) parts.push_back(part);
  return parts;
}

// Whether a path, or another template, is one of the described template. A fixed segment wins over a
// parameter: "/v1/customers/search" is no customer.
bool fits(const std::string& described, const std::string& path) {
  const auto one = segments(described), other = segments(path);
  if (one.size() != other.size()) return false;
  for (std::size_t i = 0; i < one.size(); ++i)
    if (one[i] != other[i] && !one[i].starts_with('{')) return false;
  return true;
}

std::string within(const std::string& name, const std::string& member) {
  return name.empty() ? member : name + "[" + member + "]";
}

}  // namespace

const Json* StripeContract::operation(const std::string& method, const std::string& path) const {
  const Json* found = nullptr;
  for (const auto& [described, methods] : api_.at("paths").items()) {
    if (!fits(described, path) || !methods.contains(lowered(method))) continue;
    found = &methods.at(lowered(method));
    if (described == path) break;
  }
  return found;
}

bool StripeContract::describes(const std::string& method, const std::string& path) const {
  return operation(method, path) != nullptr;
}

Json StripeContract::resolved(const Json& schema) const {
  if (schema.contains("$ref"))
    return resolved(api_.at(Json::json_pointer(schema.at("$ref").get<std::string>().substr(1))));
  if (schema.contains("allOf") && schema.at("allOf").size() == 1)
    return resolved(schema.at("allOf").at(0));
  return schema;
}

Json StripeContract::form_schema(const Json& operation) const {
  Json schema{{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
  for (const Json& parameter : operation.value("parameters", Json::array())) {
    if (parameter.at("in") != "query") continue;
    schema["properties"][parameter.at("name").get<std::string>()] = parameter.at("schema");
    if (parameter.value("required", false)) schema["required"].push_back(parameter.at("name"));
  }
  if (!operation.contains("requestBody")) return schema;
  const Json& content = operation.at("requestBody").at("content");
  const Json body = resolved(content.at("application/x-www-form-urlencoded").at("schema"));
  if (body.contains("properties")) schema["properties"].update(body.at("properties"));
  for (const Json& name : body.value("required", Json::array())) schema["required"].push_back(name);
  return schema;
}

Json StripeContract::parameters(const std::string& method, const std::string& path) const {
  const Json* found = operation(method, path);
  return found == nullptr ? Json() : form_schema(*found).at("properties");
}

std::vector<std::string> StripeContract::violations(const net::ServerRequest& request) const {
  const Json* found = operation(request.method, request.path);
  if (found == nullptr) return {"no such call: " + request.method + " " + request.path};
  std::vector<std::string> wrong;
  if (!request.headers.value("Authorization").starts_with("Bearer "))
    wrong.emplace_back("no key in Authorization");
  if (request.headers.value("Stripe-Version") != api_.at("info").at("version"))
    wrong.push_back("version " + request.headers.value("Stripe-Version"));
  const bool post = request.method == "POST";
  if (post && request.headers.value("Content-Type") != "application/x-www-form-urlencoded")
    wrong.push_back("content type " + request.headers.value("Content-Type"));
  if (!post && !request.body.empty()) wrong.emplace_back("a body that is not read");
  const auto form = sandbox::decode_form(post ? request.body : request.query);
  if (!form) {
    wrong.push_back(form.error().detail);
    return wrong;
  }
  check_object(form_schema(*found), *form, "", wrong);
  return wrong;
}

void StripeContract::check(const Json& raw, const Json& value, const std::string& name,
                           std::vector<std::string>& found) const {
  const Json schema = resolved(raw);
  if (schema.contains("anyOf")) {
    std::vector<std::string> all;
    for (const Json& choice : schema.at("anyOf")) {
      std::vector<std::string> wrong;
      check(choice, value, name, wrong);
      if (wrong.empty()) return;
      all.insert(all.end(), wrong.begin(), wrong.end());
    }
    found.insert(found.end(), all.begin(), all.end());
    return;
  }
  const std::string type = text_of(schema, "type");
  if (type == "array") {
    const auto items = sandbox::numbered_members(value);
    if (!items) {
      found.push_back(name + " is no list");
      return;
    }
    for (std::size_t i = 0; i < items->size(); ++i)
      check(schema.at("items"), (*items)[i], within(name, std::to_string(i)), found);
  } else if (type == "object" || schema.contains("properties")) {
    check_object(schema, value, name, found);
  } else {
    check_scalar(schema, value, name, found);
  }
}

void StripeContract::check_object(const Json& schema, const Json& value, const std::string& name,
                                  std::vector<std::string>& found) const {
  if (!value.is_object()) {
    found.push_back(name + " is no object");
    return;
  }
  const Json known = schema.value("properties", Json::object());
  const Json others = schema.value("additionalProperties", Json());
  for (const auto& [member, part] : value.items()) {
    if (known.contains(member))
      check(known.at(member), part, within(name, member), found);
    else if (others.is_object())
      check(others, part, within(name, member), found);
    else if (!known.empty() || name.empty())
      found.push_back(within(name, member) + " is unknown");
  }
  for (const Json& member : schema.value("required", Json::array()))
    if (!value.contains(member.get<std::string>()))
      found.push_back(within(name, member.get<std::string>()) + " is missing");
}

void StripeContract::check_scalar(const Json& schema, const Json& value, const std::string& name,
                                  std::vector<std::string>& found) const {
  if (!value.is_string()) {
    found.push_back(name + " is no single value");
    return;
  }
  const auto& text = value.get_ref<const std::string&>();
  const std::string type = text_of(schema, "type");
  const auto expect = [&](bool good, const std::string& what) {
    if (!good) found.push_back(name + " is no " + what + ": " + text);
  };
  if (schema.contains("enum") && !schema.value("x-openEnum", false)) {
    const Json& choices = schema.at("enum");
    expect(std::find(choices.begin(), choices.end(), text) != choices.end(), dump_json(choices));
  }
  if (type == "integer") expect(std::regex_match(text, std::regex("-?[0-9]+")), "integer");
  if (type == "number")
    expect(std::regex_match(text, std::regex("-?[0-9]+([.][0-9]+)?")), "number");
  if (type == "boolean") expect(text == "true" || text == "false", "boolean");
  if (schema.contains("maxLength"))
    expect(text.size() <= schema.at("maxLength").get<std::size_t>(), "text that is short enough");
}

}  // namespace sequent::tests
