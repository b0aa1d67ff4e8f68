// Items, their number, and what an array must contain.
#include "engine/schema/keywords.hpp"
#include "engine/schema/numbers.hpp"
#include "engine/schema/text.hpp"

namespace sequent::schema {

namespace {

template <class Allows>
Made make_item_limit(const Site& site, std::string words, Allows allows) {
  const auto limit = site.count();
  if (!limit) return nullptr;
  return make_keyword(site, [limit = *limit, words = std::move(words), allows](const Frame& frame,
                                                                               const Json& value) {
    if (!value.is_array() || allows(value.size(), limit)) return true;
    return frame.fail([&] {
      return "expected " + words + " " + std::to_string(limit) + " items, got " + described(value);
    });
  });
}

Made make_max_items(const Site& site) {
  return make_item_limit(site, "at most",
                         [](std::size_t size, std::size_t limit) { return size <= limit; });
}

Made make_min_items(const Site& site) {
  return make_item_limit(site, "at least",
                         [](std::size_t size, std::size_t limit) { return size >= limit; });
}

Made make_unique_items(const Site& site) {
  if (!site.value.is_boolean()) return site.expected("true or false");
  if (!site.value.get<bool>()) return nullptr;
  return make_keyword(site, [](const Frame& frame, const Json& value) {
    if (!value.is_array() || value.size() < 2) return true;
    std::vector<const Json*> sorted;
    sorted.reserve(value.size());
    for (const auto& item : value) sorted.push_back(&item);
    // Equal items keep their order, so that the message names the first pair.
    std::ranges::stable_sort(sorted,
                             [](auto* left, auto* right) { return compare(*left, *right) < 0; });
    const auto twin = std::ranges::adjacent_find(
        sorted, [](auto* left, auto* right) { return same(*left, *right); });
    if (twin == sorted.end()) return true;
    return frame.fail([&] {
      const auto index = [&](const Json* item) { return std::to_string(item - &value[0]); };
      return "expected items that differ, got " + described(**twin) + " as items " + index(*twin) +
             " and " + index(*(twin + 1));
    });
  });
}

// Items one by one: `prefixItems`, and `items` as draft-07 lists them.
Made make_prefix(const Site& site) {
  if (!site.value.is_array()) return site.expected("an array of schemas");
  std::vector<const Node*> nodes;
  for (std::size_t i = 0; i < site.value.size(); ++i)
    nodes.push_back(site.child(site.value[i], site.suffix() + "/" + std::to_string(i)));
  return make_keyword(site, [nodes](const Frame& frame, const Json& value) {
    if (!value.is_array()) return true;
    const std::size_t size = std::min(nodes.size(), value.size());
    bool valid = true;
    for (std::size_t i = 0; i < size && (valid || frame.run.collecting()); ++i)
      valid &= frame.item(*nodes[i], i, value[i]);
    if (frame.seen != nullptr) frame.seen->first_items = std::max(frame.seen->first_items, size);
    return valid;
  });
}

// Every item from `first` on.
Made make_rest(const Site& site, std::size_t first) {
  const Node* node = site.child(site.value, site.suffix());
  return make_keyword(site, [node, first](const Frame& frame, const Json& value) {
    if (!value.is_array()) return true;
    if (node->always == false && value.size() > first)
      return frame.fail([&] {
        return "expected at most " + std::to_string(first) + " items, got " + described(value);
      });
    bool valid = true;
    for (std::size_t i = first; i < value.size() && (valid || frame.run.collecting()); ++i)
      valid &= frame.item(*node, i, value[i]);
    if (frame.seen != nullptr && value.size() > first) frame.seen->all_items = true;
    return valid;
  });
}

Made make_items(const Site& site) {
  if (site.is_07() && site.value.is_array()) return make_prefix(site);
  const Json* prefix = site.is_07() ? nullptr : site.sibling("prefixItems");
  return make_rest(site, prefix != nullptr && prefix->is_array() ? prefix->size() : 0);
}

Made make_additional_items(const Site& site) {
  const Json* items = site.sibling("items");
  if (items == nullptr || !items->is_array()) return nullptr;
  return make_rest(site, items->size());
}

std::optional<std::size_t> count_of(const Site& site, const char* name) {
  const Json* value = site.is_07() ? nullptr : site.sibling(name);
  if (value == nullptr) return std::nullopt;
  const Site other{site.builder, site.node, site.place, site.schema, *value, name};
  return other.count();
}

Made make_contains(const Site& site) {
  const Node* node = site.child(site.value, site.suffix());
  const std::size_t least = count_of(site, "minContains").value_or(1);
  const std::size_t most = count_of(site, "maxContains").value_or(SIZE_MAX);
  const bool counts = !site.is_07();
  return make_keyword(site, [node, least, most, counts](const Frame& frame, const Json& value) {
    if (!value.is_array()) return true;
    std::size_t found = 0;
    Evaluated* seen = counts ? frame.seen : nullptr;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (!frame.probe_item(*node, i, value[i])) continue;
      ++found;
      if (seen != nullptr) seen->items.push_back(i);
      const bool decided = found >= least && most == SIZE_MAX;
      if (seen == nullptr && decided) return true;
    }
    if (found >= least && found <= most) return true;
    return frame.fail([&] {
      const std::string wanted =
          found < least ? "at least " + std::to_string(least) : "at most " + std::to_string(most);
      return "expected " + wanted + " of the items to match \"" + node->pointer + "\", got " +
             std::to_string(found) + " in an " + described(value);
    });
  });
}

}  // namespace

std::span<const KeywordType> array_keywords() {
  static constexpr KeywordType types[] = {
      {"maxItems", In::both, Vocabulary::validation, make_max_items},
      {"minItems", In::both, Vocabulary::validation, make_min_items},
      {"uniqueItems", In::both, Vocabulary::validation, make_unique_items},
      {"prefixItems", In::draft_2020_12, Vocabulary::applicator, make_prefix},
      {"items", In::both, Vocabulary::applicator, make_items},
      {"additionalItems", In::draft_07, Vocabulary::applicator, make_additional_items},
      {"contains", In::both, Vocabulary::applicator, make_contains},
  };
  return types;
}

}  // namespace sequent::schema
