// RawTree -> Document: aliases and merge keys expanded within limits, scalars typed, places noted.
#include "base/json_pointer.hpp"
#include "engine/definition/raw_tree.hpp"

namespace sequent::definition {
namespace {

std::string where(Place place) {
  return "line " + std::to_string(place.line) + ", column " + std::to_string(place.column);
}

// Expands aliases and merge keys of a RawTree into JSON, and notes where everything stands.
class Expander {
 public:
  Expander(const RawTree& tree, const DocumentLimits& limits, Document& document)
      : tree_{tree}, limits_{limits}, document_{document} {}

  bool run() {
    document_.root = value(tree_.root, "", tree_.nodes[tree_.root].place, 0);
    return !stopped_;
  }

 private:
  void report(const std::string& pointer, Place place, std::string message, std::string hint) {
    document_.findings.push_back(Finding{.message = std::move(message),
                                         .pointer = pointer,
                                         .line = place.line,
                                         .column = place.column,
                                         .hint = std::move(hint)});
  }
  // Counts one expanded node; once a limit is passed nothing more is expanded.
  bool enter(const RawNode& node, int depth) {
    if (stopped_) return false;
    if (depth > limits_.max_depth) {
      document_.findings.push_back(too_deep(node.place, limits_.max_depth));
      stopped_ = true;
    } else if (++expanded_ > limits_.max_nodes) {
      document_.findings.push_back(too_many_nodes(node.place, limits_.max_nodes));
      stopped_ = true;
    }
    return !stopped_;
  }

  Json value(std::uint32_t index, const std::string& pointer, Place key, int depth) {
    const RawNode& node = tree_.nodes[index];
    if (!enter(node, depth)) return nullptr;
    if (node.kind == RawNode::Kind::alias) return value(node.target, pointer, key, depth + 1);
    document_.place(pointer, {.key = key, .value = node.place, .style = style_of(node)});
    switch (node.kind) {
      case RawNode::Kind::null:
      case RawNode::Kind::alias:
        return nullptr;
      case RawNode::Kind::scalar:
        return scalar(node, pointer);
      case RawNode::Kind::list:
        return list(node, pointer, depth);
      case RawNode::Kind::map: {
        check_tag(node, pointer, "tag:yaml.org,2002:map");
        Json out = Json::object();
        members(node, pointer, depth, out);
        return out;
      }
    }
    return nullptr;
  }

  void check_tag(const RawNode& node, const std::string& pointer, std::string_view expected) {
    if (node.tag.empty() || node.tag == expected) return;
    report(pointer, node.place, "the YAML tag `" + node.tag + "` is not supported here",
           "remove the tag");
  }

  Json list(const RawNode& node, const std::string& pointer, int depth) {
    check_tag(node, pointer, "tag:yaml.org,2002:seq");
    Json out = Json::array();
    for (std::size_t i = 0; i < node.children.size() && !stopped_; ++i) {
      const RawNode& item = tree_.nodes[node.children[i]];
      out.push_back(
          value(node.children[i], pointer + "/" + std::to_string(i), item.place, depth + 1));
    }
    return out;
  }

  void members(const RawNode& node, const std::string& pointer, int depth, Json& out) {
    std::map<std::string, Place> seen;
    std::vector<std::uint32_t> merges;
    for (std::size_t i = 0; i + 1 < node.children.size() && !stopped_; i += 2) {
      const RawNode& key = tree_.nodes[node.children[i]];
      if (key.kind == RawNode::Kind::scalar && key.plain && key.text == "<<") {
        merges.push_back(node.children[i + 1]);
        continue;
      }
      if (key.kind != RawNode::Kind::scalar) {
        report(pointer, key.place, "expected a name as the key of a member, got " + kind_name(key),
               "keys are text; check for a missing name before `:`");
        continue;
      }
      const auto [first, fresh] = seen.emplace(key.text, key.place);
      const std::string member = pointer + "/" + pointer_segment(key.text);
      if (!fresh) {
        report(member, key.place,
               "the member `" + key.text + "` is given twice; it stands first at " +
                   where(first->second),
               "remove one of the two");
        continue;
      }
      out[key.text] = value(node.children[i + 1], member, key.place, depth + 1);
    }
    for (const std::uint32_t merge : merges) this->merge(merge, pointer, depth + 1, out);
  }

  // `<<`: members of the named map or maps, as far as the map has them not itself.
  void merge(std::uint32_t index, const std::string& pointer, int depth, Json& out) {
    const RawNode& node = tree_.nodes[index];
    if (!enter(node, depth)) return;
    switch (node.kind) {
      case RawNode::Kind::alias:
        merge(node.target, pointer, depth + 1, out);
        return;
      case RawNode::Kind::list:
        for (const std::uint32_t item : node.children) merge(item, pointer, depth + 1, out);
        return;
      case RawNode::Kind::map:
        merge_members(node, pointer, depth, out);
        return;
      case RawNode::Kind::null:
      case RawNode::Kind::scalar:
        report(pointer, node.place, "expected a map or a list of maps after `<<`, got text",
               "write `<<: *anchor`");
        return;
    }
  }
  void merge_members(const RawNode& node, const std::string& pointer, int depth, Json& out) {
    for (std::size_t i = 0; i + 1 < node.children.size() && !stopped_; i += 2) {
      const RawNode& key = tree_.nodes[node.children[i]];
      if (key.kind != RawNode::Kind::scalar) continue;  // reported where the map itself stands
      if (key.plain && key.text == "<<") {
        merge(node.children[i + 1], pointer, depth + 1, out);
      } else if (!out.contains(key.text)) {
        const std::string member = pointer + "/" + pointer_segment(key.text);
        out[key.text] = value(node.children[i + 1], member, key.place, depth + 1);
      }
    }
  }

  Json scalar(const RawNode& node, const std::string& pointer) {
    constexpr std::string_view core = "tag:yaml.org,2002:";
    if (!node.tag.empty()) {
      const bool is_core = node.tag.starts_with(core);
      const std::string type = is_core ? node.tag.substr(core.size()) : std::string{};
      if (type == "str") return node.text;
      const CoreScalar typed = core_scalar(node.text);
      const bool fits = (type == "int" && typed.value.is_number_integer()) ||
                        (type == "float" && typed.value.is_number()) ||
                        (type == "bool" && typed.value.is_boolean()) ||
                        (type == "null" && typed.value.is_null());
      if (fits) return typed.value;
      report(pointer, node.place,
             "the YAML tag `" + node.tag + "` does not fit `" + node.text + "`",
             "remove the tag; JSON's types are all that a definition has");
      return node.text;
    }
    if (!node.plain) return node.text;
    CoreScalar typed = core_scalar(node.text);
    if (!typed.representable) {
      report(pointer, node.place, "expected a number that JSON can hold, got " + node.text,
             "put it into quotes when it is meant as text");
    }
    return std::move(typed.value);
  }

  [[nodiscard]] ScalarStyle style_of(const RawNode& node) const {
    if (node.kind != RawNode::Kind::scalar) return ScalarStyle::none;
    if (node.plain) return ScalarStyle::plain;
    const std::string_view line = document_.line(node.place.line);
    const auto column = static_cast<std::size_t>(node.place.column);
    const char mark = column >= 1 && column <= line.size() ? line[column - 1] : '\0';
    switch (mark) {
      case '|':
        return ScalarStyle::literal;
      case '>':
        return ScalarStyle::folded;
      case '"':
        return ScalarStyle::double_quoted;
      case '\'':
        return ScalarStyle::single_quoted;
      default:
        return ScalarStyle::none;
    }
  }
  static std::string kind_name(const RawNode& node) {
    switch (node.kind) {
      case RawNode::Kind::null:
        return "nothing";
      case RawNode::Kind::scalar:
        return "`" + node.text + "`";
      case RawNode::Kind::list:
        return "a list";
      case RawNode::Kind::map:
        return "a map";
      case RawNode::Kind::alias:
        return "an alias";
    }
    return "nothing";
  }

  const RawTree& tree_;
  const DocumentLimits& limits_;
  Document& document_;
  std::size_t expanded_ = 0;
  bool stopped_ = false;
};

}  // namespace

Finding too_deep(Place place, int limit) {
  return {.message = "the document is nested deeper than " + std::to_string(limit) + " levels",
          .line = place.line,
          .column = place.column,
          .hint = "move parts into functions (`use.functions`) or into workflows of their own"};
}

Finding too_many_nodes(Place place, std::size_t limit) {
  return {.message = "the document has more than " + std::to_string(limit) +
                     " values once its aliases are expanded",
          .line = place.line,
          .column = place.column,
          .hint = "split the workflow, or expand fewer aliases"};
}

bool expand(const RawTree& tree, const DocumentLimits& limits, Document& document) {
  return Expander{tree, limits, document}.run();
}

}  // namespace sequent::definition
