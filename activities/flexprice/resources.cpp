#include "activities/flexprice/resources.hpp"

namespace sequent::activities::flexprice {

void register_flexprice(runtime::ActivityRegistry& registry, const FlexpriceConfig& config,
                        net::HttpClient& http) {
  const auto client = std::make_shared<Client>(config, http);
  for (auto resource : {customers, plans, addons, subscriptions, subscription_changes,
                        subscription_addons, mappings, events}) {
    for (Operation& operation : resource()) {
      operation.spec.timeout_ms = config.timeout_ms;
      registry.add(std::make_unique<FlexpriceActivity>(std::move(operation), client));
    }
  }
}

}  // namespace sequent::activities::flexprice
