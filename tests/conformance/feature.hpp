#pragma once
// The part of Gherkin that the conformance kit is written in: features, scenarios, steps with
// docstrings, comments. Tables, outlines, backgrounds and tags are mistakes here.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace sequent::conformance {

struct Step {
  std::string text;                      // without its keywords: "the workflow is executed"
  std::optional<std::string> docstring;  // without the indentation of its opening quotes
  int line = 0;
};

struct Scenario {
  std::string name;
  int line = 0;
  std::vector<Step> steps;
};

/// errors  invalid_definition with the line of the first mistake and what was expected there
[[nodiscard]] Result<std::vector<Scenario>> parse_feature(std::string_view text);

}  // namespace sequent::conformance
