#include "base/json_pointer.hpp"

namespace sequent {

std::string pointer_segment(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string name_of_segment(std::string_view segment) {
  std::string out;
  out.reserve(segment.size());
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const char next = i + 1 < segment.size() ? segment[i + 1] : '\0';
    const bool escape = segment[i] == '~' && (next == '0' || next == '1');
    out += !escape ? segment[i] : next == '0' ? '~' : '/';
    if (escape) ++i;
  }
  return out;
}

}  // namespace sequent
