#include "activities/register.hpp"

#include "activities/auth/auth.hpp"
#include "activities/aws/aws.hpp"
#include "activities/debug/debug.hpp"
#include "activities/events/emit.hpp"
#include "activities/flexprice/resources.hpp"
#include "activities/http/call.hpp"
#include "activities/langfuse/resources.hpp"
#include "activities/stripe/resources.hpp"
#include "engine/runtime/record_operations.hpp"

namespace sequent::activities {

void register_activities(runtime::ActivityRegistry& registry, const ProviderConfig& config,
                         net::HttpClient& http) {
  registry.add(std::make_unique<http::HttpCall>(config.http, http));
  registry.add(std::make_unique<debug::Echo>());
  registry.add(std::make_unique<debug::Fail>());
  stripe::register_stripe(registry, config.stripe, http);
  auth::register_auth(registry, config.auth, http);
  aws::register_aws(registry, config.aws, http);
  flexprice::register_flexprice(registry, config.flexprice, http);
  langfuse::register_langfuse(registry, config.langfuse, http);
  registry.add_in_store(events::emit_spec());
  for (auto& spec : runtime::record_activities()) registry.add_in_store(std::move(spec));
}

}  // namespace sequent::activities
