#pragma once
// The members that a request set against what the object has now.
#include "reconciliation/kinds.hpp"

namespace sequent::reconciliation {

struct Difference {
  std::string field;  // "address.city"
  Json sent, has;
};

/// What the API shows in the place of sensitive data; it can't be compared.
constexpr std::string_view hidden = "[redacted]";

/// `sent` holds comparable() members, those of later changes over those of the creation. A member
/// that the object does not have is not compared: some versions of Stripe's API lack some.
[[nodiscard]] std::vector<Difference> differences(const Kind& kind, const Json& sent,
                                                  const Json& object);

/// Lays an update's members over what was sent before: metadata by key, all else as a whole.
void lay_over(Json& sent, const Json& update);

}  // namespace sequent::reconciliation
