// YAML 1.2's core schema: what an unquoted scalar means. `yes`, `no`, `on`, `off` and 1.0.0 are text.
#include <charconv>

#include "engine/definition/raw_tree.hpp"

namespace sequent::definition {
namespace {

bool matches_number(std::string_view text, bool& integer) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  std::size_t count = digits();
  integer = true;
  if (at < text.size() && text[at] == '.') {
    integer = false;
    ++at;
    count += digits();
  }
  if (count == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    integer = false;
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

template <class Number>
std::optional<Number> number_of(std::string_view digits, int base) {
  Number out{};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

std::optional<Json> integer_of(std::string_view text, int base) {
  if (const auto value = number_of<std::int64_t>(text, base)) return Json(*value);
  if (const auto value = number_of<std::uint64_t>(text, base)) return Json(*value);
  return std::nullopt;
}

}  // namespace

CoreScalar core_scalar(std::string_view text) {
  using namespace std::string_view_literals;
  const auto one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
  };
  if (one_of({""sv, "~"sv, "null"sv, "Null"sv, "NULL"sv})) return {.value = nullptr};
  if (one_of({"true"sv, "True"sv, "TRUE"sv})) return {.value = true};
  if (one_of({"false"sv, "False"sv, "FALSE"sv})) return {.value = false};
  const std::string_view unsigned_text =
      text.starts_with('+') || text.starts_with('-') ? text.substr(1) : text;
  if (unsigned_text == ".inf"sv || unsigned_text == ".Inf"sv || unsigned_text == ".INF"sv ||
      one_of({".nan"sv, ".NaN"sv, ".NAN"sv})) {
    return {.value = std::string{text}, .representable = false};
  }
  for (const auto& [prefix, base] : {std::pair{"0o"sv, 8}, std::pair{"0x"sv, 16}}) {
    if (!text.starts_with(prefix) || text.size() == 2 || text[2] == '-') continue;
    if (const auto value = integer_of(text.substr(2), base)) return {.value = *value};
  }
  bool integer = false;
  if (!matches_number(text, integer)) return {.value = std::string{text}};
  if (text.starts_with('+')) text.remove_prefix(1);
  if (integer) {
    if (const auto value = integer_of(text, 10)) return {.value = *value};
  }
  double real = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), real);
  if (error != std::errc{} || end != text.data() + text.size())
    return {.value = std::string{text}, .representable = false};
  return {.value = real};
}

}  // namespace sequent::definition
