#pragma once
// JSON Schema, drafts 2020-12 and draft-07 (json-schema.org), for the `schema:` blocks of workflows
// and the input and output of activities.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace sequent::schema {

/// One place where a value breaks its schema.
struct Violation {
  std::string instance_pointer;  // JSON Pointer into the value, "" = the value itself
  std::string schema_pointer;    // JSON Pointer into the schema, of the keyword
  std::string message;           // "expected integer, got string \"12\""
};

enum class Draft { draft_07, draft_2020_12 };

struct Options {
  Draft default_draft = Draft::draft_2020_12;  // used where `$schema` does not say
  bool assert_format = false;                  // `format` is an annotation unless set
  std::size_t max_violations = 50;
  // Subschemas looked at in one validation: a short schema can ask for exponential work.
  std::size_t max_steps = 20'000'000;
};

/// A compiled schema: immutable, so that any thread may use it.
class Schema {
 public:
  /// Documents that `$ref` may name besides the schema itself and the meta-schemas, by absolute URI.
  /// Nothing is ever fetched.
  using Documents = std::map<std::string, Json>;

  /// errors  invalid_definition: the schema is no valid schema (findings with pointers into it), or
  ///         a reference leads nowhere
  [[nodiscard]] static Result<Schema> compile(const Json& document, const Options& options = {},
                                              const Documents& documents = {});

  /// Every violation, up to `max_violations`; empty when the value is valid. Bounded in depth, in
  /// steps and in the backtracking of patterns: past a bound the value is not valid, and says so.
  [[nodiscard]] std::vector<Violation> validate(const Json& value) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace sequent::schema
