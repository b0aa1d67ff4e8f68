#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

void register_stripe(runtime::ActivityRegistry& registry, const StripeConfig& config,
                     net::HttpClient& http) {
  const auto client = std::make_shared<Client>(config, http);
  for (auto resource : {customers, checkout_sessions, invoices, events, refunds, prices, products,
                        payment_intents}) {
    for (Operation& operation : resource()) {
      operation.spec.timeout_ms = config.timeout_ms;
      registry.add(std::make_unique<StripeActivity>(std::move(operation), client));
    }
  }
}

}  // namespace sequent::activities::stripe
