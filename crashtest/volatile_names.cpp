#include "crashtest/volatile_names.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace sequent::crashtest {
namespace {

constexpr std::size_t shortest_random = 12;  // letters and digits after an id's prefix
constexpr std::size_t surely_random = 20;    // even when no digit is among them
constexpr std::size_t shortest_key = 32;     // hexadecimal digits

// Trials begin in 2027 of their own time; amounts of money are nowhere near.
bool is_time(std::int64_t number) {
  constexpr std::int64_t from = 1'700'000'000;
  constexpr std::int64_t to = 2'100'000'000;
  return (number >= from && number < to) || (number >= from * 1'000 && number < to * 1'000);
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

// Where the text has 'd' a digit must stand.
bool fits(std::string_view text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    if (pattern[i] == 'd' ? !digit : text[i] != pattern[i]) return false;
  }
  return true;
}

// Length of the RFC 3339 time at the beginning; 0 = there is none.
std::size_t time_length(std::string_view text) {
  constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:dd";
  if (!fits(text, pattern)) return 0;
  const auto end = text.find_first_not_of("0123456789.:+Z-", pattern.size());
  return std::min(end, text.size());
}

bool is_hex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_uuid(std::string_view word) {
  if (word.size() != 36) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? word[i] != '-' : !is_hex(word[i])) return false;
  }
  return true;
}

// A prefix, and after it somewhere a part that nobody would write: cus_9fK2…, sq_81ab…_r1.
bool is_random_id(std::string_view word) {
  auto at = word.find('_');
  while (at != std::string_view::npos && at > 0) {
    const auto end = std::min(word.find('_', at + 1), word.size());
    const auto part = word.substr(at + 1, end - at - 1);
    const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
    const bool long_enough = part.size() >= surely_random;
    if (part.size() >= shortest_random &&
        (long_enough || std::any_of(part.begin(), part.end(), is_digit)))
      return true;
    at = end < word.size() ? end : std::string_view::npos;
  }
  return false;
}

// AWS names a license l- and 32 letters and digits.
bool is_license(std::string_view word) {
  return word.size() == 34 && word.starts_with("l-") &&
         std::all_of(word.begin() + 2, word.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

}  // namespace

void VolatileNames::add(const std::string& id, const std::string& name) {
  if (!id.empty()) names_.emplace(id, name);
}

void VolatileNames::add_objects(const Json& state) {
  if (state.is_object()) {
    const auto id = text_of(state, "id");
    const auto kind = text_of(state, "object", "object");
    // Ids that a person chose, like those of a catalog, are told by their shape and stay.
    if ((is_random_id(id) || is_uuid(id)) && !names_.contains(id))
      add(id, "<" + kind + " " + std::to_string(++counts_[kind]) + ">");
  }
  if (state.is_structured())
    for (const auto& member : state) add_objects(member);
}

std::string VolatileNames::name_of(const std::string& word) const {
  const auto known = names_.find(word);
  if (known != names_.end()) return known->second;
  if (is_uuid(word) || is_random_id(word) || is_license(word)) return "<id>";
  const bool key = word.size() >= shortest_key && std::all_of(word.begin(), word.end(), is_hex);
  return key ? "<key>" : word;
}

std::string VolatileNames::replaced_text(const std::string& text) const {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto rest = std::string_view(text).substr(at);
    if (const auto length = time_length(rest); length > 0) {
      out += "<time>";
      at += length;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    if (end == at) {
      out += text[at++];
      continue;
    }
    out += name_of(text.substr(at, end - at));
    at = end;
  }
  return out;
}

Json VolatileNames::replaced(const Json& value) const {
  if (value.is_string()) return replaced_text(value.get_ref<const std::string&>());
  if (value.is_number_integer() && is_time(value.get<std::int64_t>())) return "<time>";
  if (value.is_array()) {
    Json out = Json::array();
    for (const auto& item : value) out.push_back(replaced(item));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [name, member] : value.items()) {
    // Two keys may get the same name; neither must hide the other.
    std::string key = replaced_text(name);
    for (int copy = 2; out.contains(key); ++copy)
      key = replaced_text(name) + " " + std::to_string(copy);
    out[key] = replaced(member);
  }
  return out;
}

}  // namespace sequent::crashtest
