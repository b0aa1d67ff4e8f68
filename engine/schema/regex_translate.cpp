#include <array>

#include "engine/schema/characters.hpp"
#include "engine/schema/regex.hpp"

namespace sequent::schema {

namespace {

// What ECMA's \s holds and PCRE2's does not: every Unicode space, the line separators, the BOM.
constexpr std::string_view spaces =
    R"(\t\n\x0b\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
// The complement of `spaces` as ranges, because a class can't nest another.
constexpr std::string_view not_spaces =
    R"(\x00-\x08\x0e-\x1f\x21-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";

struct Alias {
  std::string_view name;
  std::string_view code;
};
// General categories by the long names that ECMA allows and PCRE2 does not know.
constexpr std::array categories{Alias{"Letter", "L"},
                                Alias{"Cased_Letter", "L&"},
                                Alias{"LC", "L&"},
                                Alias{"Uppercase_Letter", "Lu"},
                                Alias{"Lowercase_Letter", "Ll"},
                                Alias{"Titlecase_Letter", "Lt"},
                                Alias{"Modifier_Letter", "Lm"},
                                Alias{"Other_Letter", "Lo"},
                                Alias{"Mark", "M"},
                                Alias{"Combining_Mark", "M"},
                                Alias{"Nonspacing_Mark", "Mn"},
                                Alias{"Spacing_Mark", "Mc"},
                                Alias{"Enclosing_Mark", "Me"},
                                Alias{"Number", "N"},
                                Alias{"Decimal_Number", "Nd"},
                                Alias{"digit", "Nd"},
                                Alias{"Letter_Number", "Nl"},
                                Alias{"Other_Number", "No"},
                                Alias{"Punctuation", "P"},
                                Alias{"punct", "P"},
                                Alias{"Connector_Punctuation", "Pc"},
                                Alias{"Dash_Punctuation", "Pd"},
                                Alias{"Open_Punctuation", "Ps"},
                                Alias{"Close_Punctuation", "Pe"},
                                Alias{"Initial_Punctuation", "Pi"},
                                Alias{"Final_Punctuation", "Pf"},
                                Alias{"Other_Punctuation", "Po"},
                                Alias{"Symbol", "S"},
                                Alias{"Math_Symbol", "Sm"},
                                Alias{"Currency_Symbol", "Sc"},
                                Alias{"Modifier_Symbol", "Sk"},
                                Alias{"Other_Symbol", "So"},
                                Alias{"Separator", "Z"},
                                Alias{"Space_Separator", "Zs"},
                                Alias{"Line_Separator", "Zl"},
                                Alias{"Paragraph_Separator", "Zp"},
                                Alias{"Other", "C"},
                                Alias{"Control", "Cc"},
                                Alias{"cntrl", "Cc"},
                                Alias{"Format", "Cf"},
                                Alias{"Surrogate", "Cs"},
                                Alias{"Private_Use", "Co"},
                                Alias{"Unassigned", "Cn"}};

std::string hex_escape(std::uint32_t code_point) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (; code_point > 0 || text.empty(); code_point >>= 4)
    text.insert(text.begin(), digits[code_point & 15]);
  return "\\x{" + text + "}";
}

class Translator {
 public:
  explicit Translator(std::string_view ecma) : in_(ecma) {}

  Result<std::string> run() {
    while (problem_.empty() && at_ < in_.size()) in_class_ ? class_character() : character();
    if (problem_.empty() && in_class_) problem_ = "a class [ is not closed";
    if (problem_.empty()) return std::move(out_);
    return fail(ErrorCode::invalid_definition, "expected a regular expression, but " + problem_ +
                                                   " near offset " + std::to_string(at_));
  }

 private:
  void character() {
    const char c = in_[at_++];
    switch (c) {
      case '\\':
        return escape();
      case '[':
        return open_class();
      case '(':
        return open_group();
      // PCRE2's own dot leaves out only the one newline that it is built with.
      case '.':
        out_ += R"([^\n\r\x{2028}\x{2029}])";
        return;
      case '*':
      case '+':
      case '?':
        return quantifier(std::string(1, c));
      case '{':
        return braces();
      default:
        out_ += c;
    }
  }

  void open_class() {
    in_class_ = true;
    out_ += '[';
    if (peek() == '^') out_ += in_[at_++];
  }

  void class_character() {
    const char c = in_[at_++];
    if (c == '\\') return escape();
    if (c == ']') in_class_ = false;
    // A [ inside a class would open a POSIX class in PCRE2.
    if (c == '[') out_ += '\\';
    out_ += c;
  }

  void open_group() {
    out_ += '(';
    if (peek() == '*') return reject("a quantifier has nothing to repeat");
    if (peek() != '?') return;
    const auto rest = in_.substr(at_ + 1);
    for (const std::string_view known : {":", "=", "!", "<=", "<!"})
      if (rest.starts_with(known)) return take(1 + known.size());
    const bool named = rest.size() > 1 && rest[0] == '<' && (is_letter(rest[1]) || rest[1] == '_');
    if (!named) return reject("ECMA-262 has no group (?" + std::string(rest.substr(0, 1)));
    take(2);
  }

  // A lazy ? is kept; a second + would make it possessive, which ECMA does not have.
  void quantifier(const std::string& text) {
    out_ += text;
    if (peek() == '?') return take(1);
    if (peek() == '+') reject("a quantifier follows a quantifier");
  }

  void braces() {
    std::size_t end = at_;
    while (end < in_.size() && is_digit(in_[end])) ++end;
    const bool has_minimum = end > at_;
    if (end < in_.size() && in_[end] == ',') ++end;
    while (end < in_.size() && is_digit(in_[end])) ++end;
    if (!has_minimum || end == in_.size() || in_[end] != '}') {
      out_ += "\\{";
      return;
    }
    const std::string text = "{" + std::string(in_.substr(at_, end + 1 - at_));
    at_ = end + 1;
    quantifier(text);
  }

  void escape() {
    if (at_ == in_.size()) return reject("it ends in a backslash");
    const char c = in_[at_++];
    switch (c) {
      case 'd':
        return set(R"(0-9)", false);
      case 'D':
        return set(R"(0-9)", true);
      case 'w':
        return set(R"(A-Za-z0-9_)", false);
      case 'W':
        return set(R"(A-Za-z0-9_)", true);
      case 's':
        return set(spaces, false);
      case 'S':
        return in_class_ ? append(not_spaces) : set(spaces, true);
      case 'p':
      case 'P':
        return property(c);
      case 'u':
        return unicode();
      case 'x':
        return hex(2);
      case 'c':
        return control();
      case 'v':
        return append("\\x0b");
      case 'k':
        return named_back_reference();
      case '0':
        return append("\\x00");
      case 'b':
        return append(in_class_ ? "\\x08" : "\\b");
      case 'B':
        return in_class_ ? reject("\\B stands in a class") : append("\\B");
      case 't':
      case 'n':
      case 'r':
      case 'f':
        return append(std::string("\\") + c);
      default:
        return other_escape(c);
    }
  }

  void other_escape(char c) {
    if (is_letter(c)) return reject(std::string("ECMA-262 has no escape \\") + c);
    if (is_digit(c)) return back_reference(c);
    // A byte of a longer character needs no backslash, and PCRE2 takes none before '_'.
    if (!is_ascii(c) || c == '_') return append(std::string(1, c));
    append(std::string("\\") + c);
  }

  void back_reference(char first) {
    if (in_class_) return reject("a back reference stands in a class");
    std::string number(1, first);
    while (is_digit(peek())) number += in_[at_++];
    append("\\g{" + number + "}");
  }

  void named_back_reference() {
    const auto end = in_.find('>', at_);
    if (in_class_ || peek() != '<' || end == std::string_view::npos)
      return reject("\\k needs a group's name in <>");
    out_ += "\\k";
    take(end + 1 - at_);
  }

  void set(std::string_view members, bool negated) {
    if (!in_class_) {
      out_ += negated ? "[^" : "[";
      out_ += members;
      out_ += ']';
    } else {
      // PCRE2 without UCP keeps \D and \W to ASCII, as ECMA does.
      out_ += negated ? (members == "0-9" ? "\\D" : "\\W") : members;
    }
  }

  void property(char letter) {
    const auto end = in_.find('}', at_);
    if (peek() != '{' || end == std::string_view::npos)
      return reject("\\p needs a property's name in {}");
    std::string_view name = in_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    for (const std::string_view prefix : {"General_Category=", "gc="})
      if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    std::string code(name);
    for (const auto& alias : categories)
      if (alias.name == name) code = alias.code;
    std::ranges::replace(code, '=', ':');
    for (const auto& [from, to] :
         {std::pair<std::string_view, std::string_view>{"Script_Extensions:", "scx:"},
          {"Script:", "sc:"}})
      if (code.starts_with(from)) code = std::string(to) + code.substr(from.size());
    append(std::string("\\") + letter + "{" + code + "}");
  }

  std::optional<std::uint32_t> hex_digits(std::size_t count) {
    if (in_.size() - at_ < count) return std::nullopt;
    const auto text = in_.substr(at_, count);
    if (!std::ranges::all_of(text, is_hex)) return std::nullopt;
    at_ += count;
    return static_cast<std::uint32_t>(std::stoul(std::string(text), nullptr, 16));
  }

  void hex(std::size_t count) {
    const auto value = hex_digits(count);
    if (!value) return reject("expected " + std::to_string(count) + " hexadecimal digits");
    append(hex_escape(*value));
  }

  void unicode() {
    if (peek() == '{') return braced_unicode();
    const auto high = hex_digits(4);
    if (!high) return reject("expected 4 hexadecimal digits");
    if (*high < 0xD800 || *high > 0xDFFF) return append(hex_escape(*high));
    if (*high > 0xDBFF || !in_.substr(at_).starts_with("\\u"))
      return reject("half of a surrogate pair stands alone");
    at_ += 2;
    const auto low = hex_digits(4);
    if (!low || *low < 0xDC00 || *low > 0xDFFF)
      return reject("half of a surrogate pair stands alone");
    append(hex_escape(0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00)));
  }

  void braced_unicode() {
    const auto end = in_.find('}', at_);
    const std::size_t count = end == std::string_view::npos ? 0 : end - at_ - 1;
    ++at_;
    const auto value = count >= 1 && count <= 6 ? hex_digits(count) : std::nullopt;
    if (!value || *value > 0x10FFFF) return reject("expected a code point in {}");
    take_silently(1);
    append(hex_escape(*value));
  }

  void control() {
    if (!is_letter(peek())) return reject("\\c needs a letter");
    append(hex_escape(static_cast<std::uint32_t>(in_[at_++] & 0x1F)));
  }

  char peek() const { return at_ < in_.size() ? in_[at_] : '\0'; }
  void append(std::string_view text) { out_ += text; }
  void take(std::size_t count) {
    out_ += in_.substr(at_, count);
    at_ += count;
  }
  void take_silently(std::size_t count) { at_ += count; }
  void reject(std::string problem) { problem_ = std::move(problem); }

  std::string_view in_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
  std::string problem_;
};

}  // namespace

Result<std::string> pcre2_pattern(std::string_view ecma) {
  return Translator(ecma).run();
}

}  // namespace sequent::schema
