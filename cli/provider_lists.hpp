#pragma once
// Lists and objects of Stripe for comparisons: read by a node with its own key, and by a client over the
// node, so that an operator needs no key of his own.
#include "activities/providers.hpp"
#include "api/api.hpp"
#include "cli/client.hpp"
#include "net/http_client.hpp"
#include "reconciliation/ports.hpp"

namespace sequent::cli {

/// The node's side: one request each, GETs of what activities make alone. `http` outlives it.
[[nodiscard]] api::ProviderLists provider_lists(const activities::StripeConfig& stripe,
                                                net::HttpClient& http);

/// The client's side. What is transient is tried again, six times in all.
class ServerObjects final : public reconciliation::Objects {
 public:
  explicit ServerObjects(const Session& session) : session_(session) {}

  /// Asks once, to see whether the server reads Stripe for us; says how long it waits for an answer.
  [[nodiscard]] std::expected<DurationMs, Refusal> answer_within_ms();
  [[nodiscard]] std::expected<Json, machine::Failure> get(const std::string& path,
                                                          const Json& parameters,
                                                          const std::string& account) override;

 private:
  [[nodiscard]] std::expected<Json, Refusal> read(const std::string& path, const Json& parameters,
                                                  const std::string& account) const;
  const Session& session_;
};

}  // namespace sequent::cli
