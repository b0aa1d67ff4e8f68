#pragma once
// Where a run stands, for callers who waited for its outcome in vain.
#include "api/context.hpp"

namespace sequent::api {

/// Sets `status` and `waitingFor` of what a caller is told of a run. One that ends at this very moment
/// is left as the wait found it.
asio::awaitable<void> add_standing(Context& context, InstanceId id, Json& told);

}  // namespace sequent::api
