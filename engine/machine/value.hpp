#pragma once
// Data that flows between tasks: immutable and shared, so that handing it on costs no copy.
#include <memory>

#include "base/json.hpp"

namespace sequent::machine {

using Value = std::shared_ptr<const Json>;

[[nodiscard]] inline Value make_value(Json json) {
  return std::make_shared<const Json>(std::move(json));
}
[[nodiscard]] inline const Value& null_value() {
  static const Value value = std::make_shared<const Json>(nullptr);
  return value;
}

/// About how many bytes a value takes as JSON.
[[nodiscard]] std::size_t size_of(const Json& value);
/// Whether it takes more than `limit`; stops counting there.
[[nodiscard]] bool larger_than(const Json& value, std::size_t limit);

}  // namespace sequent::machine
