#include "activities/schemas.hpp"

#include "base/assert.hpp"

namespace sequent::activities {

Json literal(std::string_view text) {
  auto parsed = parse_json(text);
  SEQUENT_ASSERT(parsed.has_value());
  return std::move(*parsed);
}

definition::ActivitySpec compiled(definition::ActivitySpec spec) {
  auto schema = schema::Schema::compile(spec.input_schema);
  SEQUENT_ASSERT(schema.has_value());
  spec.input = std::make_shared<const schema::Schema>(std::move(*schema));
  return spec;
}

}  // namespace sequent::activities
