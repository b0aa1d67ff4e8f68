#pragma once
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <memory>
#include <string>

#include "activities/providers.hpp"
#include "base/json.hpp"
#include "engine/machine/problem.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::stripe {

/// One call of Stripe's v1 API.
struct Call {
  std::string method;           // GET, POST, DELETE
  std::string path;             // "/v1/customers"
  Json parameters;              // form body of a POST, query of the others
  std::string account;          // connected account, empty = the platform
  std::string idempotency_key;  // sent with POST alone: elsewhere Stripe ignores it
  DurationMs timeout_ms = 0;
  Timestamp now = 0;
  std::shared_ptr<std::string> request_id;  // see runtime::Attempt
};

class Client {
 public:
  Client(StripeConfig config, net::HttpClient& http) : config_(std::move(config)), http_(http) {}

  /// errors  see outcome.hpp; configuration, permanent: no API key is configured
  boost::asio::awaitable<std::expected<Json, machine::Failure>> send(Call call);

  [[nodiscard]] const StripeConfig& config() const { return config_; }

 private:
  [[nodiscard]] net::ClientRequest request_of(const Call& call, const std::string& key) const;

  StripeConfig config_;
  net::HttpClient& http_;
};

}  // namespace sequent::activities::stripe
