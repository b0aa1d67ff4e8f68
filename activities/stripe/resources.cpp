#include "activities/stripe/resources.hpp"

namespace sequent::activities::stripe {

Operations all_operations() {
  Operations all;
  for (auto resource :
       {tokens, accounts, account_links, customers, products, prices, checkout_sessions,
        billing_portal, subscriptions, subscription_items, invoices, invoice_payments, meters,
        meter_events, meter_event_adjustments, payment_intents, refunds, events})
    for (Operation& operation : resource()) all.push_back(std::move(operation));
  return all;
}

void register_stripe(runtime::ActivityRegistry& registry, const StripeConfig& config,
                     net::HttpClient& http) {
  const auto client = std::make_shared<Client>(config, http);
  // Written down once for a process: reading a hundred schemas costs more than a short run.
  static const Operations operations = all_operations();
  for (Operation operation : operations) {
    operation.spec.timeout_ms = config.timeout_ms;
    registry.add(std::make_unique<StripeActivity>(std::move(operation), client));
  }
}

}  // namespace sequent::activities::stripe
