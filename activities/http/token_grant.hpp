#pragma once
// OAuth 2.0 (RFC 6749) and OpenID Connect: what is asked of a token endpoint, as values.
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "net/http_message.hpp"

namespace sequent::activities::http {

/// A grant as the DSL's `oauth2` or `oidc` policy describes it.
struct TokenGrant {
  enum class Client : std::uint8_t { secret_post, secret_basic, none };

  std::string token_url;      // known for oauth2
  std::string discovery_url;  // oidc: the document that names the token endpoint
  std::string client_id, client_secret;
  Client client = Client::secret_post;
  bool json_encoding = false;                               // request.encoding: application/json
  std::vector<std::pair<std::string, std::string>> fields;  // in the order they are sent
  std::string cache_key;  // digest of the whole policy, so that no secret is kept as a key
};

/// errors  a sentence: an unsupported grant, client method or encoding, or a member that is missing
[[nodiscard]] std::expected<TokenGrant, std::string> read_grant(std::string_view scheme,
                                                                const Json& policy);

/// The request to `token_url`.
[[nodiscard]] net::ClientRequest token_request(const TokenGrant& grant,
                                               const std::string& token_url, DurationMs timeout_ms);

struct Token {
  std::string value;
  DurationMs lifetime_ms = 0;  // 0 = the server did not say
};

/// errors  a sentence without the answer's text: no JSON, no access_token, or no bearer token
[[nodiscard]] std::expected<Token, std::string> read_token(const net::ClientResponse& response);

}  // namespace sequent::activities::http
