#include "cli/moment.hpp"

#include <string_view>

namespace sequent::cli {

Result<Timestamp> moment_of(const std::string& option, const std::string& text, Timestamp now) {
  if (const auto at = parse_time(text)) return *at;
  if (const auto duration = parse_duration(text)) return now - *duration;
  const std::string_view digits =
      std::string_view(text).substr(0, text.empty() ? 0 : text.size() - 1);
  constexpr std::size_t most_digits = 9;
  const bool number = !digits.empty() && digits.size() <= most_digits &&
                      digits.find_first_not_of("0123456789") == std::string_view::npos;
  const auto unit = std::string_view("smhdw").find(number ? text.back() : ' ');
  if (unit == std::string_view::npos)
    return fail(ErrorCode::invalid_request,
                "Expected " + option +
                    " as 90s, 15m, 1h, 2d, 1w or a time such as 2026-11-21T08:00:00Z, got `" +
                    text + "`.");
  constexpr DurationMs units[] = {1'000, 60'000, 3'600'000, 86'400'000, 604'800'000};
  return now - std::stoll(std::string(digits)) * units[unit];
}

}  // namespace sequent::cli
