#pragma once
// A lexer for jq, so that an expression can be judged before jq sees it: does it stay inside its
// brackets, what may it touch, which variables does it need.
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace sequent::expression {

struct Refusal {
  std::string message;
  std::size_t offset = 0;    // bytes into the source
  bool stray_brace = false;  // a `}` that closes nothing
};

struct Scan {
  std::set<std::string> free;  // every `$name` that the expression does not bind itself
  bool uses_now = false;
  bool loops = false;  // can feed a result into itself, so it can nest values or calls without end
};

/// Judges one expression. What it accepts is balanced: put in brackets on lines of its own it can't
/// reach what stands around it. Whether it is jq at all is left to jq.
[[nodiscard]] std::optional<Refusal> scan(std::string_view source, Scan& found);

}  // namespace sequent::expression
