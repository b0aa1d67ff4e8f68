// Schemas with mistakes: every one is found when the schema is compiled, with its place.
#include "tests/schema/support.hpp"

namespace sequent::schema {

using Lines = std::vector<std::string>;

TEST_CASE("a schema is checked against its meta-schema", "[schema]") {
  CHECK(faults(R"({"properties": {"a": {"minLength": -1}}})") ==
        Lines{"/properties/a/minLength | expected at least 0, got integer -1"});
  CHECK(faults(R"({"$schema": "http://json-schema.org/draft-07/schema#", "required": "a"})") ==
        Lines{R"(/required | expected array, got string "a")"});
  CHECK(faults("[1]") == Lines{" | expected a schema (object or boolean), got array of 1 item"});
  const auto result = Schema::compile(json(R"({"type": "text"})"));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == ErrorCode::invalid_definition);
  CHECK(result.error().detail.find("/type") != std::string::npos);
}

TEST_CASE("a reference that leads nowhere is found, used or not", "[schema]") {
  CHECK(
      faults(R"({"$defs": {"unused": {"$ref": "#/$defs/other"}}})") ==
      Lines{R"(/$defs/unused/$ref | expected a reference to a known schema, got "#/$defs/other": )"
            "that document has no such part or anchor"});
  CHECK(faults(R"({"items": {"$ref": "https://example.com/x.json#/a"}})") ==
        Lines{R"(/items/$ref | expected a reference to a known schema, got )"
              R"("https://example.com/x.json#/a": no document is known by )"
              R"("https://example.com/x.json", and none is fetched)"});
}

TEST_CASE("a mistake in another document names that document", "[schema]") {
  const auto result =
      Schema::compile(json(R"({"$ref": "https://example.com/a#/$defs/x"})"), {},
                      {{"https://example.com/a", json(R"({"$defs": {"x": {"pattern": "("}}})")}});
  REQUIRE_FALSE(result.has_value());
  REQUIRE(result.error().findings.size() == 1);
  CHECK(result.error().findings[0].file == "https://example.com/a");
  CHECK(result.error().findings[0].pointer == "/$defs/x/pattern");
}

TEST_CASE("an unknown draft is refused instead of guessed", "[schema]") {
  CHECK(
      faults(R"({"$schema": "http://json-schema.org/draft-04/schema#"})") ==
      Lines{R"(/$schema | expected a known draft, got "http://json-schema.org/draft-04/schema#")"});
  CHECK(faults(R"({"$ref": "urn:old"})", {},
               {{"urn:old", json(R"({"$schema": "http://json-schema.org/draft-04/schema#"})")}})
            .size() == 1);
}

TEST_CASE("a pattern that can't be compiled is found", "[schema]") {
  const auto found = faults(R"j({"pattern": "a)", "patternProperties": {"[": true}})j");
  REQUIRE(found.size() == 2);
  CHECK(found[0].starts_with("/pattern | expected a regular expression"));
  CHECK(found[1].starts_with("/patternProperties/[ | expected a regular expression"));
}

TEST_CASE("names that two schemas claim are found", "[schema]") {
  CHECK(
      faults(R"({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}})") ==
      Lines{
          R"(/$defs/b/$anchor | expected an anchor of its own, got "x", which is at "/$defs/a" already)"});
  CHECK(
      faults(R"({"$defs": {"a": {"$id": "x"}, "b": {"$id": "x"}}})") ==
      Lines{
          R"(/$defs/b/$id | expected an $id of its own, got "x", which is at "/$defs/a" already)"});
}

}  // namespace sequent::schema
