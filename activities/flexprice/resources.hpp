#pragma once
// Flexprice's resources, one file each.
#include "activities/flexprice/operation.hpp"

namespace sequent::activities::flexprice {

[[nodiscard]] Operations customers();
[[nodiscard]] Operations plans();
[[nodiscard]] Operations addons();
[[nodiscard]] Operations subscriptions();
[[nodiscard]] Operations subscription_changes();
[[nodiscard]] Operations subscription_addons();
[[nodiscard]] Operations mappings();
[[nodiscard]] Operations events();

/// The members of a subscription that workflows rely on.
[[nodiscard]] Json subscription_schema();

void register_flexprice(runtime::ActivityRegistry& registry, const FlexpriceConfig& config,
                        net::HttpClient& http);

}  // namespace sequent::activities::flexprice
