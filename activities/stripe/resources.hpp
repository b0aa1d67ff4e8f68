#pragma once
// Stripe's resources, one file each.
#include <memory>
#include <vector>

#include "activities/stripe/operation.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::stripe {

using Operations = std::vector<Operation>;

[[nodiscard]] Operations tokens();
[[nodiscard]] Operations accounts();
[[nodiscard]] Operations account_links();
[[nodiscard]] Operations customers();
[[nodiscard]] Operations products();
[[nodiscard]] Operations prices();
[[nodiscard]] Operations checkout_sessions();
[[nodiscard]] Operations billing_portal();
[[nodiscard]] Operations subscriptions();
[[nodiscard]] Operations subscription_items();
[[nodiscard]] Operations invoices();
[[nodiscard]] Operations invoice_payments();
[[nodiscard]] Operations meters();
[[nodiscard]] Operations meter_events();
[[nodiscard]] Operations meter_event_adjustments();
[[nodiscard]] Operations payment_intents();
[[nodiscard]] Operations refunds();
[[nodiscard]] Operations events();
/// All of the above.
[[nodiscard]] Operations all_operations();

void register_stripe(runtime::ActivityRegistry& registry, const StripeConfig& config,
                     net::HttpClient& http);

}  // namespace sequent::activities::stripe
