#pragma once
// Plays a scenario over HTTP in a world that other scenarios and people share.
#include <functional>

#include "cli/live_world.hpp"
#include "cli/scenario_files.hpp"

namespace sequent::cli {

struct LiveOutcome {
  std::optional<Error> failure;
  Json runs = Json::array();  // of the scenario, as the API lists them, oldest first
  DurationMs took_ms = 0;
};

/// Told of each step before it is made (`run` is null), and of each run that is new or has moved.
using OnLive = std::function<void(const std::string& step, const Json& run)>;

/// Deploys the workflows, lets the world come to rest, makes the steps, follows the runs of these
/// workflows that began since then until they have ended or are parked, and until the condition holds
/// on: answers; those runs; records that are new or changed; providers, with the objects and effects
/// that are new. `caller` makes idempotency keys of their own.
[[nodiscard]] LiveOutcome play_live(const LiveWorld& world, const Subject& subject,
                                    const crashtest::Scenario& scenario, const std::string& caller,
                                    const runtime::Clock& clock, const OnLive& tell);

}  // namespace sequent::cli
