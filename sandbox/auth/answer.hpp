#pragma once
// How the auth service words what it answers.
#include <optional>
#include <string>

#include "base/json.hpp"
#include "sandbox/stand_in.hpp"

namespace sequent::sandbox::auth {

[[nodiscard]] Reply answer(int status, const Json& body);
/// In the shape of the service's framework: {statusCode, error, message}.
[[nodiscard]] Reply refusal(int status, const std::string& error, const std::string& message);
/// Nothing: the text is no whole number.
[[nodiscard]] std::optional<std::int64_t> integer_of(const std::string& text);

}  // namespace sequent::sandbox::auth
