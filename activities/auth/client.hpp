#pragma once
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <string>

#include "activities/providers.hpp"
#include "base/json.hpp"
#include "engine/machine/problem.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::auth {

struct Call {
  std::string method;
  std::string path;   // "/users/7"
  std::string token;  // bearer; empty: the configured service token
  DurationMs timeout_ms = 0;
  Timestamp now = 0;
};

struct Answer {
  int status = 0;
  Json body;
};

/// The in-house authentication service. Every call is a read or a compare-and-set, so that repeating
/// one is harmless.
class Client {
 public:
  Client(AuthConfig config, net::HttpClient& http) : config_(std::move(config)), http_(http) {}

  /// 2xx, and `accepted` besides (0 = none).
  /// errors  authentication 401, permanent: the token is refused, or there is none (a request
  ///         without one would never be answered). transient: no answer, 408, 429, 5xx: the gateway
  ///         makes a 500 of every refusal behind it, so that a 500 proves nothing. permanent: other
  ///         4xx.
  boost::asio::awaitable<std::expected<Answer, machine::Failure>> send(Call call, int accepted = 0);

  [[nodiscard]] const AuthConfig& config() const { return config_; }

 private:
  AuthConfig config_;
  net::HttpClient& http_;
};

}  // namespace sequent::activities::auth
