#pragma once
// What is told in order, not left to the weather.
#include "tests/chaos/checks.hpp"

namespace sequent::chaos {

/// The database is restored to a moment when calls were under way; the nodes take up what was open then.
void tell_of_a_restore(World& world, Summary& summary);
/// The releases to come (next_release.cmake). `next` adds to the schema, and this release may go on with
/// that; `after_next` removes something, so that only `next` may.
struct Releases {
  std::string next, after_next;
};
/// Nodes are upgraded one by one under load.
void tell_of_an_upgrade(World& world, const Releases& releases, Summary& summary);

}  // namespace sequent::chaos
