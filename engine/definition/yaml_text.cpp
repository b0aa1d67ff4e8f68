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

// The parser's words where they help, ours where they puzzle.
Finding finding_of(const YAML::Exception& error) {
  const Place place = place_of(error.mark);
  Finding finding{
      .message = "this is no YAML: " + error.msg, .line = place.line, .column = place.column};
  const std::string& words = error.msg;
  if (words.find("tab") != std::string::npos) {
    finding.hint = "indent with spaces; YAML does not allow tabs there";
  } else if (words.find("illegal map value") != std::string::npos) {
    finding.hint = "put text that contains `: ` into quotes, and check the indentation";
  } else if (words.find("end of map not found") != std::string::npos ||
             words.find("end of sequence not found") != std::string::npos) {
    finding.hint = "check the indentation: every member of one object starts in the same column";
  } else if (words.find("alias") != std::string::npos) {
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
    return std::unexpected(finding_of(error));
  }
  return builder.take();
}

}  // namespace sequent::definition
