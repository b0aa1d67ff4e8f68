#include "engine/schema/characters.hpp"
#include "engine/schema/formats.hpp"

namespace sequent::schema {

namespace {

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  // "--" in third place is reserved for Punycode.
  const bool reserved = label.size() > 3 && label.substr(2, 2) == "--";
  if (reserved && (label[0] | 0x20) != 'x') return false;
  return std::ranges::all_of(label, [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool is_atom_character(char c, bool unicode) {
  constexpr std::string_view marks = "!#$%&'*+-/=?^_`{|}~";
  return is_letter(c) || is_digit(c) || marks.find(c) != std::string_view::npos ||
         (unicode && !is_ascii(c));
}

bool is_quoted_string(std::string_view text, bool unicode) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && ++i == text.size()) return false;
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool escaped = i > 0 && text[i - 1] == '\\';
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !unicode)) return false;
    if (byte == '"' && !escaped) return false;
  }
  return true;
}

bool is_dotted_atoms(std::string_view text, bool unicode) {
  char last = '.';
  for (const char c : text) {
    if (c == '.' ? last == '.' : !is_atom_character(c, unicode)) return false;
    last = c;
  }
  return last != '.';
}

bool is_mail_domain(std::string_view domain, bool unicode) {
  if (domain.starts_with('[') && domain.ends_with(']')) {
    domain = domain.substr(1, domain.size() - 2);
    return domain.starts_with("IPv6:") ? is_ipv6(domain.substr(5)) : is_ipv4(domain);
  }
  const bool ascii = std::ranges::none_of(domain, [](char c) { return !is_ascii(c); });
  if (ascii) return is_hostname(domain);
  return unicode && domain.find_first_of(" @[]") == std::string_view::npos;
}

bool is_address(std::string_view text, bool unicode) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64) return false;
  const auto local = text.substr(0, at);
  if (!is_dotted_atoms(local, unicode) && !is_quoted_string(local, unicode)) return false;
  return is_mail_domain(text.substr(at + 1), unicode);
}

}  // namespace

bool is_email(std::string_view text) {
  return is_address(text, false);
}
bool is_idn_email(std::string_view text) {
  return is_address(text, true);
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_ipv4(std::string_view text) {
  int parts = 0;
  while (true) {
    const auto dot = text.find('.');
    const auto part = text.substr(0, dot);
    if (part.empty() || part.size() > 3 || !std::ranges::all_of(part, is_digit)) return false;
    // A leading zero reads as octal elsewhere.
    if (part.size() > 1 && part.front() == '0') return false;
    if (part.size() == 3 && part > "255") return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    text.remove_prefix(dot + 1);
  }
}

bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool shortened = false;
  if (text.starts_with("::")) {
    shortened = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    const auto colon = text.find(':');
    const auto group = text.substr(0, colon);
    if (colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
      if (!is_ipv4(group)) return false;
      groups += 2;
      break;
    }
    if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hex)) return false;
    ++groups;
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.starts_with(':')) {
      if (shortened) return false;
      shortened = true;
      text.remove_prefix(1);
      if (text.empty()) break;
    }
    if (groups > 8) return false;
  }
  return shortened ? groups <= 7 : groups == 8;
}

}  // namespace sequent::schema
