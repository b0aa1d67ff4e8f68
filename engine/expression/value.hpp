#pragma once
// Json <-> jv.
#include <cstddef>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "engine/expression/libjq.hpp"

namespace sequent::expression {

inline constexpr int max_value_depth = 1'000;

/// jq's numbers are doubles: integers beyond 2^53 lose their last digits.
/// errors  expression: nested deeper than `max_value_depth`
[[nodiscard]] Result<jv> to_jv(const Json& value);

/// Borrows `value`.
/// errors  expression: more than `max_bytes` as JSON, or nested deeper than `max_value_depth`
[[nodiscard]] Result<Json> from_jv(jv value, std::size_t max_bytes);

/// The number that JSON has for it: an integer where it is whole and within 2^53, null for NaN, the
/// largest double for infinity (as jq prints them).
[[nodiscard]] Json from_number(double number);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace sequent::expression
