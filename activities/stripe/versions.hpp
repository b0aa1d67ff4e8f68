#pragma once
// Where Stripe's API versions differ in what the workflows use. Workflows are written for one
// layout, the newest spelling in and the members below out, whatever version is configured.
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sequent::activities::stripe {

/// Checkout's ui_mode in the words of `api_version`: since 2026-03-25 hosted_page, embedded_page and
/// elements, before hosted, embedded and custom. Other words pass through.
[[nodiscard]] std::string ui_mode_for(std::string_view api_version, std::string_view ui_mode);

/// Whether this version's invoices name their payments instead of one payment intent.
[[nodiscard]] bool has_invoice_payments(std::string_view api_version);

/// Makes an object of either layout readable in one way. Nothing is removed; lists and events are
/// done inside, and an invoice inside a subscription.
/// shape   invoice: `subscription` also where only parent.subscription_details.subscription is
///         given, and the other way round (since 2025-03-31); `paid` from the status;
///         `payment_intent` of its payments (since 2025-03-31), null where they are not expanded;
///         lines: pricing.price_details also where only `price` is given (before 2025-03-31)
///         payment_intent: `latest_charge` also where only `charges` is given (before 2022-11-15)
///         subscription: current_period_start and _end also where only its items have them (since
///         2025-03-31), taken from the first item; and on the items where only it has them
///         billing.meter_event: `duplicate`, false
[[nodiscard]] Json normalised(Json object);

}  // namespace sequent::activities::stripe
