// allOf, anyOf, oneOf, not and if: schemas put together.
#include "engine/schema/keywords.hpp"
#include "engine/schema/text.hpp"

namespace sequent::schema {

namespace {

using Branches = std::vector<const Node*>;

std::optional<Branches> branches_of(const Site& site) {
  if (!site.value.is_array()) {
    site.expected("an array of schemas");
    return std::nullopt;
  }
  Branches nodes;
  for (std::size_t i = 0; i < site.value.size(); ++i)
    nodes.push_back(site.in_place(site.value[i], site.suffix() + "/" + std::to_string(i)));
  return nodes;
}

Made make_all_of(const Site& site) {
  const auto branches = branches_of(site);
  if (!branches) return nullptr;
  return make_keyword(site, [nodes = *branches](const Frame& frame, const Json& value) {
    bool valid = true;
    for (const auto* node : nodes) {
      valid &= frame.same_value(*node, value);
      if (!valid && !frame.run.collecting()) return false;
    }
    return valid;
  });
}

// How many steps a pointer takes into the value.
std::size_t depth_of(std::string_view pointer) {
  return static_cast<std::size_t>(std::ranges::count(pointer, '/'));
}

// The signs that a branch was not the one meant: its kind is another, a member that it needs is
// missing, or a member that tells kinds apart (`call: http`) has another value.
std::size_t misfits(const std::vector<Violation>& violations, std::size_t depth) {
  return static_cast<std::size_t>(std::ranges::count_if(violations, [&](const Violation& one) {
    const std::string_view pointer = one.schema_pointer;
    const std::size_t below = depth_of(one.instance_pointer) - depth;
    if (pointer.ends_with("/const") || pointer.ends_with("/enum")) return below <= 1;
    return below == 0 && (pointer.ends_with("/type") || pointer.ends_with("/required"));
  }));
}

// No branch fits: of the one that was most likely meant, the violations help; the others confuse.
bool report_nearest(const Frame& frame, const Json& value, const Branches& nodes) {
  if (!frame.run.collecting()) return false;
  const std::size_t place = frame.run.violations().size();
  std::vector<Violation> nearest;
  const Node* nearest_node = nullptr;
  const std::size_t depth = depth_of(pointer_of(frame.at));
  std::pair<std::size_t, std::size_t> least;
  for (const auto* node : nodes) {
    (void)frame.run.check(*node, value, frame.at, frame.scopes, nullptr);
    auto& all = frame.run.violations();
    const auto start = all.begin() + static_cast<std::ptrdiff_t>(place);
    std::vector<Violation> own(std::make_move_iterator(start), std::make_move_iterator(all.end()));
    all.erase(start, all.end());
    if (own.empty()) continue;
    const std::pair score{misfits(own, depth), own.size()};
    if (nearest_node == nullptr || score < least) {
      least = score;
      nearest = std::move(own);
      nearest_node = node;
    }
  }
  frame.fail([&] {
    std::string message = "expected one of " + std::to_string(nodes.size()) +
                          " alternatives to fit, got " + described(value);
    if (nearest_node != nullptr) message += "; the nearest is \"" + nearest_node->pointer + "\"";
    return message;
  });
  for (auto& violation : nearest)
    if (frame.run.collecting()) frame.run.report(std::move(violation));
  return false;
}

Made make_any_of(const Site& site) {
  const auto branches = branches_of(site);
  if (!branches) return nullptr;
  return make_keyword(site, [nodes = *branches](const Frame& frame, const Json& value) {
    bool any = false;
    for (const auto* node : nodes) {
      any |= frame.probe(*node, value, frame.seen);
      // Later branches only matter to who asks what was evaluated.
      if (any && frame.seen == nullptr) return true;
    }
    return any || report_nearest(frame, value, nodes);
  });
}

Made make_one_of(const Site& site) {
  const auto branches = branches_of(site);
  if (!branches) return nullptr;
  return make_keyword(site, [nodes = *branches](const Frame& frame, const Json& value) {
    const Node* first = nullptr;
    const Node* second = nullptr;
    for (const auto* node : nodes) {
      if (!frame.probe(*node, value, frame.seen)) continue;
      (first == nullptr ? first : second) = node;
      if (second != nullptr) break;
    }
    if (first == nullptr) return report_nearest(frame, value, nodes);
    if (second == nullptr) return true;
    return frame.fail([&] {
      return "expected exactly one of " + std::to_string(nodes.size()) +
             " alternatives to fit, but \"" + first->pointer + "\" and \"" + second->pointer +
             "\" both do: " + described(value);
    });
  });
}

Made make_not(const Site& site) {
  const Node* node = site.in_place(site.value, site.suffix());
  return make_keyword(site, [node](const Frame& frame, const Json& value) {
    if (!frame.probe(*node, value, nullptr)) return true;
    return frame.fail([&] {
      return "expected a value that \"" + node->pointer + "\" does not fit, got " +
             described(value);
    });
  });
}

Made make_if(const Site& site) {
  const auto branch = [&](const char* name) -> const Node* {
    const Json* part = site.sibling(name);
    return part == nullptr ? nullptr : site.in_place(*part, "/" + std::string(name));
  };
  const Node* condition = site.in_place(site.value, site.suffix());
  const Node* then_node = branch("then");
  const Node* else_node = branch("else");
  return make_keyword(site, [=](const Frame& frame, const Json& value) {
    const Node* chosen = frame.probe(*condition, value, frame.seen) ? then_node : else_node;
    return chosen == nullptr || frame.same_value(*chosen, value);
  });
}

}  // namespace

std::span<const KeywordType> logic_keywords() {
  static constexpr KeywordType types[] = {
      {"allOf", In::both, Vocabulary::applicator, make_all_of},
      {"anyOf", In::both, Vocabulary::applicator, make_any_of},
      {"oneOf", In::both, Vocabulary::applicator, make_one_of},
      {"not", In::both, Vocabulary::applicator, make_not},
      {"if", In::both, Vocabulary::applicator, make_if},
  };
  return types;
}

}  // namespace sequent::schema
