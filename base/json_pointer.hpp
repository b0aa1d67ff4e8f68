#pragma once
// Member names inside JSON Pointers (RFC 6901).
#include <string>
#include <string_view>

namespace sequent {

/// One member name as a segment of a JSON Pointer: "a/b~c" -> "a~1b~0c".
[[nodiscard]] std::string pointer_segment(std::string_view name);

/// The other way round.
[[nodiscard]] std::string name_of_segment(std::string_view segment);

}  // namespace sequent
