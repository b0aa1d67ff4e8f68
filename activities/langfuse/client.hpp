#pragma once
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <string>

#include "activities/outcomes.hpp"
#include "activities/providers.hpp"
#include "base/json.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::langfuse {

/// One call of Langfuse's public API. All of them may be repeated: events are de-duplicated by
/// their envelope's id, spans by their own, deletions are absolute.
struct Call {
  std::string method;
  std::string path;  // "/api/public/traces"
  Json query = Json::object();
  Json body;  // null: none
  DurationMs timeout_ms = 0;
  Timestamp now = 0;
};

class Client {
 public:
  Client(LangfuseConfig config, net::HttpClient& http) : config_(std::move(config)), http_(http) {}

  /// The JSON of a 2xx answer, 207 among them.
  /// errors  transient  no answer, 408, 429 with its Retry-After, 5xx, answers that are not Langfuse's
  ///         permanent  401, 403 (authentication, authorization), 413, 422 and all other 4xx;
  ///                    configuration: no keys are configured
  boost::asio::awaitable<std::expected<Json, machine::Failure>> send(Call call);

  [[nodiscard]] const LangfuseConfig& config() const { return config_; }

 private:
  LangfuseConfig config_;
  net::HttpClient& http_;
};

}  // namespace sequent::activities::langfuse
