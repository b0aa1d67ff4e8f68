#pragma once
#include "base/error.hpp"
#include "base/json.hpp"

namespace sequent::api {

/// A Stripe event as a CloudEvent: type "com.stripe.<type>", source "stripe" or "stripe/<account>",
/// subject the id of its object, data the event's `data`. Thin events (API v2) carry no object: their
/// data is `{related_object, …}` and the extension `stripethin` is true, so that no reader takes them
/// for a state.
/// errors  invalid_request: not an event of Stripe; every missing part is named
[[nodiscard]] Result<Json> cloud_event_of_stripe(const Json& event);

}  // namespace sequent::api
