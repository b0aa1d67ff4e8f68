// `with` of `call: http`, normalised for the activity "http":
// {method, endpoint: {uri, authentication?}, headers?, query?, body?, output?, redirect?}
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
  });
}

// Nothing when it was reported.
std::optional<Template> read_method(Compiler& compiler, const Value& value,
                                    const Variables& variables) {
  if (is_expression(compiler, *value.json)) return read_template(compiler, value, variables);
  auto text = read_text(compiler.report, value, "an HTTP method");
  if (text && !is_token(*text)) {
    compiler.report.mistyped(value, "an HTTP method such as get or post");
    text.reset();
  }
  if (!text) return std::nullopt;
  std::transform(text->begin(), text->end(), text->begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return constant_template(*std::move(text));
}

// Headers and query parameters: an expression, or an object of texts and expressions.
Template read_texts(Compiler& compiler, const Value& value, std::string_view what,
                    bool other_scalars, const Variables& variables) {
  if (is_expression(compiler, *value.json)) return read_template(compiler, value, variables);
  if (!value.json->is_object()) {
    compiler.report.mistyped(value, std::string{what} + " (an object or an expression)");
    return constant_template(Json::object());
  }
  bool good = true;
  for (const auto& [name, json] : value.json->items()) {
    const bool scalar = json.is_primitive() && !json.is_null();
    if (json.is_string() || (other_scalars && scalar)) continue;
    (void)read_text(compiler.report, value.member(name), "the value of `" + name + "`");
    good = false;
  }
  if (!good) return constant_template(Json::object());
  return read_template(compiler, value, variables);
}

void check_header_names(Compiler& compiler, const Value& headers) {
  for (const std::string& name : member_names(*headers.json)) {
    if (is_token(name)) continue;
    compiler.report.at_key(headers.pointer + "/" + pointer_segment(name),
                           "expected the name of a header, got `" + name + "`",
                           "names have letters, digits and hyphens");
  }
}

}  // namespace

Template read_http_arguments(Compiler& compiler, const Value& with, const Variables& variables) {
  Template out = constant_template(Json::object());
  Fields fields{compiler.report, with, "an HTTP call"};
  if (const auto method = fields.require("method", "an HTTP method")) {
    if (auto read = read_method(compiler, *method, variables))
      set_member(out, "method", *std::move(read));
  }
  if (const auto endpoint = fields.require("endpoint", "the URI to call")) {
    if (auto read = read_endpoint(compiler, *endpoint, variables))
      set_member(out, "endpoint", *std::move(read));
  }
  if (const auto headers = fields.get("headers")) {
    check_header_names(compiler, *headers);
    set_member(out, "headers", read_texts(compiler, *headers, "headers", false, variables));
  }
  if (const auto query = fields.get("query"))
    set_member(out, "query", read_texts(compiler, *query, "query parameters", true, variables));
  if (const auto body = fields.get("body"))
    set_member(out, "body", read_template(compiler, *body, variables));
  if (const auto output = fields.get("output")) {
    const auto kind =
        read_choice(compiler.report, *output, "`output`", {"raw", "content", "response"});
    if (kind) out.skeleton["output"] = *kind;
  }
  if (const auto redirect = fields.get("redirect")) {
    if (const auto flag = read_flag(compiler.report, *redirect, "`redirect`"))
      out.skeleton["redirect"] = *flag;
  }
  fields.finish();
  return out;
}

}  // namespace sequent::definition
