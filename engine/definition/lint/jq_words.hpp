#pragma once
// The words of a jq expression that compiles, for rules that look at how it computes.
#include <string_view>
#include <vector>

namespace sequent::definition::lint {

struct Word {
  enum class Kind : unsigned char {
    name,      // floor, if, def
    field,     // .amount
    variable,  // $rate
    number,
    text,  // a whole string, with what is interpolated in it
    sign,  // an operator or a bracket
  };
  Kind kind = Kind::sign;
  std::string_view text;   // of a field without its dot, of a variable without its dollar
  std::size_t offset = 0;  // bytes into the source

  [[nodiscard]] bool is(std::string_view sign) const { return kind == Kind::sign && text == sign; }
  [[nodiscard]] bool opens() const { return is("(") || is("[") || is("{"); }
  [[nodiscard]] bool closes() const { return is(")") || is("]") || is("}"); }
};

/// Borrows from `source`.
[[nodiscard]] std::vector<Word> words_of(std::string_view source);

}  // namespace sequent::definition::lint
