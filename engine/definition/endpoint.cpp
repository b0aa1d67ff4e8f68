// Endpoints. A URI with {names} becomes an expression that builds it, so that what is journaled as
// an activity's arguments is the URI that was called.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

bool is_scheme(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

bool is_absolute_uri(std::string_view text) {
  const std::size_t colon = text.find("://");
  return colon != std::string_view::npos && is_scheme(text.substr(0, colon)) &&
         text.find_first_of(" \t\r\n") == std::string_view::npos;
}

// `.name` as text inside a URI (RFC 6570, simple expansion): absent is empty, a list is an error.
std::string expansion(std::string_view name) {
  const std::string quoted = dump_json(Json(name));
  const std::string complaint = dump_json(Json("expected text, a number, true or false for {" +
                                               std::string{name} + "} of the URI, got "));
  return "(.[" + quoted +
         "] | if . == null then \"\" elif type == \"object\" or type == \"array\" " +
         "then error(" + complaint + " + type) else tostring | @uri end)";
}

struct Part {
  std::string text;
  bool variable = false;
  std::size_t offset = 0;
};

std::optional<std::vector<Part>> split(Compiler& compiler, const Value& value,
                                       std::string_view uri) {
  std::vector<Part> parts;
  std::size_t at = 0;
  while (at < uri.size()) {
    const std::size_t brace = uri.find_first_of("{}", at);
    if (brace > at)
      parts.push_back({.text = std::string{uri.substr(at, brace - at)}, .offset = at});
    if (brace == std::string_view::npos) break;
    const std::size_t close = uri.find_first_of("{}", brace + 1);
    if (uri[brace] == '}' || close == std::string_view::npos || uri[close] == '{') {
      compiler.report.inside(value.pointer, brace,
                             "expected `{name}` in the URI, got a brace without its partner",
                             "write %7B and %7D for braces that are meant as such");
      return std::nullopt;
    }
    const std::string name{uri.substr(brace + 1, close - brace - 1)};
    if (name.empty() || name.find_first_of("+#./;?&=,!@|*:$ \"") == 0 ||
        name.find_first_of(",*:") != std::string::npos) {
      compiler.report.inside(value.pointer, brace,
                             "expected a plain `{name}` in the URI, got `{" + name + "}`",
                             "only simple expansion of top-level properties is in the language; "
                             "build other URIs with ${ … }");
      return std::nullopt;
    }
    parts.push_back({.text = name, .variable = true, .offset = brace});
    at = close + 1;
  }
  return parts;
}

std::optional<Template> read_uri(Compiler& compiler, const Value& value,
                                 const Variables& variables) {
  if (is_expression(compiler, *value.json)) return read_template(compiler, value, variables);
  if (!check_uri(compiler, value, "the URI of an endpoint")) return std::nullopt;
  const auto& uri = value.json->get_ref<const std::string&>();
  const auto parts = split(compiler, value, uri);
  if (!parts) return std::nullopt;
  const bool fixed =
      std::none_of(parts->begin(), parts->end(), [](const Part& part) { return part.variable; });
  if (fixed) return constant_template(uri);
  std::string source;
  for (const Part& part : *parts) {
    if (!source.empty()) source += " + ";
    source += part.variable ? expansion(part.text) : dump_json(Json(part.text));
  }
  const ExpressionId id = compiler.expressions.add(std::move(source), value.pointer, 0, variables);
  return expression_template(id);
}

}  // namespace

bool check_uri(Compiler& compiler, const Value& value, std::string_view what) {
  if (is_expression(compiler, *value.json)) return true;
  const bool good =
      value.json->is_string() && is_absolute_uri(value.json->get_ref<const std::string&>());
  if (!good)
    compiler.report.mistyped(value,
                             std::string{what} + " (an absolute URI such as https://host/path)");
  return good;
}

std::optional<Template> read_endpoint(Compiler& compiler, const Value& value,
                                      const Variables& variables) {
  Template out = constant_template(Json::object());
  if (!value.json->is_object()) {
    auto uri = read_uri(compiler, value, variables);
    if (!uri) return std::nullopt;
    set_member(out, "uri", *std::move(uri));
    return out;
  }
  Fields fields{compiler.report, value, "an endpoint"};
  const auto uri = fields.require("uri", "the URI to call");
  const auto authentication = fields.get("authentication");
  fields.finish();
  std::optional<Template> policy;
  if (authentication) policy = read_authentication(compiler, *authentication, variables);
  auto built = uri ? read_uri(compiler, *uri, variables) : std::nullopt;
  if (!built || (authentication && !policy)) return std::nullopt;
  set_member(out, "uri", *std::move(built));
  if (policy) set_member(out, "authentication", *std::move(policy));
  return out;
}

}  // namespace sequent::definition
