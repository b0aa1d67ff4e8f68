#pragma once
// Langfuse's resources, one file each.
#include "activities/langfuse/ingestion.hpp"
#include "activities/langfuse/operation.hpp"

namespace sequent::activities::langfuse {

[[nodiscard]] Operations otel();
[[nodiscard]] Operations traces();
[[nodiscard]] Operations observations();

void register_langfuse(runtime::ActivityRegistry& registry, const LangfuseConfig& config,
                       net::HttpClient& http);

}  // namespace sequent::activities::langfuse
