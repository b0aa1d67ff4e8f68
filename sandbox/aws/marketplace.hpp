#pragma once
// AWS Marketplace: registration tokens, subscriptions, metering by the hour, entitlements.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "sandbox/aws/answer.hpp"
#include "sandbox/random.hpp"

namespace sequent::sandbox::aws {

enum class Subscription : std::uint8_t { pending, subscribed, ending, ended, failed };

struct Buyer {
  std::string identifier;  // empty: a concurrent agreement, which is known by account and license
  std::string account_id;
  std::string license_arn;
  std::string product_code;
  Subscription state = Subscription::pending;
  Timestamp subscribed_at = 0;
  Timestamp ended_at = 0;

  [[nodiscard]] Json to_json() const;
};

/// shape  requests and answers are those of the two service models, in JSON
class Marketplace {
 public:
  explicit Marketplace(std::uint64_t seed);

  [[nodiscard]] Answer<Json> resolve_customer(const Json& request, Timestamp now);
  [[nodiscard]] Answer<Json> batch_meter_usage(const Json& request, Timestamp now);
  [[nodiscard]] Answer<Json> get_entitlements(const Json& request) const;

  // Administration; errors are sentences for the caller.
  [[nodiscard]] Result<Json> add_product(const Json& body);
  [[nodiscard]] Result<Json> add_token(const Json& body, Timestamp now);
  [[nodiscard]] Result<Json> add_entitlement(const Json& body, Timestamp now);
  /// The next `records` usage records come back unprocessed.
  [[nodiscard]] Result<Json> leave_unprocessed(const Json& body);
  /// What a notification says becomes true; its text for the queue.
  [[nodiscard]] Result<Json> notify(const Json& body, Timestamp now);
  [[nodiscard]] Json to_json() const;

 private:
  struct Token {
    std::size_t buyer = 0;
    Timestamp expires_at = 0;
    bool single_use = false;
    int redeemed = 0;
  };
  struct Usage {
    std::string id;
    std::int64_t quantity = 0;
    Json record;
  };
  [[nodiscard]] Answer<std::size_t> buyer_of(const Json& record, const std::string& product) const;
  [[nodiscard]] Answer<void> check_record(const Json& record, const std::string& product,
                                          Timestamp now) const;
  [[nodiscard]] Json meter(const Json& record, const std::string& product, Timestamp now);
  [[nodiscard]] std::optional<std::size_t> find_buyer(const std::string& identifier) const;

  Random random_;
  std::map<std::string, std::set<std::string>> products_;  // code -> dimensions
  std::vector<Buyer> buyers_;
  std::map<std::string, Token> tokens_;
  std::map<std::string, Usage> usage_;  // by buyer, dimension and hour
  std::vector<Json> entitlements_;
  std::int64_t unprocessed_ = 0;
};

}  // namespace sequent::sandbox::aws
