#pragma once
// How keywords are compiled: a table of factories, one file per group.
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/schema/builder.hpp"

namespace sequent::schema {

/// A keyword in its schema while it is compiled.
struct Site {
  Builder& builder;
  Node& node;
  const Place& place;
  const Json& schema;
  const Json& value;
  std::string_view name;

  /// The node of `part`, which lies at `suffix` below the schema.
  [[nodiscard]] const Node* child(const Json& part, const std::string& suffix) const;
  /// The same, for a part that looks at the same value as the schema itself.
  [[nodiscard]] const Node* in_place(const Json& part, const std::string& suffix) const;
  [[nodiscard]] std::string suffix() const { return "/" + std::string(name); }
  [[nodiscard]] const Json* sibling(const char* other) const;
  [[nodiscard]] bool is_07() const { return place.resource->dialect.draft == Draft::draft_07; }
  /// A count such as `minLength`; finds fault with anything else.
  [[nodiscard]] std::optional<std::size_t> count() const;
  /// Finds fault with the keyword's value.
  std::nullptr_t expected(const std::string& what) const;
};

using Made = std::unique_ptr<Keyword>;

/// A keyword whose check is `rule(frame, value)`.
template <class Rule>
Made make_keyword(const Site& site, Rule rule, bool last = false) {
  class Checked final : public Keyword {
   public:
    Checked(std::string_view name, bool is_last, Rule checked)
        : Keyword(name, is_last), rule_(std::move(checked)) {}
    bool holds(const Frame& frame, const Json& value) const override { return rule_(frame, value); }

   private:
    Rule rule_;
  };
  return std::make_unique<Checked>(site.name, last, std::move(rule));
}

enum class Vocabulary { core, applicator, validation, unevaluated, format };
enum class In { both, draft_07, draft_2020_12 };

struct KeywordType {
  std::string_view name;
  In in;
  Vocabulary vocabulary;
  Made (*make)(const Site& site);  // null when the keyword asserts nothing, or is at fault
};

[[nodiscard]] std::span<const KeywordType> reference_keywords();
[[nodiscard]] std::span<const KeywordType> value_keywords();
[[nodiscard]] std::span<const KeywordType> text_keywords();
[[nodiscard]] std::span<const KeywordType> array_keywords();
[[nodiscard]] std::span<const KeywordType> object_keywords();
[[nodiscard]] std::span<const KeywordType> logic_keywords();
/// To be compiled last: they look at what all others have evaluated.
[[nodiscard]] std::span<const KeywordType> unevaluated_keywords();

}  // namespace sequent::schema
