#pragma once
// Stripe's resources, one file each.
#include <memory>
#include <vector>

#include "activities/stripe/operation.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::stripe {

using Operations = std::vector<Operation>;

[[nodiscard]] Operations customers();
[[nodiscard]] Operations checkout_sessions();
[[nodiscard]] Operations invoices();
[[nodiscard]] Operations events();
[[nodiscard]] Operations refunds();
[[nodiscard]] Operations prices();
[[nodiscard]] Operations products();
[[nodiscard]] Operations payment_intents();

void register_stripe(runtime::ActivityRegistry& registry, const StripeConfig& config,
                     net::HttpClient& http);

}  // namespace sequent::activities::stripe
