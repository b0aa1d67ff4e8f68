#pragma once
// Words for messages.
#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sequent::schema {

/// Unicode code points, as `minLength` and `maxLength` count them.
[[nodiscard]] std::size_t code_points(std::string_view utf8);
/// At most `limit` code points, with an ellipsis where something was cut.
[[nodiscard]] std::string shortened(std::string_view utf8, std::size_t limit = 60);
/// A value as JSON text, shortened.
[[nodiscard]] std::string literal(const Json& value);
/// A value with its kind: `string "12"`, `array of 3 items`.
[[nodiscard]] std::string described(const Json& value);

}  // namespace sequent::schema
