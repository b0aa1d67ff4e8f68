#include "engine/definition/cron.hpp"

#include <chrono>

namespace sequent::definition {
namespace {

constexpr std::array<std::string_view, 12> month_names = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> day_names = {"SUN", "MON", "TUE", "WED",
                                                       "THU", "FRI", "SAT"};

struct FieldRule {
  std::string_view name;
  int least;
  int most;
  std::span<const std::string_view> names;
  int first_name;  // the number of names[0]
};

constexpr FieldRule rules[] = {
    {"second", 0, 59, {}, 0},         {"minute", 0, 59, {}, 0},
    {"hour", 0, 23, {}, 0},           {"day of the month", 1, 31, {}, 0},
    {"month", 1, 12, month_names, 1}, {"day of the week", 0, 7, day_names, 0},
};

std::unexpected<Error> wrong(const FieldRule& rule, std::string_view text) {
  return fail(ErrorCode::invalid_definition,
              "expected the " + std::string{rule.name} + " (" + std::to_string(rule.least) +
                  " to " + std::to_string(rule.most) + ", *, a list, a range or a step), got `" +
                  std::string{text} + "`");
}

std::optional<int> number_of(const FieldRule& rule, std::string_view text) {
  for (std::size_t i = 0; i < rule.names.size(); ++i) {
    const std::string_view name = rule.names[i];
    const bool same = text.size() == name.size() &&
                      std::equal(text.begin(), text.end(), name.begin(), [](char a, char b) {
                        return (a >= 'a' && a <= 'z' ? a - 32 : a) == b;
                      });
    if (same) return rule.first_name + static_cast<int>(i);
  }
  if (text.empty() || text.size() > 4) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// One part of a list: `*`, `5`, `1-5`, each with an optional `/step`.
bool add_part(const FieldRule& rule, std::string_view part, std::vector<int>& out) {
  int step = 1;
  const std::size_t slash = part.find('/');
  if (slash != std::string_view::npos) {
    const auto given = number_of({"", 1, 9999, {}, 0}, part.substr(slash + 1));
    if (!given || *given < 1) return false;
    step = *given;
    part = part.substr(0, slash);
  }
  int from = rule.least;
  int to = rule.most;
  const std::size_t dash = part.find('-');
  if (part != "*") {
    const auto first = number_of(rule, part.substr(0, dash));
    if (!first) return false;
    from = *first;
    // `5/10` goes on to the end of the field, `5` alone is one value.
    to = slash == std::string_view::npos ? from : rule.most;
    if (dash != std::string_view::npos) {
      const auto last = number_of(rule, part.substr(dash + 1));
      if (!last) return false;
      to = *last;
    }
  }
  if (from < rule.least || to > rule.most || from > to) return false;
  for (int value = from; value <= to; value += step) out.push_back(value);
  return true;
}

Result<std::vector<int>> values_of(const FieldRule& rule, std::string_view text) {
  std::vector<int> out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    if (!add_part(rule, text.substr(at, comma - at), out)) return wrong(rule, text);
    at = comma + 1;
  }
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

template <std::size_t N>
std::optional<int> first_from(const std::bitset<N>& set, int from) {
  for (auto i = static_cast<std::size_t>(from); i < N; ++i)
    if (set.test(i)) return static_cast<int>(i);
  return std::nullopt;
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  std::vector<std::string_view> words = words_of(text);
  if (words.size() == 5) words.insert(words.begin(), "0");
  if (words.size() != 6) {
    return fail(ErrorCode::invalid_definition,
                "expected five fields (minute hour day month weekday) or six with seconds first, "
                "got " +
                    std::to_string(words.size()));
  }
  Cron out;
  for (std::size_t field = 0; field < words.size(); ++field) {
    const auto values = values_of(rules[field], words[field]);
    if (!values) return std::unexpected(values.error());
    for (const int value : *values) {
      const auto bit = static_cast<std::size_t>(value);
      if (field == 0) out.seconds_.set(bit);
      if (field == 1) out.minutes_.set(bit);
      if (field == 2) out.hours_.set(bit);
      if (field == 3) out.days_.set(bit);
      if (field == 4) out.months_.set(bit);
      if (field == 5) out.weekdays_.set(bit % 7);
    }
  }
  out.any_day_ = words[3].starts_with('*');
  out.any_weekday_ = words[5].starts_with('*');
  return out;
}

bool Cron::matches_day(int year, unsigned month, unsigned day) const {
  using namespace std::chrono;
  const sys_days date{
      year_month_day{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}}};
  const bool by_day = days_.test(day);
  const bool by_weekday = weekdays_.test(weekday{date}.c_encoding());
  if (any_day_ || any_weekday_) return by_day && by_weekday;
  return by_day || by_weekday;
}

std::optional<Timestamp> Cron::next_after(Timestamp at) const {
  using namespace std::chrono;
  const auto from = floor<seconds>(sys_time<milliseconds>{milliseconds{at}}) + seconds{1};
  sys_days date = floor<days>(from);
  hh_mm_ss time{from - date};
  int hour = static_cast<int>(time.hours().count());
  int minute = static_cast<int>(time.minutes().count());
  int second = static_cast<int>(time.seconds().count());
  // Any date that exists comes back within 28 years, save around 1900, 2100 …: then within 40.
  constexpr int most_days = 41 * 366;
  for (int i = 0; i < most_days; ++i, date += days{1}, hour = minute = second = 0) {
    const year_month_day ymd{date};
    if (!months_.test(static_cast<unsigned>(ymd.month()))) continue;
    if (!matches_day(static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()))) {
      continue;
    }
    for (auto h = first_from(hours_, hour); h; h = first_from(hours_, *h + 1)) {
      if (*h != hour) minute = second = 0;
      for (auto m = first_from(minutes_, minute); m; m = first_from(minutes_, *m + 1)) {
        if (*m != minute || *h != hour) second = 0;
        const auto s = first_from(seconds_, second);
        second = 0;
        if (!s) continue;
        const auto found = date + hours{*h} + minutes{*m} + seconds{*s};
        return duration_cast<milliseconds>(found.time_since_epoch()).count();
      }
      minute = second = 0;
    }
  }
  return std::nullopt;
}

}  // namespace sequent::definition
