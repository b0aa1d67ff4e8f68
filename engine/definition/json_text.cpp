// JSON text -> RawTree. YAML's parser reads most JSON, but not all of it (surrogate pairs, tabs),
// so definitions that are JSON have a reader of their own.
#include "engine/definition/raw_tree.hpp"

namespace sequent::definition {
namespace {

struct Stop {
  Finding finding;
};

class JsonText {
 public:
  JsonText(std::string_view text, const DocumentLimits& limits) : text_{text}, limits_{limits} {}

  RawTree read() {
    tree_.root = value(0);
    skip_space();
    if (at_ < text_.size()) stop("expected the end of the document, got " + here());
    return std::move(tree_);
  }

 private:
  [[noreturn]] void stop(const std::string& what) const {
    throw Stop{Finding{.message = "this is no JSON: " + what,
                       .line = line_,
                       .column = static_cast<int>(at_ - line_start_) + 1}};
  }
  std::string here() const {
    if (at_ >= text_.size()) return "the end of the text";
    return "'" + std::string{text_.substr(at_, 1)} + "'";
  }
  Place place() const { return {.line = line_, .column = static_cast<int>(at_ - line_start_) + 1}; }
  void skip_space() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }
  std::uint32_t add(RawNode node) {
    if (tree_.nodes.size() >= limits_.max_nodes)
      throw Stop{too_many_nodes(node.place, limits_.max_nodes)};
    tree_.nodes.push_back(std::move(node));
    return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    skip_space();
    if (!take(c)) stop(std::string{"expected '"} + c + "', got " + here());
  }

  std::uint32_t value(int depth) {
    skip_space();
    if (at_ >= text_.size()) stop("expected a value, got the end of the text");
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      if (depth >= limits_.max_depth) throw Stop{too_deep(place(), limits_.max_depth)};
      return c == '{' ? object(depth) : array(depth);
    }
    return c == '"' ? string() : word();
  }
  std::uint32_t object(int depth) {
    const std::uint32_t index = add({.kind = RawNode::Kind::map, .place = place()});
    ++at_;
    skip_space();
    if (take('}')) return index;
    do {
      skip_space();
      if (at_ >= text_.size() || text_[at_] != '"')
        stop("expected a member's name in quotes, got " + here());
      const std::uint32_t key = string();
      expect(':');
      const std::uint32_t member = value(depth + 1);
      tree_.nodes[index].children.push_back(key);
      tree_.nodes[index].children.push_back(member);
      skip_space();
    } while (take(','));
    expect('}');
    return index;
  }
  std::uint32_t array(int depth) {
    const std::uint32_t index = add({.kind = RawNode::Kind::list, .place = place()});
    ++at_;
    skip_space();
    if (take(']')) return index;
    do {
      const std::uint32_t item = value(depth + 1);
      tree_.nodes[index].children.push_back(item);
      skip_space();
    } while (take(','));
    expect(']');
    return index;
  }
  // The library decodes one string or number; only the positions are ours.
  std::uint32_t string() {
    const Place start = place();
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) stop("a control character in a string");
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size()) {
      at_ = text_.size();
      stop("expected '\"' at the end of a string, got the end of the text");
    }
    ++at_;
    const Json decoded = Json::parse(text_.substr(begin, at_ - begin), nullptr, false);
    if (!decoded.is_string()) {
      at_ = begin;
      stop("a string with an escape that JSON does not have");
    }
    return add({.kind = RawNode::Kind::scalar, .text = decoded.get<std::string>(), .place = start});
  }
  std::uint32_t word() {
    const Place start = place();
    const std::size_t begin = at_;
    constexpr std::string_view parts =
        "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    while (at_ < text_.size() && parts.find(text_[at_]) != std::string_view::npos) ++at_;
    const std::string_view text = text_.substr(begin, at_ - begin);
    const Json decoded = Json::parse(text, nullptr, false);
    if (text.empty() || decoded.is_discarded()) {
      at_ = begin;
      stop("expected a value, got " + (text.empty() ? here() : "'" + std::string{text} + "'"));
    }
    if (decoded.is_null()) return add({.kind = RawNode::Kind::null, .place = start});
    return add(
        {.kind = RawNode::Kind::scalar, .plain = true, .text = std::string{text}, .place = start});
  }

  std::string_view text_;
  const DocumentLimits& limits_;
  RawTree tree_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
};

}  // namespace

RawResult read_json_text(std::string_view text, const DocumentLimits& limits) {
  try {
    return JsonText{text, limits}.read();
  } catch (const Stop& stop) {
    return std::unexpected(stop.finding);
  }
}

}  // namespace sequent::definition
