#pragma once
// Objects as a client of some API version sees them.
#include "sandbox/stripe/errors.hpp"
#include "sandbox/stripe/world.hpp"

namespace sequent::sandbox::stripe {

/// "2026-07-29.dahlia" or "2023-08-16".
[[nodiscard]] bool is_version(const std::string& text);
/// Versions order by their date.
[[nodiscard]] bool before(const std::string& version, std::string_view date);

/// Without private members, in the layout of `version`:
/// before 2025-03-31  invoices also carry subscription, payment_intent, charge, paid; subscriptions
///                    carry the period themselves
/// before 2026-03-25  ui_mode is hosted, embedded or custom
[[nodiscard]] Json render(const Json& object, const std::string& version);

/// Replaces ids by the objects they name along `paths` ("data.customer", "line_items").
/// errors  a path that is too deep or names nothing that can be expanded
[[nodiscard]] Answer<Json> expand(Account& account, Json rendered, const Json& paths,
                                  const std::string& version);

}  // namespace sequent::sandbox::stripe
