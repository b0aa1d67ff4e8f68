#pragma once
// The parsed text before aliases are expanded: what the YAML and the JSON reader both produce.
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "engine/definition/document.hpp"

namespace sequent::definition {

struct RawNode {
  enum class Kind : std::uint8_t { null, scalar, list, map, alias };
  Kind kind = Kind::null;
  bool plain = false;  // an unquoted scalar: its type is found by its spelling
  std::string text;    // of a scalar; the name of an alias is not kept
  std::string tag;     // an explicit YAML tag, "" when there is none
  Place place;
  std::vector<std::uint32_t> children;  // items; for maps key, value, key, value …
  std::uint32_t target = 0;             // of an alias
};

/// nodes[root] is the document.
struct RawTree {
  std::vector<RawNode> nodes;
  std::uint32_t root = 0;
};

using RawResult = std::expected<RawTree, Finding>;

[[nodiscard]] RawResult read_yaml(std::string_view text, const DocumentLimits& limits);
[[nodiscard]] RawResult read_json_text(std::string_view text, const DocumentLimits& limits);

/// What a plain scalar means under YAML's core schema.
struct CoreScalar {
  Json value;
  bool representable = true;  // false for .inf and .nan, which JSON has not
};
[[nodiscard]] CoreScalar core_scalar(std::string_view text);

/// Fills `document`; false when a limit was passed (the finding is in `document.findings`).
[[nodiscard]] bool expand(const RawTree& tree, const DocumentLimits& limits, Document& document);

[[nodiscard]] Finding too_deep(Place place, int limit);
[[nodiscard]] Finding too_many_nodes(Place place, std::size_t limit);

}  // namespace sequent::definition
