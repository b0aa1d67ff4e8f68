#pragma once
// CloudEvents on their way to the runs that listen and the workflows that they start.
#include "engine/runtime/node.hpp"

namespace sequent::runtime {

/// errors  invalid_request: no CloudEvents 1.0 envelope; every missing attribute is a finding
[[nodiscard]] Result<void> check_envelope(const Json& event);

/// Stores (unless `stored_id` says it is), routes, starts what `schedule.on` asks for, and settles.
/// `reply` hears of it once all of that is durable. `hold_ms` 0 = as configured.
void route_event(const std::shared_ptr<Node>& node, Json event, std::int64_t stored_id,
                 const std::string& origin, Reply<Result<Delivered>> reply, DurationMs hold_ms = 0);

/// Routes a stored event to the runs that wait now, though it was routed before.
void route_again(const std::shared_ptr<Node>& node, Json event, std::int64_t stored_id,
                 Reply<Result<Delivered>> reply);

/// The same for an event that is in the store and whose outcome nobody waits for.
void route_stored(const std::shared_ptr<Node>& node, Json event, std::int64_t stored_id,
                  const std::string& origin);

}  // namespace sequent::runtime
