#include "engine/schema/uri.hpp"

#include "engine/schema/characters.hpp"
#include "engine/schema/formats.hpp"

namespace sequent::schema {

namespace {

int hex_value(char c) {
  return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

bool is_scheme(std::string_view text) {
  const auto allowed = [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, allowed);
}

// RFC 3986, 5.2.4.
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./") || path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../") || path == "/..") {
      path = path.size() > 3 ? path.substr(3) : "/";
      const auto slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : slash);
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      const auto next = path.find('/', 1);
      out += path.substr(0, next);
      path = next == std::string_view::npos ? std::string_view{} : path.substr(next);
    }
  }
  return out;
}

std::string merged_path(const UriParts& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string(path);
  const auto slash = base.path.rfind('/');
  if (slash == std::string_view::npos) return std::string(path);
  return std::string(base.path.substr(0, slash + 1)) + std::string(path);
}

std::string joined(const UriParts& head, const std::string& path,
                   std::optional<std::string_view> query) {
  std::string out;
  if (head.scheme) out += std::string(*head.scheme) + ":";
  if (head.authority) out += "//" + std::string(*head.authority);
  out += path;
  if (query) out += "?" + std::string(*query);
  return out;
}

// `extra` are the characters that this part allows besides pchar without ':' and '@'.
bool has_only(std::string_view part, std::string_view extra, UriAlphabet alphabet) {
  constexpr std::string_view always = "-._~!$&'()*+,;=";
  for (std::size_t i = 0; i < part.size(); ++i) {
    const char c = part[i];
    if (is_letter(c) || is_digit(c) || always.find(c) != std::string_view::npos) continue;
    if (extra.find(c) != std::string_view::npos) continue;
    if (alphabet == UriAlphabet::unicode && !is_ascii(c)) continue;
    if (!is_percent_escape(part, i)) return false;
    i += 2;
  }
  return true;
}

bool is_bracketed_address(std::string_view text) {
  if (!text.ends_with(']')) return false;
  text = text.substr(1, text.size() - 2);
  if (!text.starts_with('v') && !text.starts_with('V')) return is_ipv6(text);
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
  return std::ranges::all_of(text.substr(1, dot - 1), is_hex) &&
         text.find('%') == std::string_view::npos &&
         has_only(text.substr(dot + 1), ":", UriAlphabet::ascii);
}

bool is_authority(std::string_view text, UriAlphabet alphabet) {
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    if (!has_only(text.substr(0, at), ":", alphabet)) return false;
    text.remove_prefix(at + 1);
  }
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (has_port) {
    if (!std::ranges::all_of(text.substr(colon + 1), is_digit)) return false;
    text = text.substr(0, colon);
  }
  return text.starts_with('[') ? is_bracketed_address(text) : has_only(text, "", alphabet);
}

}  // namespace

UriParts split_uri(std::string_view text) {
  UriParts parts;
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    parts.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  if (const auto mark = text.find('?'); mark != std::string_view::npos) {
    parts.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && is_scheme(text.substr(0, colon))) {
    parts.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    const auto end = text.find('/', 2);
    parts.authority = text.substr(2, end == std::string_view::npos ? end : end - 2);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end);
  }
  parts.path = text;
  return parts;
}

std::string resolve_uri(std::string_view base_text, std::string_view reference_text) {
  const UriParts base = split_uri(base_text);
  const UriParts reference = split_uri(reference_text);
  if (reference.scheme) return joined(reference, without_dots(reference.path), reference.query);
  if (reference.authority) {
    UriParts head = reference;
    head.scheme = base.scheme;
    return joined(head, without_dots(reference.path), reference.query);
  }
  if (reference.path.empty())
    return joined(base, std::string(base.path), reference.query ? reference.query : base.query);
  if (reference.path.starts_with('/'))
    return joined(base, without_dots(reference.path), reference.query);
  return joined(base, without_dots(merged_path(base, reference.path)), reference.query);
}

std::string fragment_of(std::string_view reference) {
  const auto text = split_uri(reference).fragment.value_or("");
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_percent_escape(text, i)) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return out;
}

std::string without_fragment(std::string_view reference) {
  return std::string(reference.substr(0, reference.find('#')));
}

bool is_uri_reference(std::string_view text, UriAlphabet alphabet) {
  const UriParts parts = split_uri(text);
  if (parts.authority && !is_authority(*parts.authority, alphabet)) return false;
  if (!has_only(parts.path, ":@/", alphabet)) return false;
  // Without a scheme the first segment holds no colon: it would read as one.
  const bool relative = !parts.scheme && !parts.authority;
  if (relative && parts.path.substr(0, parts.path.find('/')).find(':') != std::string_view::npos)
    return false;
  if (parts.query && !has_only(*parts.query, ":@/?", alphabet)) return false;
  return !parts.fragment || has_only(*parts.fragment, ":@/?", alphabet);
}

bool is_uri(std::string_view text, UriAlphabet alphabet) {
  return split_uri(text).scheme.has_value() && is_uri_reference(text, alphabet);
}

}  // namespace sequent::schema
