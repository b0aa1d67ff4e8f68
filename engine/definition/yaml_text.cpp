// YAML text -> RawTree, through the events of yaml-cpp, so that limits hold while it parses.
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>

#include "engine/definition/raw_tree.hpp"

namespace sequent::definition {
namespace {

// Leaves the parser from inside one of its callbacks; never passes read_yaml().
struct Stop {
  Finding finding;
};

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {.line = mark.line + 1, .column = mark.column + 1};
}

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const DocumentLimits& limits) : limits_{limits} {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const Place place = place_of(mark);
    throw Stop{Finding{.message = "expected one document, got a second one after `---`",
                       .line = place.line,
                       .column = place.column,
                       .hint = "write each workflow into a file of its own"}};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add({.kind = RawNode::Kind::null, .place = place_of(mark)}, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RawNode node{.kind = RawNode::Kind::alias, .place = place_of(mark)};
    const std::uint32_t target = anchor < anchors_.size() ? anchors_[anchor] : 0;
    // An open collection contains its own alias: expanding it would never end.
    for (const std::uint32_t open : open_) {
      if (open != target) continue;
      throw Stop{Finding{.message = "an alias must not contain itself",
                         .line = node.place.line,
                         .column = node.place.column,
                         .hint = "remove the alias inside its own anchor"}};
    }
    node.target = target;
    add(std::move(node), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RawNode node{.kind = RawNode::Kind::scalar, .text = value, .place = place_of(mark)};
    // yaml-cpp marks unquoted scalars with "?" and the others with "!".
    node.plain = tag == "?";
    if (tag != "?" && tag != "!") node.tag = tag;
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open({.kind = RawNode::Kind::list, .tag = own_tag(tag), .place = place_of(mark)}, anchor);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open({.kind = RawNode::Kind::map, .tag = own_tag(tag), .place = place_of(mark)}, anchor);
  }
  void OnMapEnd() override { open_.pop_back(); }

  RawTree take() {
    if (tree_.nodes.empty()) tree_.nodes.emplace_back();
    return std::move(tree_);
  }

 private:
  static std::string own_tag(const std::string& tag) {
    return tag == "?" || tag == "!" ? std::string{} : tag;
  }

  std::uint32_t add(RawNode node, YAML::anchor_t anchor) {
    if (tree_.nodes.size() >= limits_.max_nodes)
      throw Stop{too_many_nodes(node.place, limits_.max_nodes)};
    const auto index = static_cast<std::uint32_t>(tree_.nodes.size());
    tree_.nodes.push_back(std::move(node));
    if (!open_.empty()) tree_.nodes[open_.back()].children.push_back(index);
    if (anchor != 0) {
      if (anchors_.size() <= anchor) anchors_.resize(anchor + 1, 0);
      anchors_[anchor] = index;
    }
    return index;
  }
  void open(RawNode node, YAML::anchor_t anchor) {
    if (open_.size() >= static_cast<std::size_t>(limits_.max_depth))
      throw Stop{too_deep(node.place, limits_.max_depth)};
    open_.push_back(add(std::move(node), anchor));
  }

  const DocumentLimits& limits_;
  RawTree tree_;
  std::vector<std::uint32_t> open_;
  std::vector<std::uint32_t> anchors_;
  int documents_ = 0;
};

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line && !text.empty(); ++i) {
    const std::size_t end = text.find('\n');
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// A tab in the indentation puzzles the parser somewhere behind it, in many different words.
std::optional<Finding> tab_before(std::string_view text, int last_line) {
  for (int line = 1; line <= last_line && !text.empty(); ++line) {
    const std::string_view spaces = text.substr(0, text.find_first_not_of(" \t"));
    const std::size_t tab = spaces.find('\t');
    if (tab != std::string_view::npos) {
      return Finding{.message = "this is no YAML: expected spaces as indentation, got a tab",
                     .line = line,
                     .column = static_cast<int>(tab) + 1,
                     .hint = "indent with spaces; YAML does not allow tabs there"};
    }
    const std::size_t end = text.find('\n');
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return std::nullopt;
}

// The parser takes the end of the text for the end of a quoted scalar; only the last can be open.
std::optional<Finding> open_quote(std::string_view text, const RawTree& tree) {
  const RawNode& last = tree.nodes.back();
  if (last.kind != RawNode::Kind::scalar || last.plain) return std::nullopt;
  const std::string_view line = line_of(text, last.place.line);
  const auto column = static_cast<std::size_t>(last.place.column);
  if (column < 1 || column > line.size()) return std::nullopt;
  const char quote = line[column - 1];
  if (quote != '"' && quote != '\'') return std::nullopt;
  const auto begin = static_cast<std::size_t>(line.data() - text.data()) + column;
  for (std::size_t at = begin; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      return std::nullopt;
    }
  }
  return Finding{.message = std::string{"this is no YAML: the quote "} + quote + " is never closed",
                 .line = last.place.line,
                 .column = last.place.column,
                 .hint = "close it where the text ends"};
}

// The parser's words where they help, ours where they puzzle.
Finding finding_of(const YAML::Exception& error, std::string_view text) {
  const Place place = place_of(error.mark);
  if (auto tab = tab_before(text, place.line)) return *std::move(tab);
  Finding finding{
      .message = "this is no YAML: " + error.msg, .line = place.line, .column = place.column};
  const std::string& words = error.msg;
  if (words.find("illegal map value") != std::string::npos) {
    finding.hint = "put text that contains `: ` into quotes, and check the indentation";
  } else if (words.find("end of map not found") != std::string::npos ||
             words.find("end of sequence not found") != std::string::npos) {
    finding.hint = "check the indentation: every member of one object starts in the same column";
  } else if (words.find("anchor") != std::string::npos) {
    finding.hint = "define the anchor (`&name`) before it is used (`*name`)";
  }
  return finding;
}

}  // namespace

RawResult read_yaml(std::string_view text, const DocumentLimits& limits) {
  TreeBuilder builder{limits};
  try {
    std::istringstream stream{std::string{text}};
    YAML::Parser parser{stream};
    if (parser.HandleNextDocument(builder)) {
      // The second call finds the end, or makes the builder refuse the next document.
      parser.HandleNextDocument(builder);
    }
  } catch (const Stop& stop) {
    return std::unexpected(stop.finding);
  } catch (const YAML::DeepRecursion& error) {
    return std::unexpected(too_deep(place_of(error.mark), limits.max_depth));
  } catch (const YAML::Exception& error) {
    return std::unexpected(finding_of(error, text));
  }
  RawTree tree = builder.take();
  if (auto finding = open_quote(text, tree)) return std::unexpected(*std::move(finding));
  return tree;
}

}  // namespace sequent::definition
