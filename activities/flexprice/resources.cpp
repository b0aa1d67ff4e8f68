#include "activities/flexprice/resources.hpp"

namespace sequent::activities::flexprice {
namespace {

Operations all_operations() {
  Operations all;
  for (auto resource : {customers, plans, addons, subscriptions, subscription_changes,
                        subscription_addons, mappings, events})
    for (Operation& operation : resource()) all.push_back(std::move(operation));
  return all;
}

}  // namespace

void register_flexprice(runtime::ActivityRegistry& registry, const FlexpriceConfig& config,
                        net::HttpClient& http) {
  static const Operations operations = all_operations();  // written down once for a process
  const auto client = std::make_shared<Client>(config, http);
  for (Operation operation : operations) {
    operation.spec.timeout_ms = config.timeout_ms;
    registry.add(std::make_unique<FlexpriceActivity>(std::move(operation), client));
  }
}

}  // namespace sequent::activities::flexprice
