#include "activities/http/token_grant.hpp"

#include "activities/outcomes.hpp"
#include "base/digest.hpp"

namespace sequent::activities::http {

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view well_known = "/.well-known/openid-configuration";

std::unexpected<std::string> refused(std::string_view scheme, std::string detail) {
  return std::unexpected("authentication " + std::string(scheme) + ": " + std::move(detail));
}

const Json& grant_member(const Json& object, std::string_view name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

std::string joined(const Json& texts) {
  std::string result;
  for (const Json& text : texts)
    if (text.is_string())
      result += (result.empty() ? "" : " ") + text.get_ref<const std::string&>();
  return result;
}

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

std::expected<TokenGrant::Client, std::string> client_method(const std::string& name) {
  if (name == "client_secret_post") return TokenGrant::Client::secret_post;
  if (name == "client_secret_basic") return TokenGrant::Client::secret_basic;
  if (name == "none") return TokenGrant::Client::none;
  return std::unexpected(
      "client.authentication: expected client_secret_post, client_secret_basic or none, found '" +
      name + "'");
}

std::expected<Fields, std::string> grant_fields(const Json& policy) {
  const std::string grant = text_of(policy, "grant");
  Fields fields{{"grant_type", grant}};
  if (grant == "password") {
    if (text_of(policy, "username").empty())
      return std::unexpected(std::string("the grant 'password' needs 'username' and 'password'"));
    fields.emplace_back("username", text_of(policy, "username"));
    fields.emplace_back("password", text_of(policy, "password"));
  } else if (grant != "client_credentials") {
    return std::unexpected("grant: expected client_credentials or password, found '" + grant + "'");
  }
  if (const auto scopes = joined(grant_member(policy, "scopes")); !scopes.empty())
    fields.emplace_back("scope", scopes);
  for (const Json& audience : grant_member(policy, "audiences"))
    if (audience.is_string()) fields.emplace_back("audience", audience.get<std::string>());
  return fields;
}

void add_client_fields(TokenGrant& grant) {
  if (grant.client == TokenGrant::Client::secret_basic) return;
  if (!grant.client_id.empty()) grant.fields.emplace_back("client_id", grant.client_id);
  if (grant.client == TokenGrant::Client::secret_post && !grant.client_secret.empty())
    grant.fields.emplace_back("client_secret", grant.client_secret);
}

std::string form(const Fields& fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    if (!body.empty()) body += '&';
    body += net::percent_encode(name) + "=" + net::percent_encode(value);
  }
  return body;
}

std::string json(const Fields& fields) {
  Json body = Json::object();
  for (const auto& [name, value] : fields) body[name] = value;
  return dump_json(body);
}

}  // namespace

std::expected<TokenGrant, std::string> read_grant(std::string_view scheme, const Json& policy) {
  TokenGrant grant;
  const std::string authority = without_slash(text_of(policy, "authority"));
  if (authority.empty()) return refused(scheme, "expected 'authority' with a URI, found none");
  if (scheme == "oidc") {
    grant.discovery_url =
        authority.ends_with(well_known) ? authority : authority + std::string(well_known);
  } else {
    const std::string path = text_of(grant_member(policy, "endpoints"), "token", "/oauth2/token");
    grant.token_url = authority + (path.starts_with('/') ? "" : "/") + path;
  }

  const Json& client = grant_member(policy, "client");
  auto method = client_method(
      text_of(client, "authentication", client.is_null() ? "none" : "client_secret_post"));
  if (!method) return refused(scheme, std::move(method.error()));
  grant.client = *method;
  grant.client_id = text_of(client, "id");
  grant.client_secret = text_of(client, "secret");
  if (grant.client != TokenGrant::Client::none && grant.client_id.empty())
    return refused(scheme, "expected 'client.id' with a text, found none");

  const std::string encoding =
      text_of(grant_member(policy, "request"), "encoding", "application/x-www-form-urlencoded");
  grant.json_encoding = encoding == "application/json";
  if (!grant.json_encoding && encoding != "application/x-www-form-urlencoded")
    return refused(scheme,
                   "request.encoding: expected application/x-www-form-urlencoded or "
                   "application/json, found '" +
                       encoding + "'");

  auto fields = grant_fields(policy);
  if (!fields) return refused(scheme, std::move(fields.error()));
  grant.fields = std::move(*fields);
  add_client_fields(grant);
  grant.cache_key = sha256_hex(std::string(scheme) + dump_json(policy));
  return grant;
}

net::ClientRequest token_request(const TokenGrant& grant, const std::string& token_url,
                                 DurationMs timeout_ms) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = token_url;
  request.timeout_ms = static_cast<long>(timeout_ms);
  request.max_response_bytes = 256 << 10;
  request.headers.set("Accept", "application/json");
  request.headers.set("Content-Type", grant.json_encoding ? "application/json"
                                                          : "application/x-www-form-urlencoded");
  request.body = grant.json_encoding ? json(grant.fields) : form(grant.fields);
  // RFC 6749 2.3.1: id and secret are form-encoded before they become user and password.
  if (grant.client == TokenGrant::Client::secret_basic)
    request.basic_auth.emplace(net::percent_encode(grant.client_id),
                               net::percent_encode(grant.client_secret));
  return request;
}

std::expected<Token, std::string> read_token(const net::ClientResponse& response) {
  const auto body = parse_json(response.body);
  if (!body || !body->is_object())
    return std::unexpected(std::string("expected a JSON object from the token endpoint, got ") +
                           (looks_like_html(response.body) ? "an HTML page" : "something else"));
  Token token;
  token.value = text_of(*body, "access_token");
  if (token.value.empty())
    return std::unexpected(std::string("the token endpoint's answer has no 'access_token'"));
  const std::string type = lower(text_of(*body, "token_type", "bearer"));
  if (type != "bearer")
    return std::unexpected("expected a token of type bearer, got '" + type + "'");
  const Json& expires_in = grant_member(*body, "expires_in");
  if (expires_in.is_number())
    token.lifetime_ms =
        static_cast<DurationMs>(std::clamp(expires_in.get<double>(), 0.0, 1e9)) * 1000;
  return token;
}

}  // namespace sequent::activities::http
