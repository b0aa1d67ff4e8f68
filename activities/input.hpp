#pragma once
#include <optional>

#include "engine/definition/activity_spec.hpp"
#include "engine/machine/problem.hpp"

namespace sequent::activities {

/// The permanent validation problem of an input that breaks its activity's schema, with every place
/// and what was expected there; nothing when it is valid.
[[nodiscard]] std::optional<machine::Failure> refused_input(const definition::ActivitySpec& spec,
                                                            const Json& input);

}  // namespace sequent::activities
