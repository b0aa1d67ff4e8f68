#pragma once
#include <string>
#include <string_view>

namespace sequent {

/// HMAC-SHA256 as 32 raw bytes; digest.hpp has it as text.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace sequent
