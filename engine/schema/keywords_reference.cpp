// $ref and $dynamicRef.
#include "engine/schema/keywords.hpp"
#include "engine/schema/text.hpp"
#include "engine/schema/uri.hpp"

namespace sequent::schema {

namespace {

// Where the reference leads before anything is known of the dynamic scope.
std::optional<Place> target_of(const Site& site) {
  if (!site.value.is_string()) {
    site.expected("a URI reference");
    return std::nullopt;
  }
  const auto& reference = site.value.get_ref<const std::string&>();
  const std::string uri = resolve_uri(site.place.resource->uri, reference);
  auto found = site.builder.registry().find(uri, fragment_of(reference));
  if (!found) {
    const bool known = site.builder.registry().find(uri, "").has_value();
    const std::string why =
        known ? "that document has no such part or anchor"
              : "no document is known by \"" + shortened(uri, 200) + "\", and none is fetched";
    site.builder.find_fault(
        site.place, site.suffix(),
        "expected a reference to a known schema, got " + literal(site.value) + ": " + why);
  }
  return found;
}

Made follow(const Site& site, const Place& place) {
  const Node* target = site.builder.node_of(place);
  site.node.in_place.push_back(target);
  return make_keyword(site, [target](const Frame& frame, const Json& value) {
    return frame.same_value(*target, value);
  });
}

Made make_ref(const Site& site) {
  const auto place = target_of(site);
  return place ? follow(site, *place) : nullptr;
}

// The outermost resource on the way here that has the anchor decides. The loop check can't see
// these edges, which is why the walk has a depth limit of its own.
Made make_dynamic_ref(const Site& site) {
  const auto place = target_of(site);
  if (!place) return nullptr;
  const std::string anchor = fragment_of(site.value.get_ref<const std::string&>());
  const bool is_dynamic = place->resource->dynamic_anchors.contains(anchor) &&
                          place->resource->anchors.at(anchor).value == place->value;
  if (!is_dynamic) return follow(site, *place);
  const Node* initial = site.builder.node_of(*place);
  return make_keyword(site, [initial, anchor](const Frame& frame, const Json& value) {
    const Node* target = initial;
    for (const ScopeLink* link = frame.scopes; link != nullptr; link = link->outer) {
      const auto found = link->scope->dynamic_anchors.find(anchor);
      if (found != link->scope->dynamic_anchors.end()) target = found->second;
    }
    return frame.same_value(*target, value);
  });
}

}  // namespace

std::span<const KeywordType> reference_keywords() {
  static constexpr KeywordType types[] = {
      {"$ref", In::both, Vocabulary::core, make_ref},
      {"$dynamicRef", In::draft_2020_12, Vocabulary::core, make_dynamic_ref},
  };
  return types;
}

}  // namespace sequent::schema
