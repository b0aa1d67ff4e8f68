#pragma once
// Metered usage: what was reported, what of it counts, and what turned out to be wrong later.
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {

// meters.cpp
Answer<Json> create_meter(const Call& call);
Answer<Json> update_meter(const Call& call);
Answer<Json> deactivate_meter(const Call& call);
Answer<Json> reactivate_meter(const Call& call);

// meter_events.cpp
/// 200 means accepted: what no meter, customer or value can be found for is told of later, in one
/// report for each meter.
/// errors  an identifier of the last 24 hours; a timestamp out of bounds
Answer<Json> create_meter_event(const Call& call);
/// errors  no such event; one that was received more than 24 hours ago
Answer<Json> create_meter_event_adjustment(const Call& call);
/// Tells of the wrong events since the last report: v1.billing.meter.error_report_triggered, or
/// v1.billing.meter.no_meter_found when `meter` is empty.
void report_usage_errors(Scene& scene, const std::string& meter);

// usage.cpp
/// Summaries lag behind by as much as this.
inline constexpr DurationMs usage_lag_ms = 1'000;
/// Whether the text is a number that usage is counted in: empty if so, else the reason's code.
[[nodiscard]] std::string wrong_usage_value(const std::string& value);
/// One summary, or one for each window, of the times that have usage.
Answer<Json> list_event_summaries(const Call& call);
/// All usage at once, without the lag.
/// shape  {account or "platform": {event_name: {meter, formula, status, value, events, rejected,
///         canceled, customers: [{customer, value, events}]}}}
[[nodiscard]] Json usage_of(const World& world);

}  // namespace sequent::sandbox::stripe
