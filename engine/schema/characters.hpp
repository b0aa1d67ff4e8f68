#pragma once
// ASCII classes that no locale changes.
#include <algorithm>
#include <string_view>

namespace sequent::schema {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_ascii(char c) {
  return (c & 0x80) == 0;
}

/// A percent sign with its two hexadecimal digits stands at `at`.
constexpr bool is_percent_escape(std::string_view text, std::size_t at) {
  return text[at] == '%' && at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2]);
}

}  // namespace sequent::schema
