#include "engine/definition/document.hpp"

#include "engine/definition/raw_tree.hpp"

namespace sequent::definition {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Length of the UTF-8 sequence that starts here, 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  if (byte(0) < 0x80) return 1;
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF) return tail(1) ? 2 : 0;
  if ((byte(0) & 0xF0) == 0xE0) {
    if (!tail(1) || !tail(2)) return 0;
    if (byte(0) == 0xE0 && byte(1) < 0xA0) return 0;
    return byte(0) == 0xED && byte(1) > 0x9F ? 0 : 3;
  }
  if (byte(0) >= 0xF0 && byte(0) <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (byte(0) == 0xF0 && byte(1) < 0x90) return 0;
    return byte(0) == 0xF4 && byte(1) > 0x8F ? 0 : 4;
  }
  return 0;
}

std::optional<Finding> bad_bytes(std::string_view text) {
  int line = 1;
  int column = 1;
  for (std::size_t at = 0; at < text.size(); ++column) {
    const auto c = static_cast<unsigned char>(text[at]);
    const std::size_t length = utf8_length(text.substr(at));
    const bool control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    if (length == 0 || control) {
      return Finding{.message = control ? "expected text, got a control character"
                                        : "expected UTF-8 text, got bytes that are none",
                     .line = line,
                     .column = column,
                     .hint = "save the file as UTF-8 text"};
    }
    if (c == '\n') {
      ++line;
      column = 0;
    }
    at += length;
  }
  return std::nullopt;
}

bool looks_like_json(std::string_view text) {
  const std::size_t brace = text.find_first_not_of(" \t\r\n");
  if (brace == std::string_view::npos || (text[brace] != '{' && text[brace] != '[')) return false;
  const std::size_t next = text.find_first_not_of(" \t\r\n", brace + 1);
  return next == std::string_view::npos || text[next] == '"' || text[next] == '}' ||
         text[next] == '{' || text[next] == ']';
}

// What a comma too many becomes in YAML.
bool has_empty_key(const RawTree& tree) {
  for (const RawNode& node : tree.nodes) {
    if (node.kind != RawNode::Kind::map) continue;
    for (std::size_t i = 0; i < node.children.size(); i += 2)
      if (tree.nodes[node.children[i]].kind == RawNode::Kind::null) return true;
  }
  return false;
}

// YAML's flow style begins as JSON does: what is no JSON may still be YAML. The message is JSON's
// when it is neither, for that is what its author most likely meant.
RawResult read_tree(std::string_view text, const DocumentLimits& limits) {
  if (!looks_like_json(text)) return read_yaml(text, limits);
  RawResult json = read_json_text(text, limits);
  if (json) return json;
  RawResult yaml = read_yaml(text, limits);
  return yaml && !has_empty_key(*yaml) ? std::move(yaml) : std::move(json);
}

}  // namespace

const Position& Document::at(std::string_view pointer) const {
  static const Position nowhere;
  while (true) {
    const auto found = positions_.find(std::string{pointer});
    if (found != positions_.end()) return found->second;
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return nowhere;
    pointer = pointer.substr(0, slash);
  }
}

void Document::place(std::string pointer, const Position& position) {
  positions_.insert_or_assign(std::move(pointer), position);
}

void Document::keep_text(std::string_view text) {
  text_ = text;
  line_starts_ = {0};
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

std::string_view Document::line(int number) const {
  if (number < 1 || static_cast<std::size_t>(number) > line_starts_.size()) return {};
  const auto index = static_cast<std::size_t>(number - 1);
  const std::size_t begin = line_starts_[index];
  std::size_t end = index + 1 < line_starts_.size() ? line_starts_[index + 1] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view{text_}.substr(begin, end - begin);
}

Place Document::inside_scalar(std::string_view pointer, std::size_t offset) const {
  const Position& position = at(pointer);
  Place place = position.value;
  const std::string_view first = line(place.line);
  switch (position.style) {
    case ScalarStyle::none:
    case ScalarStyle::folded:
      return place;
    case ScalarStyle::plain:
    case ScalarStyle::single_quoted:
    case ScalarStyle::double_quoted: {
      const int quote = position.style == ScalarStyle::plain ? 0 : 1;
      const std::size_t begin = static_cast<std::size_t>(place.column - 1 + quote);
      // Escapes and folded lines shift the text against the file: then the start is all we know.
      const std::string_view rest = begin <= first.size() ? first.substr(begin) : "";
      if (offset >= rest.size() || rest.substr(0, offset).find('\\') != std::string_view::npos)
        return place;
      place.column += quote + static_cast<int>(offset);
      return place;
    }
    case ScalarStyle::literal:
      break;
  }
  const Json::json_pointer path{std::string{pointer}};
  if (!root.contains(path) || !root.at(path).is_string()) return place;
  const std::string_view text = root.at(path).get_ref<const std::string&>();
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  place.line += 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_begin =
      before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string_view text_line =
      text.substr(line_begin, text.find('\n', line_begin) - line_begin);
  const std::size_t indent = line(place.line).find(text_line);
  place.column = static_cast<int>((indent == std::string_view::npos ? 0 : indent) + before.size() -
                                  line_begin) +
                 1;
  return place;
}

std::expected<Document, std::vector<Finding>> read_document(std::string_view text,
                                                            const DocumentLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return std::unexpected(
        std::vector{Finding{.message = "expected at most " + std::to_string(limits.max_bytes) +
                                       " bytes, got " + std::to_string(text.size()),
                            .line = 1,
                            .column = 1,
                            .hint = "split the workflow: `run: workflow` starts another one"}});
  }
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (auto finding = bad_bytes(text)) return std::unexpected(std::vector{*std::move(finding)});
  const RawResult tree = read_tree(text, limits);
  if (!tree) return std::unexpected(std::vector{tree.error()});
  Document document;
  document.keep_text(text);
  if (!expand(*tree, limits, document)) return std::unexpected(std::move(document.findings));
  return document;
}

}  // namespace sequent::definition
