#include "activities/http/request.hpp"

#include <cctype>

#include "activities/outcomes.hpp"

namespace sequent::activities::http {

namespace {

using Checked = std::expected<void, Failure>;

Failure invalid(ErrorKind kind, std::string detail) {
  Failure failure;
  failure.outcome = Outcome::permanent;
  failure.problem = machine::make_problem(kind, "call http: " + std::move(detail));
  if (kind == ErrorKind::communication) failure.problem.status = 400;
  return failure;
}

std::unexpected<Failure> refuse(std::string detail) {
  return std::unexpected(invalid(ErrorKind::validation, std::move(detail)));
}

const Json& member(const Json& object, std::string_view name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

std::string scalar_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").contains(static_cast<char>(c));
  });
}

// name=value for each scalar, one for each element of a list; null leaves the name out.
std::expected<std::string, Failure> encode_pairs(const Json& object, std::string_view where) {
  std::string text;
  const auto add = [&](const std::string& name, const Json& value) {
    if (!text.empty()) text += '&';
    text += net::percent_encode(name) + "=" + net::percent_encode(scalar_text(value));
  };
  for (const auto& [name, value] : object.items()) {
    if (value.is_null()) continue;
    if (value.is_primitive()) {
      add(name, value);
      continue;
    }
    for (const Json& element : value) {
      if (value.is_object() || !element.is_primitive())
        return refuse("member '" + name + "' of " + std::string(where) +
                      ": expected a scalar or a list of scalars, found " +
                      (value.is_object() ? "an object"
                                         : "a list of " + std::string(element.type_name()) + "s"));
      add(name, element);
    }
  }
  return text;
}

Checked set_url(net::ClientRequest& request, const Json& arguments) {
  const Json& endpoint = member(arguments, "endpoint");
  const std::string uri =
      endpoint.is_string() ? endpoint.get<std::string>() : text_of(endpoint, "uri");
  const auto scheme_end = uri.find("://");
  const std::string scheme = lower(uri.substr(0, scheme_end == std::string::npos ? 0 : scheme_end));
  const bool has_host =
      scheme_end != std::string::npos && uri.size() > scheme_end + 3 && uri[scheme_end + 3] != '/';
  if ((scheme != "http" && scheme != "https") || !has_host) {
    return std::unexpected(
        invalid(ErrorKind::communication,
                "endpoint.uri: expected an absolute http or https URI with a host, found '" +
                    printable_url(uri) + "'"));
  }
  request.url = uri.substr(0, uri.find('#'));
  const Json& query = member(arguments, "query");
  if (query.is_null()) return {};
  if (!query.is_object())
    return refuse("query: expected an object, found " + std::string(query.type_name()));
  const auto encoded = encode_pairs(query, "query");
  if (!encoded) return std::unexpected(encoded.error());
  if (!encoded->empty())
    request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + *encoded;
  return {};
}

Checked set_headers(net::ClientRequest& request, const Json& headers) {
  if (headers.is_null()) return {};
  if (!headers.is_object())
    return refuse("headers: expected an object, found " + std::string(headers.type_name()));
  for (const auto& [name, value] : headers.items()) {
    if (value.is_null()) continue;
    const std::string text = value.is_primitive() ? scalar_text(value) : dump_json(value);
    const bool one_line = text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
    if (!is_token(name) || !one_line)
      return refuse("headers: '" + name + "' is no header of one line");
    request.headers.set(name, text);
  }
  return {};
}

Checked set_body(net::ClientRequest& request, const Json& body) {
  if (body.is_null()) return {};
  const std::string type = media_type(request.headers);
  if (body.is_string()) {
    if (type.empty()) request.headers.set("Content-Type", "text/plain; charset=utf-8");
    request.body = body.get<std::string>();
    return {};
  }
  if (type == "application/x-www-form-urlencoded") {
    if (!body.is_object())
      return refuse("body: expected an object to encode as a form, found " +
                    std::string(body.type_name()));
    auto form = encode_pairs(body, "body");
    if (!form) return std::unexpected(form.error());
    request.body = std::move(*form);
    return {};
  }
  if (type.empty())
    request.headers.set("Content-Type", "application/json");
  else if (!is_json_type(type))
    return refuse("body: expected text for content type " + type + ", found " +
                  std::string(body.type_name()) + " (objects are sent as JSON or as a form)");
  request.body = dump_json(body);
  return {};
}

}  // namespace

bool is_idempotent_method(std::string_view method) {
  const std::string name = lower(method);
  return name != "post" && name != "patch" && name != "connect";
}

std::string printable_url(std::string_view url) {
  std::string text(url.substr(0, url.find_first_of("?#")));
  const auto scheme = text.find("://");
  const auto host = scheme == std::string::npos ? 0 : scheme + 3;
  const auto at = text.find('@', host);
  if (at != std::string::npos && at < text.find('/', host)) text.erase(host, at - host + 1);
  return text;
}

std::expected<net::ClientRequest, Failure> build_request(const runtime::Attempt& attempt,
                                                         const Json& arguments,
                                                         const HttpConfig& config) {
  net::ClientRequest request;
  request.method = text_of(arguments, "method");
  for (char& letter : request.method)
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  if (!is_token(request.method))
    return refuse("method: expected a name such as get or post, found '" + request.method + "'");

  if (auto url = set_url(request, arguments); !url) return std::unexpected(url.error());
  if (auto headers = set_headers(request, member(arguments, "headers")); !headers)
    return std::unexpected(headers.error());
  if (auto body = set_body(request, member(arguments, "body")); !body)
    return std::unexpected(body.error());

  if (!is_idempotent_method(request.method) && !attempt.idempotency_key.empty() &&
      request.headers.find("Idempotency-Key") == nullptr)
    request.headers.set("Idempotency-Key", attempt.idempotency_key);
  if (request.headers.find("Accept") == nullptr)
    request.headers.set("Accept", "application/json, */*;q=0.8");

  request.timeout_ms =
      static_cast<long>(attempt.timeout_ms > 0 ? attempt.timeout_ms : config.timeout_ms);
  request.max_response_bytes = config.max_response_bytes;
  // The DSL's `redirect` says which statuses are errors, not that a redirection is followed:
  // following one would carry credentials and bodies to a host that the author never named.
  request.follow_redirects = false;
  return request;
}

}  // namespace sequent::activities::http
