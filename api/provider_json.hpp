#pragma once
// A provider's health for people and programs, and the chain of what a run waits for.
#include "api/context.hpp"

namespace sequent::api {

[[nodiscard]] Json provider_json(const runtime::ProviderView& view);

/// Adds to a run's JSON why it stands still: `why`, one sentence with the whole chain, and `chain`,
/// its links: the run itself, the child that it awaits, the provider that the child is parked on.
/// Nothing is added to a run that waits for nothing.
asio::awaitable<void> add_why(Context& context, const runtime::RunDetails& run, Json& json);

}  // namespace sequent::api
