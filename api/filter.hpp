#pragma once
// The one typed filter of lists, searches and aggregates: from a query string or a JSON object.
#include "api/request.hpp"
#include "engine/runtime/queries.hpp"

namespace sequent::api {

/// shape  {status?: text | [text], namespace?, name?, workflow?, version?, key?, task?, waiting?,
///         provider?, operation?, errorType?, errorStatus?, attributes?: {name: scalar},
///         startedAfter?, startedBefore?, updatedAfter?, updatedBefore?, parent?, text?,
///         where?: as runtime/where.hpp reads it, beside the others}
/// `now`: what times in `where` count from
[[nodiscard]] runtime::RunFilter filter_from(const Json& json, Faults& faults,
                                             const std::string& pointer, Timestamp now);

/// The same members as query parameters; `attribute.x` for attributes.
/// errors  invalid_request
[[nodiscard]] Result<runtime::RunFilter> filter_from_query(const std::string& query, Timestamp now);

}  // namespace sequent::api
