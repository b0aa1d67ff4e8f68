#include "tests/conformance/feature.hpp"

#include <algorithm>

namespace sequent::conformance {
namespace {

constexpr std::string_view quotes = R"(""")";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "And given the input is:" -> "the input is:"; the kit writes the second keyword small.
std::optional<std::string> step_text(std::string_view line) {
  bool found = false;
  for (const std::string_view keyword : {"Given ", "When ", "Then ", "And ", "But ", "* "})
    if (!found) found = take(line, keyword);
  if (!found) return std::nullopt;
  line = trimmed(line);
  take(line, "given ");
  return std::string(line);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_{text} {}

  Result<std::vector<Scenario>> parse() {
    while (next_line())
      if (auto read = read_line(); !read) return std::unexpected(read.error());
    if (!in_feature_) return expected("a feature");
    if (scenarios_.empty()) return expected("a scenario");
    return std::move(scenarios_);
  }

 private:
  bool next_line() {
    if (rest_.empty()) return false;
    const auto end = std::min(rest_.find('\n'), rest_.size());
    line_ = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    ++number_;
    return true;
  }

  std::unexpected<Error> expected(const std::string& what) const {
    return fail(ErrorCode::invalid_definition, "line " + std::to_string(number_) + ": expected " +
                                                   what + ", got `" + std::string(trimmed(line_)) +
                                                   "`");
  }

  Result<void> read_line() {
    std::string_view line = trimmed(line_);
    if (line.empty() || line.starts_with('#')) return {};
    if (take(line, "Feature:")) {
      if (in_feature_) return expected("one feature in a file");
      in_feature_ = true;
      return {};
    }
    if (!in_feature_) return expected("`Feature:`");
    if (take(line, "Scenario:")) {
      scenarios_.push_back({.name = std::string(trimmed(line)), .line = number_});
      return {};
    }
    if (scenarios_.empty()) return read_prose(line);
    if (line.starts_with(quotes)) return read_docstring();
    auto text = step_text(line);
    if (!text) return expected("a step (Given, When, Then, And or But)");
    scenarios_.back().steps.push_back({.text = *std::move(text), .line = number_});
    return {};
  }

  // Between `Feature:` and the first scenario anything but structure is prose.
  Result<void> read_prose(std::string_view line) const {
    const bool structure = line.starts_with(quotes) || line.starts_with('@') ||
                           line.starts_with("Background:") || line.starts_with("Rule:") ||
                           line.starts_with("Scenario Outline:") || step_text(line).has_value();
    if (structure) return expected("`Scenario:`");
    return {};
  }

  Result<void> read_docstring() {
    auto& steps = scenarios_.back().steps;
    if (steps.empty() || steps.back().docstring) return expected("a step before a docstring");
    const auto indentation = line_.find(quotes);
    std::string body;
    while (next_line()) {
      if (trimmed(line_) == quotes) {
        steps.back().docstring = std::move(body);
        return {};
      }
      const auto blanks = std::min(line_.find_first_not_of(' '), line_.size());
      body += line_.substr(std::min(blanks, indentation));
      body += '\n';
    }
    return expected("the end of a docstring");
  }

  std::string_view rest_, line_;
  int number_ = 0;
  bool in_feature_ = false;
  std::vector<Scenario> scenarios_;
};

}  // namespace

Result<std::vector<Scenario>> parse_feature(std::string_view text) {
  return Parser{text}.parse();
}

}  // namespace sequent::conformance
