#include "engine/definition/lint/jq_words.hpp"

#include <array>

namespace sequent::definition::lint {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name(char c) {
  return is_name_start(c) || is_digit(c);
}

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  std::vector<Word> run() {
    while (at_ < source_.size()) step();
    return std::move(words_);
  }

 private:
  [[nodiscard]] char here(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  void add(Word::Kind kind, std::size_t began, std::size_t skipped = 0) {
    words_.push_back({.kind = kind,
                      .text = source_.substr(began + skipped, at_ - began - skipped),
                      .offset = began});
  }

  void step() {
    const char c = here();
    const std::size_t began = at_;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at_;
    } else if (c == '#') {
      while (at_ < source_.size() && here() != '\n') ++at_;
    } else if (c == '"') {
      skip_text();
      add(Word::Kind::text, began);
    } else if (is_digit(c) || (c == '.' && is_digit(here(1)))) {
      skip_number();
      add(Word::Kind::number, began);
    } else if ((c == '.' || c == '$') && is_name_start(here(1))) {
      ++at_;
      skip_name();
      add(c == '.' ? Word::Kind::field : Word::Kind::variable, began, 1);
    } else if (is_name_start(c) || c == '@') {
      ++at_;
      skip_name();
      add(Word::Kind::name, began);
    } else {
      at_ += sign_length();
      add(Word::Kind::sign, began);
    }
  }

  void skip_name() {
    while (is_name(here())) ++at_;
  }
  void skip_number() {
    while (is_digit(here()) || here() == '.') ++at_;
    const bool exponent = here() == 'e' || here() == 'E';
    const bool sign = here(1) == '-' || here(1) == '+';
    if (!exponent || !is_digit(here(sign ? 2 : 1))) return;
    at_ += sign ? 2 : 1;
    while (is_digit(here())) ++at_;
  }

  // To after the closing quote; `\( … )` may hold strings of its own.
  void skip_text() {
    ++at_;
    while (at_ < source_.size() && here() != '"') {
      if (here() == '\\' && here(1) == '(') {
        at_ += 2;
        skip_interpolation();
      } else {
        at_ += here() == '\\' ? 2 : 1;
      }
    }
    at_ = std::min(at_ + 1, source_.size());
  }
  void skip_interpolation() {
    for (int depth = 1; at_ < source_.size();) {
      if (here() == '"') {
        skip_text();
        continue;
      }
      if (here() == '(') ++depth;
      if (here() == ')') --depth;
      ++at_;
      if (depth == 0) return;
    }
  }

  [[nodiscard]] std::size_t sign_length() const {
    constexpr std::array<std::string_view, 14> long_signs{
        "?//", "//=", "//", "/=", "*=", "+=", "-=", "%=", "|=", "==", "!=", "<=", ">=", ".."};
    const auto rest = source_.substr(at_);
    for (const auto sign : long_signs)
      if (rest.starts_with(sign)) return sign.size();
    return 1;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::vector<Word> words_;
};

}  // namespace

std::vector<Word> words_of(std::string_view source) {
  return Reader(source).run();
}

}  // namespace sequent::definition::lint
