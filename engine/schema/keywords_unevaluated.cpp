// unevaluatedItems and unevaluatedProperties.
#include "engine/schema/keywords.hpp"
#include "engine/schema/text.hpp"

namespace sequent::schema {

namespace {

Made make_unevaluated_items(const Site& site) {
  site.node.asks_evaluated = true;
  const Node* node = site.child(site.value, site.suffix());
  const bool refuses = site.value == false;
  const auto rule = [node, refuses](const Frame& frame, const Json& value) {
    if (!value.is_array() || frame.seen->all_items) return true;
    std::vector<std::size_t> seen = frame.seen->items;
    std::ranges::sort(seen);
    bool valid = true;
    for (std::size_t i = frame.seen->first_items; i < value.size(); ++i) {
      if (std::ranges::binary_search(seen, i)) continue;
      const Path path{&frame.at, {}, i, true};
      valid &= refuses
                   ? frame.fail_at(
                         path, [&] { return "expected no item here, got " + described(value[i]); })
                   : frame.item(*node, i, value[i]);
      if (!valid && !frame.run.collecting()) return false;
    }
    frame.seen->all_items = true;
    return valid;
  };
  return make_keyword(site, rule, true);
}

Made make_unevaluated_properties(const Site& site) {
  site.node.asks_evaluated = true;
  const Node* node = site.child(site.value, site.suffix());
  const bool refuses = site.value == false;
  const auto rule = [node, refuses](const Frame& frame, const Json& value) {
    if (!value.is_object() || frame.seen->all_members) return true;
    std::vector<std::string_view> seen = frame.seen->members;
    std::ranges::sort(seen);
    bool valid = true;
    for (const auto& [name, member] : value.items()) {
      if (std::ranges::binary_search(seen, std::string_view(name))) continue;
      const Path path{&frame.at, name, 0, false};
      valid &= refuses ? frame.fail_at(path,
                                       [&] {
                                         return "expected no member " + literal(name) + ", got " +
                                                described(member);
                                       })
                       : frame.member(*node, name, member);
      if (!valid && !frame.run.collecting()) return false;
    }
    frame.seen->all_members = true;
    return valid;
  };
  return make_keyword(site, rule, true);
}

}  // namespace

std::span<const KeywordType> unevaluated_keywords() {
  static constexpr KeywordType types[] = {
      {"unevaluatedItems", In::draft_2020_12, Vocabulary::unevaluated, make_unevaluated_items},
      {"unevaluatedProperties", In::draft_2020_12, Vocabulary::unevaluated,
       make_unevaluated_properties},
  };
  return types;
}

}  // namespace sequent::schema
