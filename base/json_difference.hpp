#pragma once
#include "base/json.hpp"

namespace sequent {

/// An RFC 6902 patch that turns one value into the other. `was`, which patches ignore, is what an
/// operation replaces or removes; absent when there are more than 1,000 operations.
[[nodiscard]] Json json_difference(const Json& before, const Json& after);

}  // namespace sequent
