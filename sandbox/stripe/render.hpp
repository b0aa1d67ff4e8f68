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
/// before 2024-04-10  products call their marketing_features features
/// before 2025-03-31  invoices carry subscription, payment_intent, charge, paid themselves, and their
///                    lines the price; subscriptions carry the period, and their items do not
/// before 2026-03-25  ui_mode is hosted, embedded or custom
[[nodiscard]] Json render(const Json& object, const std::string& version);

/// `previous_attributes` of an event about `object`, in the same layout.
[[nodiscard]] Json render_previous(const Json& object, const Json& previous,
                                   const std::string& version);

/// Replaces ids by the objects they name along `paths` ("data.customer", "line_items"), and adds
/// what is only there on demand (line_items, payments, confirmation_secret).
/// errors  a path that is too deep or names nothing that can be expanded
[[nodiscard]] Answer<Json> expand(Account& account, Json rendered, const Json& paths,
                                  const std::string& version);

}  // namespace sequent::sandbox::stripe
