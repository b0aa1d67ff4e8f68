#pragma once
// The few small pages of the API itself.
#include "api/context.hpp"

namespace sequent::api {

[[nodiscard]] std::string escaped(std::string_view text);
[[nodiscard]] Answer html_answer(std::string_view title, const std::string& body);

}  // namespace sequent::api
