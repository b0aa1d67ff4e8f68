#pragma once
// The credentials of a request: those that are configured, or temporary ones that the container's
// endpoint hands out, kept until shortly before they run out.
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <mutex>
#include <optional>

#include "activities/providers.hpp"
#include "engine/machine/problem.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::aws {

/// threads  any: calls of all partitions share one
class Credentials {
 public:
  Credentials(AwsConfig config, net::HttpClient& http) : config_(std::move(config)), http_(http) {}

  struct Found {
    AwsCredentials credentials;
    bool cached = false;  // may have been revoked meanwhile
  };
  /// errors  configuration, permanent: there are none. authentication, permanent: the endpoint
  ///         refuses us; transient: it is not there. Never unknown: nothing was asked of AWS yet.
  boost::asio::awaitable<std::expected<Found, machine::Failure>> find(Timestamp now,
                                                                      DurationMs timeout_ms);
  /// After AWS refused a cached one as expired.
  void forget();

 private:
  [[nodiscard]] std::optional<AwsCredentials> cached(Timestamp now);
  [[nodiscard]] net::ClientRequest container_request(DurationMs timeout_ms) const;

  AwsConfig config_;
  net::HttpClient& http_;
  std::mutex mutex_;  // never held across a wait
  std::optional<AwsCredentials> temporary_;
  Timestamp usable_until_ = 0;
};

}  // namespace sequent::activities::aws
