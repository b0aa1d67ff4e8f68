#pragma once
#include "api/triggers.hpp"
#include "base/json.hpp"

namespace sequent::api {

/// OpenAPI 3.1 of the table of routes, and of the routes that `bound` workflows document.
[[nodiscard]] Json openapi_document(const std::vector<Binding>& bound);
/// components/schemas
[[nodiscard]] Json openapi_schemas();

}  // namespace sequent::api
