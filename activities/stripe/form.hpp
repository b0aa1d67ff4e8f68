#pragma once
#include <string>

#include "base/json.hpp"

namespace sequent::activities::stripe {

/// Parameters as Stripe's v1 API takes them, in a body or a query: objects nest as a[b][c]=, lists
/// are indexed, null and "" unset a field, empty lists and objects are left out. Brackets stay raw.
/// source  docs.stripe.com/api; agrees with the official encoder's vectors
[[nodiscard]] std::string encode_form(const Json& parameters);

}  // namespace sequent::activities::stripe
