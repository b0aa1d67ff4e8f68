#include "workflowtest/compare.hpp"

#include <algorithm>

namespace sequent::workflowtest {
namespace {

constexpr std::size_t most_shown = 400;  // bytes of a value

std::string shown(const Json& value) {
  std::string text = dump_json(value);
  if (text.size() <= most_shown) return text;
  text.resize(most_shown);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  return text + "…";
}

std::string member_of(const std::string& what, const std::string& name) {
  return what.empty() ? name : what + "." + name;
}

/// How far a pattern with `...` in it fits a list.
struct Reached {
  std::size_t expected = 0, came = 0;
  bool all = false;
};

template <class Fits>
Reached furthest(const Sequence& pattern, std::size_t count, const Fits& fits) {
  const std::size_t wanted = pattern.items.size();
  std::vector<std::vector<bool>> can(wanted + 1, std::vector<bool>(count + 1));
  can[0][0] = true;
  Reached best;
  for (std::size_t i = 0; i <= wanted; ++i)
    for (std::size_t j = 0; j <= count; ++j) {
      if (!can[i][j]) continue;
      best = {.expected = i, .came = j};
      if (i == wanted) continue;
      const bool any = pattern.items[i].any;
      if (any) can[i + 1][j] = true;
      if (j < count && any) can[i][j + 1] = true;
      if (j < count && !any && fits(i, j)) can[i + 1][j + 1] = true;
    }
  best.all = can[wanted][count];
  return best;
}

}  // namespace

void Comparison::add(const std::string& pointer, std::string what, std::string expected,
                     std::string came) {
  mismatches_.push_back({.line = file_.document->at(pointer).key.line,
                         .pointer = pointer,
                         .what = std::move(what),
                         .expected = std::move(expected),
                         .came = std::move(came)});
}

void Comparison::compare(const Written& expected, const Json& came, const std::string& what) {
  walk(expected, expected.content.skeleton, came, {.at = Json::json_pointer{}, .what = what});
}

void Comparison::walk(const Written& expected, const Json& part, const Json& came,
                      const Place& place) {
  for (const auto& hole : expected.content.holes)
    if (hole.at == place.at) return ask(expected, hole.expression, came, place);
  const auto differs = [&] {
    add(expected.pointer + place.at.to_string(), place.what, shown(part), shown(came));
  };
  if (part.is_object()) {
    if (!came.is_object()) return differs();
    for (const auto& [name, member] : part.items()) {
      const auto found = came.find(name);
      walk(expected, member, found == came.end() ? Json() : *found,
           {.at = place.at / name, .what = member_of(place.what, name)});
    }
  } else if (part.is_array()) {
    if (!came.is_array() || came.size() != part.size()) return differs();
    for (std::size_t i = 0; i < part.size(); ++i)
      walk(expected, part[i], came[i],
           {.at = place.at / i, .what = place.what + "[" + std::to_string(i) + "]"});
  } else if (part != came) {
    differs();
  }
}

void Comparison::ask(const Written& expected, expression::ExpressionId condition, const Json& came,
                     const Place& place) {
  expression::Scope scope;
  scope.now = now_;
  scope.variables = &variables_;
  const auto holds = file_.expressions->evaluate(condition, came, scope);
  if (holds && *holds == true) return;
  const auto source = "${ " + file_.expressions->source(condition) + " }";
  add(expected.pointer + place.at.to_string(), place.what, source + " to be true",
      shown(came) + ", of which it yields " +
          (holds ? shown(*holds) : "an error: " + holds.error().detail));
}

bool Comparison::fits(const Written& expected, const Json& came) const {
  Comparison apart{file_, now_, variables_};
  apart.compare(expected, came, "");
  return apart.mismatches_.empty();
}

void Comparison::compare_sequence(const Sequence& expected, const std::vector<Json>& came,
                                  const std::string& what, const std::string& item) {
  const auto reached = furthest(expected, came.size(), [&](std::size_t i, std::size_t j) {
    return fits(expected.items[i].content, came[j]);
  });
  if (reached.all) return;
  const bool over = reached.expected == expected.items.size();
  const std::string where = what + ", " + item + " " + std::to_string(reached.came + 1);
  if (!over && reached.came < came.size() && !came[reached.came].is_primitive()) {
    // Member by member says more than two long values.
    compare(expected.items[reached.expected].content, came[reached.came], where + ":");
    return;
  }
  const auto& pointer = over ? expected.pointer : expected.items[reached.expected].content.pointer;
  const std::string end = "the end, after " + std::to_string(came.size()) + " in all";
  add(pointer, where,
      over ? "no more" : shown(expected.items[reached.expected].content.content.skeleton),
      reached.came < came.size() ? shown(came[reached.came]) : end);
}

}  // namespace sequent::workflowtest
