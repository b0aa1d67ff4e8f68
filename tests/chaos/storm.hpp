#pragma once
// Carries the weather out, and mends everything at its end.
#include "tests/chaos/load.hpp"
#include "tests/chaos/weather.hpp"
#include "tests/chaos/zombie.hpp"

namespace sequent::chaos {

/// A node that was killed while the database was well.
struct Death {
  std::string writer;
  Timestamp at = 0;
};

struct StormReport {
  std::map<Step::Kind, int> carried_out;
  std::vector<Death> deaths;
  std::vector<int> visits_under_way;  // at each kill of the database
  std::optional<Zombie::Report> zombie;
  // Who died by itself, or what could not be carried out: the storm stops then.
  std::string failure;
};

/// Carries out every step. One that must wait (a fail-over for its standby, a kill of the database for
/// the database) puts off all that follow. Returns when the weather is over and the load begins no more
/// visits; all is mended then.
/// watch_zombie  the node that is frozen has calls under way then (zombie.hpp): the only one, amid calm
[[nodiscard]] StormReport weather_the_storm(World& world, Load& load,
                                            const std::vector<Step>& steps, DurationMs length,
                                            bool watch_zombie = false);

}  // namespace sequent::chaos
