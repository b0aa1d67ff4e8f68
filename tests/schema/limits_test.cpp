// Schemas come from authors and values from anywhere: neither may crash or stall the engine.
#include "tests/schema/support.hpp"

namespace sequent::schema {

namespace {

std::string nested(std::string_view open, std::string_view close, int levels) {
  std::string text;
  for (int i = 0; i < levels; ++i) text += open;
  text += "1";
  for (int i = 0; i < levels; ++i) text += close;
  return text;
}

bool any_contains(const std::vector<Violation>& violations, const std::string& words) {
  return std::ranges::any_of(violations, [&](const Violation& violation) {
    return violation.message.find(words) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("a reference that comes back for the same value is refused", "[schema]") {
  CHECK(faults(R"({"$ref": "#"})").size() == 1);
  CHECK(faults(R"({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]},
                                                  "b": {"anyOf": [true, {"$ref": "#/$defs/a"}]}}})")
            .size() == 1);
  CHECK(faults(R"({"properties": {"next": {"$ref": "#"}}})").empty());
}

TEST_CASE("a dynamic reference to itself ends in a violation", "[schema]") {
  const auto schema = R"({"$dynamicAnchor": "self", "$dynamicRef": "#self"})";
  CHECK(any_contains(violations(schema, "1"), "nested schemas"));
}

TEST_CASE("giving up is never taken for a pass", "[schema]") {
  const auto schema = R"({"not": {"$ref": "#/$defs/loop"},
                          "$defs": {"loop": {"$id": "loop", "$dynamicAnchor": "self", "$dynamicRef": "#self"}}})";
  CHECK(any_contains(violations(schema, "1"), "nested schemas"));
  CHECK(any_contains(
      violations(R"({"not": {"pattern": "^(a|a)*$"}})", '"' + std::string(64, 'a') + "b\""),
      "bounded time"));
}

TEST_CASE("the deepest value that parses is checked to its bottom", "[schema]") {
  const auto schema =
      R"({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#"}}]})";
  CHECK(accepts(schema, nested("[", "]", 511)));
  CHECK_FALSE(accepts(R"({"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#"}}]})",
                      nested("[", "]", 511)));
  CHECK(any_contains(violations(schema, nested("[", "]", 5000)), "too deep"));
}

TEST_CASE("a schema as deep as it parses compiles or is refused", "[schema]") {
  CHECK(accepts(nested(R"({"items": )", "}", 100).replace(1000, 1, "true"), "[[[[]]]]"));
  const auto result = Schema::compile(json(nested(R"({"not": )", "}", 5000)));
  CHECK_FALSE(result.has_value());
}

TEST_CASE("a long chain of references compiles and is followed", "[schema]") {
  Json schema = {{"$ref", "#/$defs/d0"}};
  for (int i = 0; i < 1000; ++i)
    schema["$defs"]["d" + std::to_string(i)] = {{"$ref", "#/$defs/d" + std::to_string(i + 1)}};
  schema["$defs"]["d1000"] = {{"type", "string"}};
  const auto chain = Schema::compile(schema);
  REQUIRE(chain.has_value());
  CHECK(chain->validate("text").empty());
  CHECK(chain->validate(1).size() == 1);
}

TEST_CASE("exponential work stops at the limit of steps", "[schema]") {
  Json schema = {{"$ref", "#/$defs/d0"}};
  for (int i = 0; i < 60; ++i) {
    const Json next = {{"$ref", "#/$defs/d" + std::to_string(i + 1)}};
    schema["$defs"]["d" + std::to_string(i)] = {{"allOf", {next, next}}};
  }
  schema["$defs"]["d60"] = true;
  const auto costly = Schema::compile(schema, {.max_steps = 100'000});
  REQUIRE(costly.has_value());
  CHECK(any_contains(costly->validate(1), "at most 100000 steps"));
}

TEST_CASE("a large array is checked for twins without comparing each with each", "[schema]") {
  Json value = Json::array();
  for (int i = 0; i < 50'000; ++i) value.push_back("item " + std::to_string(i));
  const auto schema = compiled(R"({"uniqueItems": true})");
  CHECK(schema.validate(value).empty());
  value.push_back("item 7");
  CHECK(schema.validate(value).size() == 1);
}

}  // namespace sequent::schema
