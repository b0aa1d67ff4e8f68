#pragma once
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <memory>
#include <string>

#include "activities/aws/credentials.hpp"
#include "activities/outcomes.hpp"
#include "activities/providers.hpp"
#include "base/json.hpp"
#include "engine/machine/problem.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::aws {

enum class Service : std::uint8_t { metering, entitlement, sqs };

/// One call of one of AWS's JSON services.
struct Call {
  Service service = Service::metering;
  std::string operation;  // "ResolveCustomer"
  Json body;
  Repeat repeat = Repeat::harmless;
  DurationMs timeout_ms = 0;
  Timestamp now = 0;
  std::shared_ptr<std::string> request_id;  // see runtime::Attempt
};

/// POSTs without a query, signed by libcurl with its own clock: a date of ours it would send beside
/// its own.
class Client {
 public:
  Client(AwsConfig config, net::HttpClient& http)
      : config_(config), http_(http), credentials_(std::move(config), http) {}

  /// errors  see outcome.hpp and credentials.hpp
  boost::asio::awaitable<std::expected<Json, machine::Failure>> send(Call call);

  [[nodiscard]] const AwsConfig& config() const { return config_; }

 private:
  [[nodiscard]] net::ClientRequest request_of(const Call& call,
                                              const AwsCredentials& credentials) const;

  AwsConfig config_;
  net::HttpClient& http_;
  Credentials credentials_;
};

}  // namespace sequent::activities::aws
