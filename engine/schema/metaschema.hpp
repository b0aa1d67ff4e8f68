#pragma once
// The meta-schemas that every schema is checked against, so that nothing is fetched.
#include <span>
#include <string_view>

namespace sequent::schema {

struct MetaDocument {
  std::string_view uri;   // without an empty fragment
  std::string_view text;  // JSON
};

[[nodiscard]] std::span<const MetaDocument> draft_07_documents();
/// The first is the meta-schema, the others are its vocabularies.
[[nodiscard]] std::span<const MetaDocument> draft_2020_12_documents();

}  // namespace sequent::schema
