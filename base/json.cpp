#include "base/json.hpp"

#include <algorithm>

namespace sequent {
namespace {

struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};

Position position_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t last_break = before.rfind('\n');
  return {.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')),
          .column = last_break == std::string_view::npos ? offset + 1 : offset - last_break};
}

Error error_at(std::string_view text, std::size_t offset, const std::string& reason) {
  const Position at = position_at(text, offset);
  Error error{.code = ErrorCode::invalid_json,
              .detail = "No JSON at byte " + std::to_string(offset) + " (line " +
                        std::to_string(at.line) + ", column " + std::to_string(at.column) +
                        "): " + reason + "."};
  error.findings.push_back(Finding{
      .message = reason, .line = static_cast<int>(at.line), .column = static_cast<int>(at.column)});
  return error;
}

// The library's words without its prefix ("[json.exception…] parse error at line …: ").
std::string reason_of(std::string_view what) {
  const std::size_t prefix = what.find("] ");
  if (prefix != std::string_view::npos) what.remove_prefix(prefix + 2);
  if (what.starts_with("parse error")) {
    const std::size_t place = what.find(": ");
    if (place != std::string_view::npos) what.remove_prefix(place + 2);
  }
  return std::string{what};
}

// Where nesting passes the bound. Only called once it is known to: brackets in strings don't count.
std::size_t offset_of_depth(std::string_view text, int depth) {
  int open = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      if (++open > depth) return i;
    } else if (!in_string && (c == ']' || c == '}')) {
      --open;
    }
  }
  return text.size();
}

// Builds the value event by event, so that the bound on depth stops the parser before memory or
// stack is spent on a hostile text.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(int max_depth) : max_depth_(max_depth) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t& value) override { return put(std::move(value)); }
  bool start_object(std::size_t) override { return open(Json::value_t::object); }
  bool start_array(std::size_t) override { return open(Json::value_t::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    member_ = &open_.back()->get_ref<Json::object_t&>()[std::move(name)];
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& thrown) override {
    offset = position == 0 ? 0 : position - 1;  // the parser counts bytes from 1
    reason = reason_of(thrown.what());
    return false;
  }

  Json root;
  std::size_t offset = 0;
  std::string reason;
  bool too_deep = false;

 private:
  template <class Value>
  Json* place(Value&& value) {
    if (open_.empty()) {
      root = std::forward<Value>(value);
      return &root;
    }
    if (open_.back()->is_object()) {
      *member_ = std::forward<Value>(value);
      return member_;
    }
    return &open_.back()->get_ref<Json::array_t&>().emplace_back(std::forward<Value>(value));
  }
  template <class Value>
  bool put(Value&& value) {
    place(std::forward<Value>(value));
    return true;
  }
  bool open(Json::value_t kind) {
    if (open_.size() >= static_cast<std::size_t>(max_depth_)) {
      too_deep = true;
      return false;
    }
    open_.push_back(place(Json(kind)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  int max_depth_;
  std::vector<Json*> open_;  // a container never moves while a value inside it is being built
  Json* member_ = nullptr;
};

}  // namespace

Result<Json> parse_json(std::string_view text, int max_depth) {
  Builder builder{max_depth};
  if (Json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.root);
  if (builder.too_deep) {
    const std::string reason = "nested deeper than the limit of " + std::to_string(max_depth) +
                               " levels; flatten the value";
    return std::unexpected(error_at(text, offset_of_depth(text, max_depth), reason));
  }
  return std::unexpected(error_at(text, std::min(builder.offset, text.size()), builder.reason));
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const Json& object, std::string_view member, std::string_view fallback) {
  if (object.is_object()) {
    const auto found = object.find(member);
    if (found != object.end() && found->is_string()) return found->get<std::string>();
  }
  return std::string{fallback};
}

}  // namespace sequent
