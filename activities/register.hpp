#pragma once
#include "activities/providers.hpp"
#include "engine/runtime/activity.hpp"
#include "net/http_client.hpp"

namespace sequent::activities {

/// Adds every activity of this build. `http` outlives the registry.
void register_activities(runtime::ActivityRegistry& registry, const ProviderConfig& config,
                         net::HttpClient& http);

}  // namespace sequent::activities
