// type, enum, const and the limits of numbers.
#include "engine/schema/keywords.hpp"
#include "engine/schema/numbers.hpp"
#include "engine/schema/text.hpp"

namespace sequent::schema {

namespace {

constexpr std::string_view type_names[] = {"null",    "boolean", "object", "array",
                                           "integer", "number",  "string"};

bool has_type(const Json& value, std::string_view type) {
  switch (value.type()) {
    case Json::value_t::null:
      return type == "null";
    case Json::value_t::boolean:
      return type == "boolean";
    case Json::value_t::object:
      return type == "object";
    case Json::value_t::array:
      return type == "array";
    case Json::value_t::string:
      return type == "string";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return type == "integer" || type == "number";
    case Json::value_t::number_float:
      return type == "number" || (type == "integer" && is_integer(value));
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  return false;
}

Made make_type(const Site& site) {
  std::vector<std::string> types;
  const Json listed = site.value.is_array() ? site.value : Json::array({site.value});
  for (const auto& type : listed) {
    const auto* known = type.is_string() ? std::ranges::find(type_names, type.get<std::string>())
                                         : std::end(type_names);
    if (known == std::end(type_names)) return site.expected("the name of a JSON type, or several");
    types.emplace_back(*known);
  }
  return make_keyword(site, [types](const Frame& frame, const Json& value) {
    for (const auto& type : types)
      if (has_type(value, type)) return true;
    return frame.fail([&] {
      std::string wanted;
      for (const auto& type : types) wanted += (wanted.empty() ? "" : " or ") + type;
      return "expected " + wanted + ", got " + described(value);
    });
  });
}

Made make_enum(const Site& site) {
  if (!site.value.is_array()) return site.expected("an array of values");
  return make_keyword(site, [allowed = site.value](const Frame& frame, const Json& value) {
    for (const auto& one : allowed)
      if (same(one, value)) return true;
    return frame.fail([&] {
      constexpr std::size_t shown = 10;
      std::string names;
      for (std::size_t i = 0; i < std::min(allowed.size(), shown); ++i)
        names += (i == 0 ? "" : ", ") + literal(allowed[i]);
      if (allowed.size() > shown) names += ", …";
      return "expected one of " + names + ", got " + described(value);
    });
  });
}

Made make_const(const Site& site) {
  return make_keyword(site, [only = site.value](const Frame& frame, const Json& value) {
    if (same(only, value)) return true;
    return frame.fail([&] { return "expected " + literal(only) + ", got " + described(value); });
  });
}

Made make_multiple_of(const Site& site) {
  if (!site.value.is_number() || compare_numbers(site.value, Json(0)) <= 0)
    return site.expected("a number above 0");
  return make_keyword(site, [divisor = site.value](const Frame& frame, const Json& value) {
    if (!value.is_number() || is_multiple(value, divisor)) return true;
    return frame.fail(
        [&] { return "expected a multiple of " + literal(divisor) + ", got " + described(value); });
  });
}

// `allows(order)` judges how the value stands to the limit.
template <class Allows>
Made make_limit(const Site& site, std::string words, Allows allows) {
  if (!site.value.is_number()) return site.expected("a number");
  return make_keyword(site, [limit = site.value, words = std::move(words), allows](
                                const Frame& frame, const Json& value) {
    if (!value.is_number() || allows(compare_numbers(value, limit))) return true;
    return frame.fail(
        [&] { return "expected " + words + " " + literal(limit) + ", got " + described(value); });
  });
}

Made make_maximum(const Site& site) {
  return make_limit(site, "at most", [](std::strong_ordering order) { return order <= 0; });
}
Made make_minimum(const Site& site) {
  return make_limit(site, "at least", [](std::strong_ordering order) { return order >= 0; });
}
Made make_exclusive_maximum(const Site& site) {
  return make_limit(site, "less than", [](std::strong_ordering order) { return order < 0; });
}
Made make_exclusive_minimum(const Site& site) {
  return make_limit(site, "more than", [](std::strong_ordering order) { return order > 0; });
}

}  // namespace

std::span<const KeywordType> value_keywords() {
  static constexpr KeywordType types[] = {
      {"type", In::both, Vocabulary::validation, make_type},
      {"enum", In::both, Vocabulary::validation, make_enum},
      {"const", In::both, Vocabulary::validation, make_const},
      {"multipleOf", In::both, Vocabulary::validation, make_multiple_of},
      {"maximum", In::both, Vocabulary::validation, make_maximum},
      {"exclusiveMaximum", In::both, Vocabulary::validation, make_exclusive_maximum},
      {"minimum", In::both, Vocabulary::validation, make_minimum},
      {"exclusiveMinimum", In::both, Vocabulary::validation, make_exclusive_minimum},
  };
  return types;
}

}  // namespace sequent::schema
