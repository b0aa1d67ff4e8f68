#include "crashtest/request.hpp"

namespace sequent::crashtest {
namespace {

// Stripe's nesting: {a: {b: 1}, c: [2]} -> a[b]=1&c[0]=2
void add_form(const Json& value, const std::string& name, std::string& text) {
  if (value.is_structured()) {
    for (const auto& [key, member] : value.items())
      add_form(member, name.empty() ? key : name + "[" + key + "]", text);
    return;
  }
  if (!text.empty()) text += '&';
  text += net::percent_encode(name) + "=" +
          net::percent_encode(value.is_string() ? value.get<std::string>() : dump_json(value));
}

Result<std::string> text_in(const Json& content, const std::string& member) {
  const auto& value = content.at(member);
  if (value.is_string()) return value.get<std::string>();
  return fail(ErrorCode::invalid_request,
              "expected text in `" + member + "`, got " + dump_json(value));
}

}  // namespace

Result<net::ServerRequest> fill_request(const Request& request, const std::string& name,
                                        const ScenarioFile& file, const Json& known,
                                        Timestamp now) {
  Json content = request.content.skeleton;
  if (!request.content.constant()) {
    expression::Scope scope;
    scope.now = now;
    auto filled = expression::fill(request.content, *file.expressions, known, scope);
    if (!filled) return std::unexpected(filled.error());
    content = std::move(*filled);
  }
  const auto path = text_in(content, "path");
  if (!path) return std::unexpected(path.error());
  net::ServerRequest out;
  out.method = text_of(content, "method");
  const auto question = std::min(path->find('?'), path->size());
  out.path = path->substr(0, question);
  if (question < path->size()) out.query = path->substr(question + 1);
  out.remote = "127.0.0.1";
  for (const auto& header : content["headers"].items()) {
    const auto value = text_in(content["headers"], header.key());
    if (!value) return std::unexpected(value.error());
    out.headers.set(header.key(), *value);
  }
  if (content.contains("body")) out.body = dump_json(content["body"]);
  if (content.contains("form")) add_form(content["form"], "", out.body);
  const bool keyed = request.to == "engine" && out.method == "POST" &&
                     out.path != "/api/v1/events" && !out.headers.find("Idempotency-Key");
  if (keyed) out.headers.set("Idempotency-Key", "crashtest-" + name);
  return out;
}

Json body_of(const net::ServerResponse& response) {
  if (response.body.empty()) return nullptr;
  auto json = parse_json(response.body);
  return json ? std::move(*json) : Json(response.body);
}

}  // namespace sequent::crashtest
