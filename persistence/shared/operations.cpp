#include "persistence/shared/operations.hpp"

namespace sequent::persistence::shared {
namespace {

constexpr std::pair<ErrorCode, std::string_view> error_names[] = {
    {ErrorCode::conflict, "conflict"},
    {ErrorCode::not_found, "not_found"},
    {ErrorCode::invalid_request, "invalid_request"},
    {ErrorCode::too_large, "too_large"},
};

}  // namespace

std::string_view operation_error_name(ErrorCode code) {
  for (const auto& [known, name] : error_names)
    if (known == code) return name;
  SEQUENT_ASSERT(false);  // record operations answer with these errors only
  return {};
}

ErrorCode operation_error_code(std::string_view name) {
  for (const auto& [code, known] : error_names)
    if (known == name) return code;
  SEQUENT_ASSERT(false);  // the schema checks the names
  return ErrorCode::internal;
}

}  // namespace sequent::persistence::shared
