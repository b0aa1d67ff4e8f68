#pragma once
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <string>

#include "activities/outcomes.hpp"
#include "activities/providers.hpp"
#include "base/json.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::flexprice {

/// One call of Flexprice's API.
struct Call {
  std::string method;
  std::string path;  // "/plans/plan_1", after the base URL
  Json query = Json::object();
  Json body;  // null: none
  Repeat repeat = Repeat::harmless;
  DurationMs timeout_ms = 0;
  Timestamp now = 0;
};

class Client {
 public:
  Client(FlexpriceConfig config, net::HttpClient& http) : config_(std::move(config)), http_(http) {}

  /// errors  see outcome.hpp; configuration, permanent: no API key is configured
  boost::asio::awaitable<std::expected<Json, machine::Failure>> send(Call call);

  [[nodiscard]] const FlexpriceConfig& config() const { return config_; }

 private:
  FlexpriceConfig config_;
  net::HttpClient& http_;
};

}  // namespace sequent::activities::flexprice
