#pragma once
// How activities write down their specifications.
#include <string_view>

#include "base/json.hpp"
#include "engine/definition/activity_spec.hpp"

namespace sequent::activities {

/// JSON written in the source. Text that is no JSON is our own bug and stops the process.
[[nodiscard]] Json literal(std::string_view text);

/// Compiles `input_schema` into `spec.input`. A schema that is none is our own bug.
[[nodiscard]] definition::ActivitySpec compiled(definition::ActivitySpec spec);

}  // namespace sequent::activities
