#pragma once
// HTTP messages as plain values: what the server hands to handlers and what the client sends.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sequent::net {

/// Header names compare without case; order and repeats are kept.
class Headers {
 public:
  void add(std::string name, std::string value);
  void set(std::string name, std::string value);
  void remove(std::string_view name);
  [[nodiscard]] const std::string* find(std::string_view name) const;  // first, or nullptr
  [[nodiscard]] std::string value(std::string_view name, std::string_view fallback = "") const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

/// A request as the server received it.
struct ServerRequest {
  std::string method;  // upper case
  std::string path;    // percent-encoded as received, without the query
  std::string query;   // without '?'
  Headers headers;
  std::string body;    // the raw bytes
  std::string remote;  // peer address, for logs
};

struct ServerResponse {
  int status = 200;
  Headers headers;
  std::string body;
};

/// A request that the client sends.
struct ClientRequest {
  std::string method = "GET";
  std::string url;  // absolute
  Headers headers;
  std::string body;
  long timeout_ms = 30'000;  // for the whole exchange
  long connect_timeout_ms = 5'000;
  std::size_t max_response_bytes = 8 << 20;  // a larger answer is an error, not memory
  bool follow_redirects = false;
  /// A connection of its own, closed afterwards. libcurl silently repeats a request when a connection
  /// that it reuses is reset before the answer: set this for what must not be done twice.
  bool fresh_connection = false;
  std::optional<std::pair<std::string, std::string>> basic_auth;   // user, password
  std::optional<std::pair<std::string, std::string>> digest_auth;  // user, password
  std::string aws_sigv4;  // libcurl's CURLOPT_AWS_SIGV4 value, empty = unsigned
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
  std::string effective_url;
};

/// Why no answer came. `sent` decides between transient (false) and unknown (true).
struct TransportError {
  enum class Kind { resolve, connect, tls, send, receive, timeout, too_large, cancelled, invalid };
  Kind kind = Kind::receive;
  bool sent = true;     // some byte of the request may have reached the peer
  std::string message;  // libcurl's words and the host, no secrets
};

/// Percent-decodes one path segment or query value ('+' stays '+').
[[nodiscard]] std::string percent_decode(std::string_view text);
/// application/x-www-form-urlencoded decoding: '+' is a space.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);
/// Percent-encodes everything but RFC 3986 unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace sequent::net
