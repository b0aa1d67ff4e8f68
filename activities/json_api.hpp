#pragma once
// What activities of JSON APIs share: paths with members of the input in them, queries, answers.
#include <string>
#include <vector>

#include "activities/outcomes.hpp"
#include "base/json.hpp"

namespace sequent::activities {

/// "/plans/{plan_id}" with the input's `plan_id` in it, percent-encoded; the member is taken out.
/// The schema of the input has made sure that it is there.
[[nodiscard]] std::string fill_path(const std::string& path, Json& input);

/// "?limit=3&tags=a&tags=b": numbers and flags as JSON spells them, lists repeated, nulls left out.
/// Empty without members.
[[nodiscard]] std::string query_of(const Json& members);

/// Takes out the members that are null: an author's expression found nothing there.
void drop_nulls(Json& object);

/// An answer that is no JSON: a proxy spoke instead of the provider.
/// errors  transient where repeating is harmless, else unknown
[[nodiscard]] Failure foreign_answer(std::string_view provider, const std::string& asked,
                                     const net::ClientResponse& response, Repeat repeat,
                                     Timestamp now);

/// A request that can't be made because something is not configured: permanent.
[[nodiscard]] Failure not_configured(std::string_view provider, std::string detail);

}  // namespace sequent::activities
