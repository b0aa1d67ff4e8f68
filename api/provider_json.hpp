#pragma once
// A provider's health for people and programs, and the chain of what a run waits for.
#include "api/context.hpp"

namespace sequent::api {

[[nodiscard]] Json provider_json(const runtime::ProviderView& view);
/// "open since 14:02:10Z (5 calls failed in a row), next canary in 12 s".
[[nodiscard]] std::string provider_text(const runtime::ProviderView& view, Timestamp now);

/// Adds to a run's JSON why it stands still: `why`, one sentence with the whole chain, and `chain`,
/// its links: the run itself, the child that it awaits, the provider that the child is parked on.
/// Nothing is added to a run that waits for nothing.
asio::awaitable<void> add_why(Context& context, const runtime::RunDetails& run, Json& json);

}  // namespace sequent::api
