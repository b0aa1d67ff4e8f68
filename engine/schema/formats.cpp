#include "engine/schema/formats.hpp"
#include "engine/schema/characters.hpp"

#include "engine/schema/regex.hpp"
#include "engine/schema/uri.hpp"

namespace sequent::schema {

namespace {

constexpr Format formats[] = {
    {"date-time", is_date_time, "a date and time such as 2024-05-01T12:30:00Z"},
    {"date", is_date, "a date such as 2024-05-01"},
    {"time", is_time, "a time with its offset such as 12:30:00Z"},
    {"duration", is_duration, "an ISO 8601 duration such as P3DT12H"},
    {"email", is_email, "an email address"},
    {"idn-email", is_idn_email, "an email address"},
    {"hostname", is_hostname, "a host name"},
    {"ipv4", is_ipv4, "an IPv4 address such as 192.0.2.1"},
    {"ipv6", is_ipv6, "an IPv6 address such as 2001:db8::1"},
    {"uri", [](std::string_view text) { return is_uri(text, UriAlphabet::ascii); },
     "an absolute URI"},
    {"uri-reference",
     [](std::string_view text) { return is_uri_reference(text, UriAlphabet::ascii); },
     "a URI or a relative reference"},
    {"iri", [](std::string_view text) { return is_uri(text, UriAlphabet::unicode); },
     "an absolute IRI"},
    {"iri-reference",
     [](std::string_view text) { return is_uri_reference(text, UriAlphabet::unicode); },
     "an IRI or a relative reference"},
    {"uri-template", is_uri_template, "a URI template such as /runs/{id}"},
    {"uuid", is_uuid, "a UUID such as 2eb8aa08-aa98-11ea-b4aa-73b441d16380"},
    {"regex", is_regex, "a regular expression of ECMA-262"},
    {"json-pointer", is_json_pointer, "a JSON Pointer such as /do/0"},
    {"relative-json-pointer", is_relative_json_pointer, "a relative JSON Pointer such as 1/do"},
};

// RFC 6570, 2.1, with the apostrophe that its erratum 6937 allows.
bool is_literal(std::string_view text) {
  constexpr std::string_view excluded = "\"<>\\^`{|}";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte <= 0x20 || byte == 0x7F || excluded.find(text[i]) != std::string_view::npos)
      return false;
    if (text[i] == '%' && !is_percent_escape(text, i)) return false;
  }
  return true;
}

// A variable's name: dots stand singly between its characters.
bool is_variable(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.back() == '.') return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '.' ? name[i - 1] == '.'
                 : !is_letter(c) && !is_digit(c) && c != '_' && !is_percent_escape(name, i))
      return false;
    if (c == '%') i += 2;
  }
  return true;
}

// One variable with its modifier: `name`, `name*` or `name:30`.
bool is_variable_use(std::string_view text) {
  if (text.ends_with('*')) return is_variable(text.substr(0, text.size() - 1));
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return is_variable(text);
  const auto length = text.substr(colon + 1);
  return !length.empty() && length.size() <= 4 && length.front() != '0' &&
         std::ranges::all_of(length, is_digit) && is_variable(text.substr(0, colon));
}

// What stands between braces (RFC 6570, 2.2): an operator and a list of variables.
bool is_expression(std::string_view text) {
  constexpr std::string_view operators = "+#./;?&=,!@|";
  if (!text.empty() && operators.find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
  while (true) {
    const auto comma = text.find(',');
    if (!is_variable_use(text.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

const Format* find_format(std::string_view name) {
  const auto* found = std::ranges::find(formats, name, &Format::name);
  return found == std::end(formats) ? nullptr : found;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') continue;
    if (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
  }
  return true;
}

bool is_relative_json_pointer(std::string_view text) {
  const auto end =
      static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  if (end == 0 || (end > 1 && text.front() == '0')) return false;
  const auto rest = text.substr(end);
  return rest == "#" || is_json_pointer(rest);
}

bool is_uri_template(std::string_view text) {
  while (true) {
    const auto open = text.find('{');
    if (!is_literal(text.substr(0, open))) return false;
    if (open == std::string_view::npos) return true;
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) return false;
    if (!is_expression(text.substr(open + 1, close - open - 1))) return false;
    text.remove_prefix(close + 1);
  }
}

bool is_regex(std::string_view text) {
  return Regex::compile(text).has_value();
}

}  // namespace sequent::schema
