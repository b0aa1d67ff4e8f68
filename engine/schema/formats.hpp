#pragma once
// The values of `format` that can be asserted. A format that is not here stays an annotation.
#include <string_view>

namespace sequent::schema {

/// One named check over a string, and how to describe it in a message.
struct Format {
  std::string_view name;
  bool (*holds)(std::string_view text);
  std::string_view expected;  // "a date and time such as 2024-05-01T12:30:00Z"
};

/// Null when the name is unknown.
[[nodiscard]] const Format* find_format(std::string_view name);

// RFC 3339, and the durations of its appendix A.
[[nodiscard]] bool is_date(std::string_view text);
[[nodiscard]] bool is_time(std::string_view text);
[[nodiscard]] bool is_date_time(std::string_view text);
[[nodiscard]] bool is_duration(std::string_view text);
// RFC 5321 (addresses), RFC 1123 (hosts), RFC 2673 and RFC 4291 (IP).
[[nodiscard]] bool is_email(std::string_view text);
[[nodiscard]] bool is_idn_email(std::string_view text);
[[nodiscard]] bool is_hostname(std::string_view text);
[[nodiscard]] bool is_ipv4(std::string_view text);
[[nodiscard]] bool is_ipv6(std::string_view text);
// RFC 4122, RFC 6901, RFC 6570.
[[nodiscard]] bool is_uuid(std::string_view text);
[[nodiscard]] bool is_json_pointer(std::string_view text);
[[nodiscard]] bool is_relative_json_pointer(std::string_view text);
[[nodiscard]] bool is_uri_template(std::string_view text);
[[nodiscard]] bool is_regex(std::string_view text);

}  // namespace sequent::schema
