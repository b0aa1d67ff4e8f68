// Amounts of money that are computed in floating point: jq's numbers are doubles, and 0.1 + 0.2 is
// not 0.3. What goes into a field that is named like an amount is a whole number of minor units.
#include <algorithm>
#include <array>

#include "base/json_pointer.hpp"
#include "engine/definition/lint/jq_words.hpp"
#include "engine/definition/lint/linter.hpp"

namespace sequent::definition::lint {
namespace {

constexpr std::array<std::string_view, 14> money_words{
    "amount",   "total",   "subtotal", "price",  "cost",   "fee",    "tax",
    "discount", "balance", "cents",    "charge", "refund", "credit", "payout"};
constexpr std::array<std::string_view, 7> rounding{"floor", "ceil",      "round",      "trunc",
                                                   "rint",  "nearbyint", "significand"};

constexpr std::array<std::string_view, 5> shares{"rate", "percent", "percentage", "ratio",
                                                 "factor"};

std::vector<std::string> words_in(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool letter = upper || (c >= 'a' && c <= 'z');
    if ((!letter || upper) && !words.back().empty()) words.emplace_back();
    if (letter) words.back() += upper ? static_cast<char>(c + 32) : c;
  }
  return words;
}

template <std::size_t count>
bool is_one_of(std::string_view word, const std::array<std::string_view, count>& words) {
  if (std::ranges::find(words, word) != words.end()) return true;
  return word.ends_with('s') &&
         std::ranges::find(words, word.substr(0, word.size() - 1)) != words.end();
}

// "unitAmount", "unit_amount" and "amounts" hold the word "amount"; "tax_rate" is a share.
bool is_money(std::string_view name) {
  const auto words = words_in(name);
  const auto any = [&](const auto& known) {
    return std::ranges::any_of(words, [&](const auto& word) { return is_one_of(word, known); });
  };
  return any(money_words) && !any(shares);
}

using Words = std::vector<Word>;
using Kind = Word::Kind;

struct Range {
  std::size_t begin = 0, end = 0;
};

bool is_name(const Word& word, std::string_view name) {
  return word.kind == Kind::name && word.text == name;
}

bool is_decimal(const Word& word) {
  if (word.kind != Kind::number) return false;
  return word.text.find('.') != std::string_view::npos ||
         word.text.find('-') != std::string_view::npos;  // of an exponent
}

// The first word after the bracket that `open` opens.
std::size_t after_bracket(const Words& words, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < words.size(); ++i) {
    if (words[i].opens()) ++depth;
    if (words[i].closes() && --depth == 0) return i + 1;
  }
  return words.size();
}

// From `begin` to the first of these signs that stands in no bracket of its own.
Range until(const Words& words, std::size_t begin, std::initializer_list<std::string_view> signs) {
  std::size_t i = begin;
  while (i < words.size() && !words[i].closes()) {
    const bool over =
        std::ranges::any_of(signs, [&](std::string_view sign) { return words[i].is(sign); });
    if (over) break;
    i = words[i].opens() ? after_bracket(words, i) : i + 1;
  }
  return {begin, i};
}

/// How one expression computes: what its functions and variables stand for.
class Arithmetic {
 public:
  explicit Arithmetic(const Words& words) : words_(words) {}

  /// The place of the first operation within `range` that leaves whole numbers, unless rounding
  /// follows it.
  [[nodiscard]] std::optional<std::size_t> inexact(const Range& range, int depth = 0) const {
    for (std::size_t i = range.begin; i < range.end; ++i)
      if (leaves_whole_numbers(i, range, depth) && !rounded({i + 1, range.end}, depth)) return i;
    return std::nullopt;
  }

 private:
  static constexpr int deepest = 8;  // functions that name functions

  // Division of texts splits them.
  [[nodiscard]] bool divides(std::size_t i) const {
    if (!words_[i].is("/") && !words_[i].is("/=")) return false;
    const bool text_before = i > 0 && words_[i - 1].kind == Kind::text;
    const bool text_after = i + 1 < words_.size() && words_[i + 1].kind == Kind::text;
    return !text_before && !text_after;
  }
  [[nodiscard]] bool leaves_whole_numbers(std::size_t i, const Range& range, int depth) const {
    if (divides(i) || is_decimal(words_[i])) return true;
    if (depth >= deepest) return false;
    const auto meant = meaning_of(i, range);
    return meant && inexact(*meant, depth + 1).has_value();
  }
  [[nodiscard]] bool rounded(const Range& range, int depth) const {
    for (std::size_t i = range.begin; i < range.end; ++i) {
      if (words_[i].kind != Kind::name) continue;
      if (std::ranges::find(rounding, words_[i].text) != rounding.end()) return true;
      const auto meant = depth < deepest ? meaning_of(i, range) : std::nullopt;
      if (meant && rounded(*meant, depth + 1)) return true;
    }
    return false;
  }

  // The body of a function that is called, or the value that a variable was bound to.
  [[nodiscard]] std::optional<Range> meaning_of(std::size_t i, const Range& range) const {
    std::optional<Range> meant;
    if (words_[i].kind == Kind::name) meant = body_of(words_[i].text, i);
    if (words_[i].kind == Kind::variable) meant = value_of(words_[i].text, i);
    // What lies within is looked at anyway.
    const bool inside = meant && meant->begin >= range.begin && meant->end <= range.end;
    return inside ? std::nullopt : meant;
  }
  [[nodiscard]] std::optional<Range> body_of(std::string_view name, std::size_t before) const {
    for (std::size_t i = before; i-- > 0;) {
      const bool defined = i > 0 && is_name(words_[i - 1], "def") && is_name(words_[i], name);
      if (!defined) continue;
      std::size_t colon = i + 1;
      if (colon < words_.size() && words_[colon].is("(")) colon = after_bracket(words_, colon);
      return until(words_, colon + 1, {";"});
    }
    return std::nullopt;
  }
  // The term that stands before `as $name`.
  [[nodiscard]] std::optional<Range> value_of(std::string_view name, std::size_t before) const {
    for (std::size_t i = before; i-- > 1;) {
      const bool bound = words_[i].kind == Kind::variable && words_[i].text == name &&
                         is_name(words_[i - 1], "as");
      if (bound) return Range{term_before(i - 1), i - 1};
    }
    return std::nullopt;
  }
  [[nodiscard]] std::size_t term_before(std::size_t end) const {
    int depth = 0;
    std::size_t i = end;
    while (i > 0) {
      const Word& word = words_[i - 1];
      if (word.closes()) ++depth;
      if (word.opens() && depth-- == 0) break;
      const bool part = word.kind == Kind::field || word.kind == Kind::variable || word.closes() ||
                        word.opens() || word.is(".");
      if (depth == 0 && !part) break;
      --i;
    }
    return i;
  }

  const Words& words_;
};

/// The parts of an expression whose values go into fields that are named like amounts.
struct MoneyPart {
  std::string name;
  Range range;
};

// {amount: …}
void find_members(const Words& words, std::vector<MoneyPart>& out) {
  std::vector<std::string_view> open;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool begins = i > 0 && !open.empty() && open.back() == "{" &&
                        (words[i - 1].is("{") || words[i - 1].is(","));
    const bool named = words[i].kind == Kind::name || words[i].kind == Kind::text;
    if (begins && named && i + 1 < words.size() && words[i + 1].is(":")) {
      std::string name{words[i].text};
      std::erase(name, '"');
      if (is_money(name)) out.push_back({.name = name, .range = until(words, i + 2, {","})});
    }
    if (words[i].opens()) open.push_back(words[i].text);
    if (words[i].closes() && !open.empty()) open.pop_back();
  }
}

// .amount = …, .amount |= …, .amount /= …
void find_assignments(const Words& words, std::vector<MoneyPart>& out) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].kind != Kind::field || !is_money(words[i].text)) continue;
    for (const std::string_view sign : {"=", "|=", "+=", "-=", "*=", "/="})
      if (words[i + 1].is(sign))
        out.push_back({.name = std::string{words[i].text},
                       .range = {i + 1, until(words, i + 2, {",", "|", ";"}).end}});
  }
}

// The member that the whole expression is the value of: "/set/lines/0" -> "lines".
std::string member_of(const std::string& pointer, const std::string& task) {
  std::string rest = pointer.substr(std::min(task.size(), pointer.size()));
  while (!rest.empty()) {
    const auto slash = rest.rfind('/');
    const auto segment = name_of_segment(std::string_view{rest}.substr(slash + 1));
    if (segment.empty() || segment.find_first_not_of("0123456789") != std::string::npos)
      return segment;
    rest.resize(slash);
  }
  return {};
}

void check(Linter& linter, const Node* node, const Expression& expression) {
  const Words words = words_of(expression.source);
  std::vector<MoneyPart> parts;
  const auto member = member_of(expression.pointer, node == nullptr ? "" : node->place);
  if (is_money(member)) parts.push_back({.name = member, .range = {0, words.size()}});
  find_members(words, parts);
  find_assignments(words, parts);
  const Arithmetic arithmetic{words};
  for (const auto& part : parts) {
    const auto found = arithmetic.inexact(part.range);
    if (!found) continue;
    const Word& word = words[*found];
    linter.warn(
        amount_in_floating_point,
        {.node = node, .pointer = expression.pointer, .offset = expression.offset + word.offset},
        "`" + part.name + "` is computed in floating point by `" + std::string{word.text} +
            "`, and no rounding follows",
        "count whole minor units, and end in `| round`, `| floor` or `| ceil`");
    return;  // one for each expression: the first
  }
}

// 9.99 where 999 minor units are meant.
void check_number(Linter& linter, const Node& node, const DecimalNumber& number) {
  const auto member = member_of(number.pointer, node.place);
  if (!is_money(member)) return;
  linter.warn(amount_in_floating_point, {.node = &node, .pointer = number.pointer, .offset = 0},
              "`" + member + "` is the decimal number " + number.text, "count whole minor units");
}

}  // namespace

void check_amounts(Linter& linter) {
  const Program& program = linter.program();
  for (const Node& node : program.nodes) {
    for (const auto& expression : data_expressions(node)) check(linter, &node, expression);
    for (const auto& number : decimal_numbers(node)) check_number(linter, node, number);
  }
  for (const auto& expression : output_expressions(program)) check(linter, nullptr, expression);
}

}  // namespace sequent::definition::lint
