#include "engine/runtime/where.hpp"

#include <algorithm>
#include <array>

#include "engine/runtime/where_terms.hpp"

namespace sequent::runtime {
namespace {

using Compare = RunTerm::Compare;
using search::Value;
using search::wrong;

constexpr std::size_t most_conditions = 64;
constexpr std::size_t most_values = 1'000;

/// Reads one text from left to right. What is wrong first is what is said.
class Reader {
 public:
  Reader(std::string_view text, Timestamp now, RunFilter& filter)
      : text_(text), now_(now), filter_(filter) {}

  Result<void> read() {
    for (std::size_t count = 0;; ++count) {
      if (count == most_conditions)
        return wrong(column(), "expected at most " + std::to_string(most_conditions) +
                                   " conditions, got more");
      if (const auto condition = read_condition(); !condition) return condition;
      skip_space();
      if (at_end()) return {};
      const auto where = column();
      const auto joint = bare_word();
      if (joint == "and" || joint == "AND") continue;
      if (joint == "or" || joint == "OR")
        return wrong(where, "conditions are joined by `and` only",
                     "several values of one field: `status in (faulted, suspended)`");
      return wrong(where, "expected `and` or the end, got " + shown(joint));
    }
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] std::size_t column() const { return at_ + 1; }
  void skip_space() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  [[nodiscard]] static bool ends_word(char c) {
    return std::string_view{" \t\n,()=!~<>'\""}.find(c) != std::string_view::npos;
  }
  std::string bare_word() {
    const auto begin = at_;
    while (!at_end() && !ends_word(text_[at_])) ++at_;
    return std::string{text_.substr(begin, at_ - begin)};
  }
  [[nodiscard]] std::string shown(const std::string& word) const {
    if (!word.empty()) return "`" + word + "`";
    return at_end() ? "the end" : "`" + std::string(1, text_[at_]) + "`";
  }
  Result<void> read_condition() {
    skip_space();
    RunTerm term;
    const auto name_at = column();
    const auto name = bare_word();
    if (name.empty())
      return wrong(name_at, "expected a field, got " + shown(name), search::known_fields());
    const auto kind = search::field_of(name, term);
    if (!kind && name != "text" && name != "id") return search::no_field(name_at, name);
    const auto compare_at = column();
    std::vector<Value> values;
    if (const auto read = read_comparison(term, values); !read) return read;
    if (!kind) return add_text(name_at, term, values);
    return search::add_condition(filter_, now_, *kind, compare_at, std::move(term), values);
  }

  Result<void> read_comparison(RunTerm& term, std::vector<Value>& values) {
    skip_space();
    const auto where = column();
    struct Sign {
      std::string_view text;
      Compare compare;
    };
    static constexpr std::array signs{Sign{"!=", Compare::not_equal}, Sign{"!~", Compare::not_like},
                                      Sign{"<=", Compare::at_most},   Sign{">=", Compare::at_least},
                                      Sign{"=", Compare::equal},      Sign{"~", Compare::like},
                                      Sign{"<", Compare::less},       Sign{">", Compare::more}};
    for (const Sign& sign : signs) {
      if (!text_.substr(at_).starts_with(sign.text)) continue;
      at_ += sign.text.size();
      term.compare = sign.compare;
      values.emplace_back();
      return read_value(values.back());
    }
    auto word = bare_word();
    if (word == "not" || word == "NOT") {
      term.compare = Compare::not_equal;
      skip_space();
      word = bare_word();
    }
    if (word == "in" || word == "IN") return read_list(values);
    return wrong(where, "expected =, !=, ~, !~, <, <=, >, >= or in (…), got " + shown(word));
  }

  Result<void> read_list(std::vector<Value>& values) {
    skip_space();
    if (at_end() || text_[at_] != '(')
      return wrong(column(), "expected ( after `in`, got " + shown(""));
    ++at_;
    while (values.size() < most_values) {
      values.emplace_back();
      if (const auto read = read_value(values.back()); !read) return read;
      skip_space();
      if (at_end()) return wrong(column(), "expected , or ), got the end");
      const char next = text_[at_++];
      if (next == ')') return {};
      if (next != ',')
        return wrong(column() - 1, "expected , or ), got `" + std::string(1, next) + "`");
    }
    return wrong(column(), "expected at most " + std::to_string(most_values) + " values, got more");
  }

  Result<void> read_value(Value& value) {
    skip_space();
    value.column = column();
    if (!at_end() && (text_[at_] == '"' || text_[at_] == '\'')) {
      const char quote = text_[at_++];
      const auto end = text_.find(quote, at_);
      if (end == std::string_view::npos)
        return wrong(value.column, "the text in quotes does not end");
      value.text = std::string{text_.substr(at_, end - at_)};
      value.quoted = true;
      at_ = end + 1;
      return {};
    }
    value.text = bare_word();
    if (value.text.empty()) return wrong(value.column, "expected a value, got " + shown(""));
    return {};
  }

  Result<void> add_text(std::size_t where, const RunTerm& term, const std::vector<Value>& values) {
    if (values.size() != 1 || (term.compare != Compare::equal && term.compare != Compare::like))
      return wrong(where, "`text` and `id` take = or ~ and one value");
    if (!filter_.text.empty()) return wrong(where, "`text` or `id` came twice");
    filter_.text = values.front().text;
    return {};
  }

  std::string_view text_;
  Timestamp now_;
  RunFilter& filter_;
  std::size_t at_ = 0;
};

}  // namespace

Result<void> read_where(std::string_view text, Timestamp now, RunFilter& filter) {
  constexpr std::size_t most_bytes = 64'000;
  if (text.size() > most_bytes)
    return fail(ErrorCode::invalid_request, "Expected a search of at most " +
                                                std::to_string(most_bytes) + " bytes, got " +
                                                std::to_string(text.size()) + ".");
  return Reader{text, now, filter}.read();
}

std::optional<DurationMs> read_length(std::string_view text) {
  if (const auto duration = parse_duration(text)) return duration;
  constexpr std::size_t most_digits = 9;
  if (text.size() < 2 || text.size() > most_digits + 1) return std::nullopt;
  const auto digits = text.substr(0, text.size() - 1);
  const auto unit = std::string_view("smhdw").find(text.back());
  if (digits.find_first_not_of("0123456789") != std::string_view::npos ||
      unit == std::string_view::npos)
    return std::nullopt;
  constexpr std::array<DurationMs, 5> units{1'000, 60'000, 3'600'000, 86'400'000, 604'800'000};
  return std::stoll(std::string(digits)) * units[unit];
}

std::span<const std::string_view> dimensions() {
  static constexpr std::array<std::string_view, 14> known{
      "status",       "workflow",    "namespace", "version",     "task",
      "waiting",      "provider",    "operation", "park_reason", "error_type",
      "error_status", "error_title", "key",       "started_by"};
  return known;
}

std::optional<std::string> attribute_dimension(std::string_view dimension) {
  RunTerm term;
  const auto kind = search::field_of(std::string(dimension), term);
  if (!kind || term.field != RunTerm::Field::attribute) return std::nullopt;
  return std::move(term.attribute);
}

}  // namespace sequent::runtime
