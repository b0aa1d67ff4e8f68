#include "activities/schemas.hpp"

#include <mutex>

#include "base/assert.hpp"

namespace sequent::activities {

Json literal(std::string_view text) {
  auto parsed = parse_json(text);
  SEQUENT_ASSERT(parsed.has_value());
  return std::move(*parsed);
}

// A process may register its activities more than once (one engine for each trial of a crash test),
// and compiling a hundred schemas costs more than a short run.
definition::ActivitySpec compiled(definition::ActivitySpec spec) {
  static std::mutex turn;
  static std::map<std::string, std::shared_ptr<const schema::Schema>> known;
  const std::lock_guard lock{turn};
  auto& schema = known[dump_json(spec.input_schema)];
  if (!schema) {
    auto made = schema::Schema::compile(spec.input_schema);
    SEQUENT_ASSERT(made.has_value());
    schema = std::make_shared<const schema::Schema>(std::move(*made));
  }
  spec.input = schema;
  return spec;
}

}  // namespace sequent::activities
