#include "engine/expression/plain_path.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/expression/characters.hpp"
#include "engine/expression/value.hpp"

namespace sequent::expression {
namespace {

constexpr std::array keywords{
    std::string_view{"as"},     std::string_view{"import"},  std::string_view{"include"},
    std::string_view{"module"}, std::string_view{"def"},     std::string_view{"if"},
    std::string_view{"then"},   std::string_view{"else"},    std::string_view{"elif"},
    std::string_view{"and"},    std::string_view{"or"},      std::string_view{"end"},
    std::string_view{"reduce"}, std::string_view{"foreach"}, std::string_view{"try"},
    std::string_view{"catch"},  std::string_view{"label"},   std::string_view{"break"}};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool done() const { return text_.empty(); }
  [[nodiscard]] char peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool take(char c) {
    if (peek() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> name() {
    if (!is_name_start(peek())) return std::nullopt;
    const auto size = std::ranges::find_if_not(text_, is_name) - text_.begin();
    return std::string(cut(static_cast<std::size_t>(size)));
  }
  // Only strings that read the same in jq and JSON: no escapes, no control characters.
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    const auto size = text_.find('"');
    if (size == std::string_view::npos) return std::nullopt;
    auto value = std::string(cut(size));
    text_.remove_prefix(1);
    const bool simple = std::ranges::none_of(
        value, [](char c) { return c == '\\' || static_cast<unsigned char>(c) < 0x20; });
    if (!simple || !is_utf8(value)) return std::nullopt;
    return value;
  }
  std::optional<std::int64_t> index() {
    const bool negative = take('-');
    std::size_t size = 0;
    while (size < text_.size() && is_digit(text_[size])) ++size;
    if (size == 0 || size > 9) return std::nullopt;
    std::int64_t value = 0;
    for (const char c : cut(size)) value = value * 10 + (c - '0');
    return negative ? -value : value;
  }

 private:
  std::string_view cut(std::size_t size) {
    const auto part = text_.substr(0, size);
    text_.remove_prefix(size);
    return part;
  }
  std::string_view text_;
};

std::optional<PlainPath::Step> bracket_step(Reader& reader) {
  std::optional<PlainPath::Step> step;
  if (reader.peek() == '"') {
    if (auto key = reader.string()) step = *key;
  } else if (const auto index = reader.index()) {
    step = *index;
  }
  if (!step || !reader.take(']')) return std::nullopt;
  return step;
}

// The steps after the root. `dotted`: the root's own dot has been read already (`.a`, `."a"`, `.[0]`).
bool read_steps(Reader& reader, bool dotted, PlainPath& path) {
  while (!reader.done() || dotted) {
    if (reader.take('[')) {
      auto step = bracket_step(reader);
      if (!step) return false;
      path.steps.push_back(std::move(*step));
    } else {
      if (!dotted && !reader.take('.')) return false;
      auto key = reader.peek() == '"' ? reader.string() : reader.name();
      if (!key) return false;
      path.steps.emplace_back(std::move(*key));
    }
    dotted = false;
  }
  return true;
}

std::optional<Json> parse_literal(std::string_view source) {
  if (source == "null") return Json(nullptr);
  if (source == "true") return Json(true);
  if (source == "false") return Json(false);
  if (source.front() == '"') {
    Reader reader(source);
    if (auto text = reader.string(); text && reader.done()) return Json(std::move(*text));
    return std::nullopt;
  }
  if (!is_digit(source.front()) || source.size() > 15) return std::nullopt;
  auto number = Json::parse(source, nullptr, false);
  if (!number.is_number()) return std::nullopt;
  return from_number(number.get<double>());
}

std::string kind_name(const Json& value) {
  if (value.is_boolean()) return "boolean";
  if (value.is_number()) return "number";
  return value.type_name();
}

std::unexpected<Error> cannot_index(const Json& value, const PlainPath::Step& step) {
  // jq 1.6 shows a key only when it is shorter than 30 bytes.
  const auto* key = std::get_if<std::string>(&step);
  std::string what = key == nullptr      ? " with number"
                     : key->size() >= 30 ? " with string"
                                         : " with string \"" + *key + "\"";
  return fail(ErrorCode::expression, "Cannot index " + kind_name(value) + what);
}

}  // namespace

std::optional<PlainPath> parse_plain_path(std::string_view source) {
  while (!source.empty() && (source.front() == ' ' || source.front() == '\n'))
    source.remove_prefix(1);
  while (!source.empty() && (source.back() == ' ' || source.back() == '\n'))
    source.remove_suffix(1);
  if (source.empty()) return std::nullopt;
  PlainPath path;
  Reader reader(source);
  if (reader.take('.')) {
    if (reader.done()) return path;
    return read_steps(reader, true, path) ? std::optional(path) : std::nullopt;
  }
  if (reader.take('$')) {
    auto name = reader.name();
    if (!name || name->starts_with("__") || std::ranges::find(keywords, *name) != keywords.end())
      return std::nullopt;
    path.root = std::move(*name);
    return read_steps(reader, false, path) ? std::optional(path) : std::nullopt;
  }
  path.literal = parse_literal(source);
  return path.literal ? std::optional(path) : std::nullopt;
}

Result<Json> follow(const PlainPath& path, const Json& root) {
  if (path.literal) return *path.literal;
  static const Json null;
  const Json* at = &root;
  for (const auto& step : path.steps) {
    if (at->is_null()) continue;  // whatever follows, null stays null
    if (const auto* key = std::get_if<std::string>(&step)) {
      if (!at->is_object()) return cannot_index(*at, step);
      const auto member = at->find(*key);
      at = member == at->end() ? &null : &*member;
    } else {
      if (!at->is_array()) return cannot_index(*at, step);
      const auto size = static_cast<std::int64_t>(at->size());
      const auto index = std::get<std::int64_t>(step);
      const auto place = index < 0 ? index + size : index;
      at = place < 0 || place >= size ? &null : &(*at)[static_cast<std::size_t>(place)];
    }
  }
  return *at;
}

}  // namespace sequent::expression
