#include "api/path.hpp"

#include "net/http_message.hpp"

namespace sequent::api {
namespace {

// "a/b" of "/a/b", one segment a call; nothing when the path is used up.
std::optional<std::string_view> next_segment(std::string_view& rest) {
  if (rest.empty() || rest.front() != '/') return std::nullopt;
  rest.remove_prefix(1);
  const auto end = std::min(rest.find('/'), rest.size());
  const auto segment = rest.substr(0, end);
  rest.remove_prefix(end);
  return segment;
}

struct Segment {
  std::string_view parameter;  // empty = literal
  std::string_view literal;    // the literal, or what follows the parameter (":retry")
};

Segment segment_of(std::string_view text) {
  const auto close = text.find('}');
  if (!text.starts_with('{') || close == std::string_view::npos) return {{}, text};
  return {text.substr(1, close - 1), text.substr(close + 1)};
}

bool is_id(std::string_view text) {
  return text.find_first_not_of(
             "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") ==
         std::string_view::npos;
}

}  // namespace

std::optional<Parameters> match_path(std::string_view pattern, std::string_view path,
                                     bool strict_ids) {
  Parameters found;
  while (true) {
    const auto wanted = next_segment(pattern);
    auto came = next_segment(path);
    if (!wanted && !came)
      return pattern.empty() && path.empty() ? std::optional{found} : std::nullopt;
    if (!wanted || !came) return std::nullopt;
    const Segment segment = segment_of(*wanted);
    if (segment.parameter.empty()) {
      if (*came == segment.literal) continue;
      // A path arrives percent-encoded, and "%3A" is ":" to its sender.
      const bool encoded = came->find('%') != std::string_view::npos;
      if (!encoded || net::percent_decode(*came) != segment.literal) return std::nullopt;
      continue;
    }
    if (!came->ends_with(segment.literal)) return std::nullopt;
    came->remove_suffix(segment.literal.size());
    if (came->empty()) return std::nullopt;
    if (strict_ids && segment.parameter == "id" && !is_id(*came)) return std::nullopt;
    found.emplace(segment.parameter, net::percent_decode(*came));
  }
}

std::string specificity(std::string_view pattern) {
  std::string order;  // one letter a segment: the smaller text is the more specific pattern
  while (const auto text = next_segment(pattern)) {
    const Segment segment = segment_of(*text);
    order += segment.parameter.empty() ? 'a' : segment.literal.empty() ? 'c' : 'b';
  }
  return order;
}

bool same_shape(std::string_view a, std::string_view b) {
  while (true) {
    const auto one = next_segment(a);
    const auto other = next_segment(b);
    if (!one || !other) return !one && !other;
    const Segment first = segment_of(*one);
    const Segment second = segment_of(*other);
    if (first.parameter.empty() != second.parameter.empty()) return false;
    if (first.literal != second.literal) return false;
  }
}

std::vector<std::string> parameter_names(std::string_view pattern) {
  std::vector<std::string> names;
  while (const auto text = next_segment(pattern)) {
    const Segment segment = segment_of(*text);
    if (!segment.parameter.empty()) names.emplace_back(segment.parameter);
  }
  return names;
}

}  // namespace sequent::api
