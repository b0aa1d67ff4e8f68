#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sequent {

/// SHA-256 as 32 raw bytes.
[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::string_view bytes);

/// SHA-256 as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

/// HMAC-SHA256 as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

/// RFC 4648 base64 with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// The bytes of RFC 4648 base64 with padding and nothing else in it; nothing when it is no base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// Compares in time that depends on the lengths alone.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace sequent
