#include "base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>

namespace sequent {
namespace {

constexpr DurationMs second_ms = 1000;
constexpr DurationMs minute_ms = 60 * second_ms;
constexpr DurationMs hour_ms = 60 * minute_ms;
constexpr DurationMs day_ms = 24 * hour_ms;
constexpr DurationMs week_ms = 7 * day_ms;

// Reads fixed and open runs of digits from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool at_digit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  bool skip(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  std::optional<int> fixed(int digits) {
    int value = 0;
    for (int i = 0; i < digits; ++i) {
      if (!at_digit()) return std::nullopt;
      value = value * 10 + (take() - '0');
    }
    return value;
  }
  /// Nothing when there is no digit or the number is past int64.
  std::optional<std::int64_t> number() {
    if (!at_digit()) return std::nullopt;
    std::int64_t value = 0;
    while (at_digit()) {
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, take() - '0', &value))
        return std::nullopt;
    }
    return value;
  }
  /// Digits after a decimal sign as billionths; finer ones are dropped.
  std::optional<std::int64_t> billionths() {
    if (!at_digit()) return std::nullopt;
    std::int64_t value = 0;
    std::int64_t weight = 100'000'000;
    for (; at_digit(); weight /= 10) value += (take() - '0') * weight;
    return value;
  }

 private:
  std::string_view rest_;
};

// "Z" or "+02:00" as milliseconds east of UTC.
std::optional<DurationMs> parse_offset(Scanner& scan) {
  if (scan.skip("Zz")) return 0;
  const bool west = scan.skip("-");
  if (!west && !scan.skip("+")) return std::nullopt;
  const auto hours = scan.fixed(2);
  if (!hours || *hours > 23 || !scan.skip(":")) return std::nullopt;
  const auto minutes = scan.fixed(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const DurationMs offset = *hours * hour_ms + *minutes * minute_ms;
  return west ? -offset : offset;
}

std::optional<std::int64_t> parse_day(Scanner& scan) {
  const auto year = scan.fixed(4);
  if (!year || !scan.skip("-")) return std::nullopt;
  const auto month = scan.fixed(2);
  if (!month || !scan.skip("-")) return std::nullopt;
  const auto day = scan.fixed(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

std::optional<DurationMs> parse_clock(Scanner& scan) {
  const auto hour = scan.fixed(2);
  if (!hour || *hour > 23 || !scan.skip(":")) return std::nullopt;
  const auto minute = scan.fixed(2);
  if (!minute || *minute > 59 || !scan.skip(":")) return std::nullopt;
  const auto second = scan.fixed(2);
  if (!second || *second > 60) return std::nullopt;  // 60: a leap second, taken as the next one
  DurationMs clock = *hour * hour_ms + *minute * minute_ms + *second * second_ms;
  if (scan.skip(".")) {
    const auto fraction = scan.billionths();
    if (!fraction) return std::nullopt;
    clock += *fraction / 1'000'000;
  }
  return clock;
}

struct Unit {
  char letter;
  bool of_clock;  // after the T
  DurationMs ms;
};
constexpr Unit units[] = {{'W', false, week_ms},
                          {'D', false, day_ms},
                          {'H', true, hour_ms},
                          {'M', true, minute_ms},
                          {'S', true, second_ms}};

const Unit* find_unit(char letter, bool of_clock) {
  for (const Unit& unit : units)
    if (unit.letter == letter && unit.of_clock == of_clock) return &unit;
  return nullptr;
}

std::string two_units(std::int64_t big, const char* big_name, std::int64_t small,
                      const char* small_name, bool pad = false) {
  std::string text = std::to_string(big) + " " + big_name;
  if (small == 0) return text;
  text += pad && small < 10 ? " 0" : " ";
  return text + std::to_string(small) + " " + small_name;
}

}  // namespace

std::string format_time(Timestamp at) {
  // RFC 3339 has four digits for the year; what lies outside is shown as the nearest such time.
  constexpr Timestamp first = -62'167'219'200'000;  // 0000-01-01T00:00:00.000Z
  constexpr Timestamp last = 253'402'300'799'999;   // 9999-12-31T23:59:59.999Z
  const std::chrono::milliseconds since{std::clamp(at, first, last)};
  const auto days = std::chrono::floor<std::chrono::days>(since);
  const std::chrono::year_month_day date{std::chrono::sys_days{days}};
  const auto clock = static_cast<int>((since - days).count());
  char text[64];
  const int length = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock / 3'600'000,
      clock / 60'000 % 60, clock / 1000 % 60, clock % 1000);
  return {text, static_cast<std::size_t>(length)};
}

std::optional<Timestamp> parse_time(std::string_view text) {
  Scanner scan{text};
  const auto day = parse_day(scan);
  if (!day || !scan.skip("Tt ")) return std::nullopt;
  const auto clock = parse_clock(scan);
  if (!clock) return std::nullopt;
  const auto offset = parse_offset(scan);
  if (!offset || !scan.at_end()) return std::nullopt;
  return *day * day_ms + *clock - *offset;
}

std::optional<DurationMs> parse_duration(std::string_view text) {
  Scanner scan{text};
  if (!scan.skip("P")) return std::nullopt;
  DurationMs total = 0;
  DurationMs previous_unit = std::numeric_limits<DurationMs>::max();
  bool in_clock = false;
  bool any = false;
  bool fraction_seen = false;
  while (!scan.at_end()) {
    if (!in_clock && scan.skip("T")) {
      in_clock = true;
      any = false;  // a T needs at least one unit behind it
      continue;
    }
    if (fraction_seen) return std::nullopt;  // ISO 8601: only the last unit has a fraction
    const auto whole = scan.number();
    if (!whole) return std::nullopt;
    std::int64_t fraction = 0;
    if (scan.skip(".,")) {
      const auto digits = scan.billionths();
      if (!digits) return std::nullopt;
      fraction = *digits;
      fraction_seen = true;
    }
    if (scan.at_end()) return std::nullopt;
    const Unit* unit = find_unit(scan.take(), in_clock);
    if (unit == nullptr || unit->ms >= previous_unit) return std::nullopt;  // W D H M S, in order
    previous_unit = unit->ms;
    DurationMs part = 0;
    if (__builtin_mul_overflow(*whole, unit->ms, &part) ||
        __builtin_add_overflow(part, fraction * (unit->ms / 1000) / 1'000'000, &part) ||
        __builtin_add_overflow(total, part, &total))
      return std::nullopt;
    any = true;
  }
  if (!any) return std::nullopt;
  return total;
}

std::string format_duration(DurationMs duration) {
  if (duration < 0) {
    // The most negative number has no positive twin.
    const DurationMs size = std::max(duration, -std::numeric_limits<DurationMs>::max());
    return "-" + format_duration(-size);
  }
  if (duration < second_ms) return std::to_string(duration) + " ms";
  if (duration < minute_ms) {
    const auto tenths = duration % second_ms / 100;
    const std::string seconds = std::to_string(duration / second_ms);
    return tenths == 0 ? seconds + " s" : seconds + "." + std::to_string(tenths) + " s";
  }
  if (duration < hour_ms)
    return two_units(duration / minute_ms, "min", duration % minute_ms / second_ms, "s", true);
  if (duration < day_ms)
    return two_units(duration / hour_ms, "h", duration % hour_ms / minute_ms, "min");
  return two_units(duration / day_ms, "d", duration % day_ms / hour_ms, "h");
}

}  // namespace sequent
