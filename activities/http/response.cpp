#include "activities/http/response.hpp"

#include <cctype>

#include "activities/http/request.hpp"
#include "activities/outcomes.hpp"
#include "base/digest.hpp"

namespace sequent::activities::http {

namespace {

std::unexpected<Failure> refuse(const net::ClientRequest& request,
                                const net::ClientResponse& response, std::string title,
                                std::string detail) {
  Failure failure;
  failure.outcome = Outcome::permanent;
  failure.problem = provider_problem(
      "http", ErrorKind::communication, response.status, std::move(title),
      request.method + " " + printable_url(request.url) + ": " + std::move(detail));
  return std::unexpected(std::move(failure));
}

bool is_text_type(std::string_view type) {
  return type.starts_with("text/") || type == "application/xml" || type.ends_with("+xml") ||
         type == "application/yaml" || type == "application/x-yaml" || type.ends_with("+yaml") ||
         type == "application/javascript" || type == "application/x-www-form-urlencoded";
}

// Strict parsing by the JSON library is the one UTF-8 check that we have.
bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(Json(text).dump());
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

// "content-type" and "CONTENT-TYPE" -> "Content-Type"
std::string train_case(std::string name) {
  bool start = true;
  for (char& letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    letter = static_cast<char>(start ? std::toupper(byte) : std::tolower(byte));
    start = letter == '-';
  }
  return name;
}

Json shown_headers(const net::Headers& headers, bool with_sensitive) {
  Json shown = Json::object();
  for (const auto& [name, value] : headers.all()) {
    if (!with_sensitive && is_sensitive_header(name)) continue;
    const std::string key = train_case(name);
    shown[key] = shown.contains(key) ? shown[key].get<std::string>() + ", " + value : value;
  }
  return shown;
}

bool asked_for_json_only(const Json& arguments) {
  const auto headers = arguments.find("headers");
  if (headers == arguments.end() || !headers->is_object()) return false;
  for (const auto& [name, value] : headers->items())
    if (lower(name) == "accept" && value.is_string())
      return is_json_type(lower(value.get_ref<const std::string&>()));
  return false;
}

std::expected<Json, Failure> read_content(const Json& arguments, const net::ClientRequest& request,
                                          const net::ClientResponse& response) {
  if (response.body.empty()) return Json();
  const std::string type = media_type(response.headers);
  if (is_json_type(type)) {
    auto parsed = parse_json(response.body);
    if (parsed) return std::move(*parsed);
    return refuse(request, response, "Invalid JSON",
                  "the answer says " + type + " but is " +
                      (looks_like_html(response.body) ? "an HTML page"
                                                      : "no JSON: " + parsed.error().detail));
  }
  if (asked_for_json_only(arguments))
    return refuse(request, response, "Not JSON",
                  "expected JSON, as the call's Accept header asks, got " +
                      (looks_like_html(response.body) ? std::string("an HTML page")
                       : type.empty()                 ? "content without a type"
                                                      : type));
  if (is_text_type(type) && is_utf8(response.body)) return Json(response.body);
  if (type.empty()) {
    auto parsed = parse_json(response.body);
    if (parsed) return std::move(*parsed);
    if (is_utf8(response.body)) return Json(response.body);
  }
  return Json(base64_encode(response.body));
}

}  // namespace

bool is_sensitive_header(std::string_view name) {
  const std::string header = lower(name);
  return header == "authorization" || header == "proxy-authorization" || header == "cookie" ||
         header == "set-cookie" || header.find("api-key") != std::string::npos ||
         header.find("apikey") != std::string::npos || header.find("token") != std::string::npos ||
         header.find("secret") != std::string::npos ||
         header.find("signature") != std::string::npos;
}

std::expected<Json, Failure> read_response(const Json& arguments, const net::ClientRequest& request,
                                           const net::ClientResponse& response,
                                           const HttpConfig& config) {
  const std::string format = text_of(arguments, "output", "content");
  Json output;
  if (format == "raw") {
    output = base64_encode(response.body);
  } else {
    auto content = read_content(arguments, request, response);
    if (!content) return std::unexpected(content.error());
    output = std::move(*content);
  }
  // Base64 makes a third more of what came.
  if (output.is_string() && output.get_ref<const std::string&>().size() > config.max_response_bytes)
    return refuse(request, response, "Answer too large",
                  "the output has " + std::to_string(output.get_ref<const std::string&>().size()) +
                      " bytes as text, more than the limit of " +
                      std::to_string(config.max_response_bytes));
  if (format != "response") return output;

  Json shown = Json::object();
  shown["request"]["method"] = text_of(arguments, "method");
  shown["request"]["uri"] = request.url;
  shown["request"]["headers"] = shown_headers(request.headers, false);
  shown["statusCode"] = response.status;
  shown["headers"] = shown_headers(response.headers, true);
  shown["content"] = std::move(output);
  return shown;
}

}  // namespace sequent::activities::http
