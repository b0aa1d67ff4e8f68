#pragma once
// Stripe's form encoding: application/x-www-form-urlencoded with a[b][0][c]=value nesting.
#include "base/json.hpp"

namespace sequent::sandbox {

/// Decodes to objects and strings only: `a[0]=x` and `a[]=x` both give {"a": {"0": "x"}}, because
/// only a parameter's type tells a list from a map whose keys happen to be numbers.
/// errors  invalid_request: unbalanced brackets, one name used as value and as group, too deep,
///         too many parameters
[[nodiscard]] Result<Json> decode_form(std::string_view text);

/// Members of a group with the keys 0, 1, 2 …, in the order of their numbers; nothing when some key is no number.
[[nodiscard]] std::optional<std::vector<Json>> numbered_members(const Json& group);

/// Turns every numbered group into an array: for values whose type is not known.
[[nodiscard]] Json with_arrays(const Json& tree);

}  // namespace sequent::sandbox
