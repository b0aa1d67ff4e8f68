#pragma once
// The Flexprice stand-in: keys, faults and administration around the table of its calls.
#include <string>

#include "sandbox/flexprice/world.hpp"
#include "sandbox/json_stand_in.hpp"

namespace sequent::sandbox::flexprice {

struct FlexpriceOptions {
  std::uint64_t seed = 1;
  std::string api_key = "sk_flexprice_sandbox";
  bool price_everything = false;  // plans can be subscribed to without anybody adding a price
};

/// /v1/… as in PROVIDERS.md 4; administration under /_sandbox/:
///   GET  state         what exists, by kind, deleted rows too
///   GET  calls, GET|POST|DELETE faults, POST clock, POST reset     see json_stand_in.hpp
///   GET  repeated      how many usage events came again and were not counted
///   POST prices        {entity_id, currency, billing_period}: what a person does in the dashboard
///   POST settings      {priceEverything?, connections?: [provider]}
class FlexpriceStandIn final : public JsonStandIn {
 public:
  explicit FlexpriceStandIn(FlexpriceOptions options);

 protected:
  [[nodiscard]] Reply serve(const net::ServerRequest& request, Timestamp now) override;
  [[nodiscard]] std::string route_of(const net::ServerRequest& request) const override;
  [[nodiscard]] Reply worded(const Fault& fault) const override;
  [[nodiscard]] std::optional<Reply> administer(const net::ServerRequest& request,
                                                Timestamp now) override;
  [[nodiscard]] Json state(Timestamp now) const override;
  void forget_everything() override;

 private:
  [[nodiscard]] Reply add_price(const net::ServerRequest& request);
  [[nodiscard]] Reply change_settings(const net::ServerRequest& request);

  FlexpriceOptions options_;
  World world_;
};

}  // namespace sequent::sandbox::flexprice
