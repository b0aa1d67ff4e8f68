#pragma once
// The characters of jq's names, for what reads expressions without jq.

namespace sequent::expression {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_name(char c) {
  return is_name_start(c) || is_digit(c);
}

}  // namespace sequent::expression
