#pragma once
// Cron expressions of `schedule.cron`, in UTC: minute hour day month weekday, or six fields with
// seconds first. Lists, ranges, steps, names (JAN, SUN); 7 is Sunday, as 0 is.
#include <array>
#include <bitset>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"

namespace sequent::definition {

class Cron {
 public:
  /// errors  invalid_definition: which field, what was expected, what came
  [[nodiscard]] static Result<Cron> parse(std::string_view text);

  /// The first time after `at` that matches; nothing when there is none (30 February). As in
  /// Vixie's cron a day matches by either field when both day and weekday are restricted.
  [[nodiscard]] std::optional<Timestamp> next_after(Timestamp at) const;

 private:
  struct Field;
  [[nodiscard]] bool matches_day(int year, unsigned month, unsigned day) const;

  std::bitset<60> seconds_, minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = true;  // the field begins with `*`
  bool any_weekday_ = true;
};

}  // namespace sequent::definition
