#pragma once
// Stripe's lists and objects, one request at a time.
#include "activities/providers.hpp"
#include "net/http_client.hpp"
#include "reconciliation/ports.hpp"

namespace sequent::reconciliation {

/// errors  those of activities::stripe::Client. What is transient (429, 5xx, no connection) is tried
///         again, six times in all, with a pause that doubles from half a second, or Stripe's own
class StripeObjects final : public Objects {
 public:
  /// `http` outlives it.
  StripeObjects(activities::StripeConfig config, net::HttpClient& http)
      : config_(std::move(config)), http_(http) {}

  [[nodiscard]] std::expected<Json, machine::Failure> get(const std::string& path,
                                                          const Json& parameters,
                                                          const std::string& account) override;

 private:
  activities::StripeConfig config_;
  net::HttpClient& http_;
};

}  // namespace sequent::reconciliation
