#pragma once
// What activities make at Stripe and Stripe can list: which calls make, change and delete it, where
// it stands, and which of its members a request sets that stay as they were set.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace sequent::reconciliation {

/// How a member of a request compares with the object's member of the same name.
enum class Compared : std::uint8_t {
  as_is,  // scalars as text, objects by the members sent, lists item by item, ids of what is expanded
  any_case,   // currencies and countries
  decimal,    // numbers in text
  metadata,   // by the keys sent; "" = absent
  sub_items,  // a subscription's items: prices with quantities, in any order
};

struct Field {
  std::string_view name;
  Compared how = Compared::as_is;
};

struct Kind {
  std::string_view name;       // Stripe's `object`
  std::string_view creates;    // activity
  std::string_view updates;    // "" = none
  std::string_view deletes;    // "" = none
  std::string_view id_member;  // of an update's or deletion's input
  std::string_view path;       // of the list; an object stands below it
  bool platform_only = false;  // `account` is the object itself, not where it lives
  std::vector<Field> fields;
  std::vector<std::string_view> besides;  // members that name what Stripe makes together with it
};

[[nodiscard]] std::span<const Kind> kinds();
/// Null for an activity that makes nothing that Stripe lists.
[[nodiscard]] const Kind* made_by(std::string_view activity);
[[nodiscard]] const Kind* updated_by(std::string_view activity);
[[nodiscard]] const Kind* deleted_by(std::string_view activity);
/// Makes something at Stripe that no list of an account has: usage events, tokens, links, portal
/// sessions, items of a subscription.
[[nodiscard]] bool is_unlisted(std::string_view activity);

/// The members of a request that are compared; nothing else of it is kept.
[[nodiscard]] Json comparable(const Kind& kind, const Json& input);

}  // namespace sequent::reconciliation
