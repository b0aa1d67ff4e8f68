#pragma once
// Access tokens, fetched once and shared by all calls with the same policy until shortly before
// they run out.
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "activities/http/token_grant.hpp"
#include "engine/machine/problem.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::http {

/// threads  any: calls of all partitions share one source
/// units    times are passed in, as everywhere
class TokenSource {
 public:
  explicit TokenSource(net::HttpClient& client) : client_(client) {}

  struct Found {
    std::string token;
    bool cached = false;  // may have been revoked meanwhile
  };
  /// errors  permanent authentication: the authority refuses the client; transient: it is not there.
  ///         Never unknown: the request that the token is for has not been sent.
  boost::asio::awaitable<std::expected<Found, machine::Failure>> fetch(TokenGrant grant,
                                                                       Timestamp now,
                                                                       DurationMs timeout_ms);
  /// After a 401 with a cached token.
  void forget(const std::string& cache_key);

 private:
  struct Entry {
    std::string token;
    Timestamp expires_at = 0;
  };
  std::optional<std::string> cached(const std::string& key, Timestamp now);
  void remember(const std::string& key, const Token& token, Timestamp now);
  boost::asio::awaitable<std::expected<std::string, machine::Failure>> token_url(
      TokenGrant grant, DurationMs timeout_ms);

  net::HttpClient& client_;
  std::mutex mutex_;  // never held across a wait
  std::map<std::string, Entry> entries_;
};

}  // namespace sequent::activities::http
