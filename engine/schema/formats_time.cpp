#include <optional>

#include "engine/schema/characters.hpp"
#include "engine/schema/formats.hpp"

namespace sequent::schema {

namespace {

// Exactly `count` digits from `at`, or nothing.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

int days_of(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

// "Z" or "+01:30", in minutes east of UTC.
std::optional<int> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = number_at(text, 1, 2);
  const auto minutes = number_at(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const int total = *hours * 60 + *minutes;
  return text[0] == '-' ? -total : total;
}

// Takes "<digits><unit>" for each unit that stands next, in order and without a gap between two.
bool take_units(std::string_view& text, std::string_view units) {
  bool any = false;
  std::size_t next = 0;
  while (!text.empty() && is_digit(text.front())) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits == text.size()) return false;
    const auto unit = units.find(text[digits], next);
    if (unit == std::string_view::npos || (any && unit != next)) return false;
    next = unit + 1;
    any = true;
    text.remove_prefix(digits + 1);
  }
  return any;
}

}  // namespace

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = number_at(text, 0, 4);
  const auto month = number_at(text, 5, 2);
  const auto day = number_at(text, 8, 2);
  if (!year || !month || !day || *month < 1 || *month > 12) return false;
  return *day >= 1 && *day <= days_of(*year, *month);
}

bool is_time(std::string_view text) {
  if (text.size() < 9 || text[2] != ':' || text[5] != ':') return false;
  const auto hour = number_at(text, 0, 2);
  const auto minute = number_at(text, 3, 2);
  const auto second = number_at(text, 6, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return false;
  std::size_t at = 8;
  if (text[at] == '.') {
    const std::size_t start = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == start) return false;
  }
  const auto offset = offset_of(text.substr(at));
  if (!offset) return false;
  if (*second < 60) return true;
  // A leap second happens at 23:59:60 UTC, wherever the clock stands.
  const int utc = (*hour * 60 + *minute - *offset + 2 * 24 * 60) % (24 * 60);
  return utc == 23 * 60 + 59;
}

bool is_date_time(std::string_view text) {
  return text.size() > 11 && (text[10] == 'T' || text[10] == 't') && is_date(text.substr(0, 10)) &&
         is_time(text.substr(11));
}

bool is_duration(std::string_view text) {
  if (!text.starts_with('P')) return false;
  text.remove_prefix(1);
  if (auto weeks = text; take_units(weeks, "W") && weeks.empty()) return true;
  const bool has_date = take_units(text, "YMD");
  if (!has_date && !text.empty() && is_digit(text.front())) return false;
  if (text.empty()) return has_date;
  if (text.front() != 'T') return false;
  text.remove_prefix(1);
  return take_units(text, "HMS") && text.empty();
}

}  // namespace sequent::schema
