// maxLength, minLength, pattern and format.
#include "engine/schema/formats.hpp"
#include "engine/schema/keywords.hpp"
#include "engine/schema/regex.hpp"
#include "engine/schema/text.hpp"

namespace sequent::schema {

namespace {

const std::string* text_of_value(const Json& value) {
  return value.is_string() ? &value.get_ref<const std::string&>() : nullptr;
}

template <class Allows>
Made make_length(const Site& site, std::string words, Allows allows) {
  const auto limit = site.count();
  if (!limit) return nullptr;
  return make_keyword(site, [limit = *limit, words = std::move(words), allows](const Frame& frame,
                                                                               const Json& value) {
    const auto* text = text_of_value(value);
    if (text == nullptr) return true;
    const std::size_t length = code_points(*text);
    if (allows(length, limit)) return true;
    return frame.fail([&] {
      return "expected " + words + " " + std::to_string(limit) + " characters, got " +
             std::to_string(length) + ": " + described(value);
    });
  });
}

Made make_max_length(const Site& site) {
  return make_length(site, "at most",
                     [](std::size_t length, std::size_t limit) { return length <= limit; });
}

Made make_min_length(const Site& site) {
  return make_length(site, "at least",
                     [](std::size_t length, std::size_t limit) { return length >= limit; });
}

Made make_pattern(const Site& site) {
  const auto* pattern = text_of_value(site.value);
  if (pattern == nullptr) return site.expected("a regular expression");
  const auto regex = Regex::compile(*pattern);
  if (!regex) {
    site.builder.find_fault(site.place, site.suffix(), regex.error().detail);
    return nullptr;
  }
  return make_keyword(
      site, [regex = *regex, pattern = *pattern](const Frame& frame, const Json& value) {
        const auto* text = text_of_value(value);
        if (text == nullptr) return true;
        const Match match = regex.search(*text);
        if (match == Match::yes) return true;
        if (match == Match::gave_up)
          return frame.give_up("expected a text that " + shortened(pattern) +
                               " decides in bounded time, got " + described(value));
        return frame.fail([&] {
          return "expected a text that matches " + shortened(pattern) + ", got " + described(value);
        });
      });
}

Made make_format(const Site& site) {
  const auto* name = text_of_value(site.value);
  if (name == nullptr) return site.expected("the name of a format");
  const Format* format = find_format(*name);
  if (format == nullptr || !site.builder.asserts_format(site.place)) return nullptr;
  return make_keyword(site, [format](const Frame& frame, const Json& value) {
    const auto* text = text_of_value(value);
    if (text == nullptr || format->holds(*text)) return true;
    return frame.fail(
        [&] { return "expected " + std::string(format->expected) + ", got " + described(value); });
  });
}

}  // namespace

std::span<const KeywordType> text_keywords() {
  static constexpr KeywordType types[] = {
      {"maxLength", In::both, Vocabulary::validation, make_max_length},
      {"minLength", In::both, Vocabulary::validation, make_min_length},
      {"pattern", In::both, Vocabulary::validation, make_pattern},
      {"format", In::both, Vocabulary::format, make_format},
  };
  return types;
}

}  // namespace sequent::schema
