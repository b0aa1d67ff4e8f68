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
  const bool effective =
      out.method == "POST" ? out.path != "/api/v1/events" : !out.path.starts_with("/api/v1/");
  const bool keyed = request.to == "engine" && effective && !out.headers.find("Idempotency-Key");
  if (keyed) out.headers.set("Idempotency-Key", "crashtest-" + name);
  return out;
}

Json body_of(const net::ServerResponse& response) {
  if (response.body.empty()) return nullptr;
  auto json = parse_json(response.body);
  return json ? std::move(*json) : Json(response.body);
}

Json headers_of(const net::ServerResponse& response) {
  Json headers = Json::object();
  for (const auto& [name, value] : response.headers.all()) {
    std::string lower = name;
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    Json& header = headers[lower];
    if (header.is_null()) {
      header = value;
    } else {
      if (!header.is_array()) header = Json::array({header});
      header.push_back(value);
    }
  }
  return headers;
}

Json told_by(const net::ServerResponse& response) {
  if (response.status / 100 != 3) return body_of(response);
  return {{"location", headers_of(response).value("location", Json())}};
}

bool worth_asking_again(std::optional<int> expected, int status) {
  if (expected ? status == *expected : status / 100 == 2 && status != 202) return false;
  return status == 202 || status == 408 || status == 425 || status == 429 || status == 500 ||
         (status >= 502 && status <= 504);
}

Result<void> check_status(std::optional<int> expected, int status, const Json& body) {
  if (expected ? status == *expected : status / 100 == 2) return {};
  return fail(ErrorCode::conflict,
              "expected the status " + (expected ? std::to_string(*expected) : std::string("2xx")) +
                  ", got " + std::to_string(status) + " with " + dump_json(body));
}

}  // namespace sequent::crashtest
