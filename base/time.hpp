#pragma once
// Times are UTC milliseconds since 1970, always passed in; only runtime/system_clock.cpp reads a clock.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sequent {

using Timestamp = std::int64_t;   // milliseconds since 1970-01-01T00:00:00Z
using DurationMs = std::int64_t;  // milliseconds

/// "2026-11-21T08:15:30.250Z"
[[nodiscard]] std::string format_time(Timestamp at);

/// RFC 3339 with `Z` or an offset; nothing when the text is no time.
[[nodiscard]] std::optional<Timestamp> parse_time(std::string_view text);

/// ISO 8601 duration ("P1DT2H", "PT0.5S"); years and months are refused because their length varies.
[[nodiscard]] std::optional<DurationMs> parse_duration(std::string_view text);

/// For people: "250 ms", "3.2 s", "4 min 05 s", "2 h 10 min", "3 d 4 h".
[[nodiscard]] std::string format_duration(DurationMs duration);

}  // namespace sequent
