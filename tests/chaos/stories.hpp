#pragma once
// What is told in order, not left to the weather.
#include "tests/chaos/checks.hpp"

namespace sequent::chaos {

/// The database is restored to a moment when calls were under way; the nodes take up what was open then.
void tell_of_a_restore(World& world, Summary& summary);
/// The next release has migrated the schema while nodes of this one serve and are started again.
void tell_of_an_upgrade(World& world, Summary& summary);

}  // namespace sequent::chaos
