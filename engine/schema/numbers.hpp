#pragma once
// Values compared as JSON Schema compares them: 1 and 1.0 are the same number, and no precision is
// lost between integers of 64 bits and doubles.
#include <compare>

#include "base/json.hpp"

namespace sequent::schema {

/// A whole number, however it is written: 1, 1.0, 1e3.
[[nodiscard]] bool is_integer(const Json& value);
[[nodiscard]] std::strong_ordering compare_numbers(const Json& left, const Json& right);
/// Exact in decimals: 0.0075 is a multiple of 0.0001. `divisor` is above zero.
[[nodiscard]] bool is_multiple(const Json& value, const Json& divisor);

/// A total order over all values, in which equal means equal to JSON Schema.
[[nodiscard]] std::strong_ordering compare(const Json& left, const Json& right);
[[nodiscard]] inline bool same(const Json& left, const Json& right) {
  return compare(left, right) == std::strong_ordering::equal;
}

}  // namespace sequent::schema
