#include "engine/definition/fields.hpp"

namespace sequent::definition {

Fields::Fields(Report& report, const Value& value, std::string what)
    : report_{report}, value_{value}, what_{std::move(what)} {
  if (!usable()) report_.mistyped(value_, what_ + " (an object)");
}

std::optional<Value> Fields::get(std::string_view name) {
  known_.emplace_back(name);
  if (!usable() || !value_.json->contains(name)) return std::nullopt;
  return value_.member(name);
}

std::optional<Value> Fields::require(std::string_view name, std::string_view expectation) {
  auto member = get(name);
  if (!member && usable()) {
    report_.at_key(value_.pointer,
                   what_ + " needs `" + std::string{name} + "`: expected " +
                       std::string{expectation} + ", got nothing",
                   "add `" + std::string{name} + "`");
  }
  return member;
}

void Fields::know(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) known_.emplace_back(name);
}

void Fields::finish() {
  if (!usable()) return;
  for (const auto& [name, value] : value_.json->items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    // What is already there can't be what was meant.
    std::vector<std::string> free;
    for (const std::string& known : known_)
      if (!value_.json->contains(known)) free.push_back(known);
    report_.at_key(value_.pointer + "/" + pointer_segment(name),
                   "unknown property `" + name + "` of " + what_,
                   suggestion(name, free, "remove it"));
  }
}

std::optional<std::string> read_text(Report& report, const Value& value, std::string_view what) {
  if (value.json->is_string()) return value.json->get<std::string>();
  const bool quotable = value.json->is_number() || value.json->is_boolean();
  report.mistyped(value, std::string{what} + " (text)", quotable ? "put it into quotes" : "");
  return std::nullopt;
}

std::optional<bool> read_flag(Report& report, const Value& value, std::string_view what) {
  if (value.json->is_boolean()) return value.json->get<bool>();
  const bool old_yaml = value.json->is_string();
  report.mistyped(value, std::string{what} + " (true or false)",
                  old_yaml ? "write true or false, without quotes" : "");
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(Report& report, const Value& value, std::string_view what,
                                         std::int64_t least, std::int64_t most) {
  const std::string expectation = std::string{what} + " (a whole number from " +
                                  std::to_string(least) + " to " + std::to_string(most) + ")";
  const Json& json = *value.json;
  const bool huge = json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX;
  if (json.is_number_integer() && !huge) {
    const auto number = json.get<std::int64_t>();
    if (number >= least && number <= most) return number;
  }
  report.mistyped(value, expectation);
  return std::nullopt;
}

std::optional<std::string> read_choice(Report& report, const Value& value, std::string_view what,
                                       std::initializer_list<std::string_view> words) {
  const std::vector<std::string> choices(words.begin(), words.end());
  std::string expectation = std::string{what} + " (";
  for (std::size_t i = 0; i < choices.size(); ++i)
    expectation += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  expectation += ")";
  if (!value.json->is_string()) {
    report.mistyped(value, expectation);
    return std::nullopt;
  }
  auto text = value.json->get<std::string>();
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return text;
  const auto best = closest(text, choices);
  report.mistyped(value, expectation, best ? "did you mean `" + *best + "`?" : "");
  return std::nullopt;
}

bool is_list(Report& report, const Value& value, std::string_view what) {
  if (value.json->is_array()) return true;
  report.mistyped(value, std::string{what} + " (a list)");
  return false;
}

bool is_object(Report& report, const Value& value, std::string_view what) {
  if (value.json->is_object()) return true;
  report.mistyped(value, std::string{what} + " (an object)");
  return false;
}

std::vector<std::string> member_names(const Json& object) {
  std::vector<std::string> names;
  if (!object.is_object()) return names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

}  // namespace sequent::definition
