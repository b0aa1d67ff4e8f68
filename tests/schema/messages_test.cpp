// What people read: where a value breaks its schema, what was expected and what came.
#include "tests/schema/support.hpp"

namespace sequent::schema {

using Lines = std::vector<std::string>;

TEST_CASE("a violation names the value, the keyword, what was expected and what came", "[schema]") {
  CHECK(told(R"({"type": "integer"})", R"("12")") ==
        Lines{R"( | /type | expected integer, got string "12")"});
  CHECK(told(R"({"type": ["integer", "null"]})", "[1, 2]") ==
        Lines{" | /type | expected integer or null, got array of 2 items"});
  CHECK(told(R"({"enum": ["a", 1]})", "true") ==
        Lines{R"( | /enum | expected one of "a", 1, got boolean true)"});
  CHECK(told(R"({"const": {"a": 1}})", "{}") ==
        Lines{R"( | /const | expected {"a":1}, got object with 0 members)"});
  CHECK(told(R"({"maximum": 5})", "5.5") ==
        Lines{" | /maximum | expected at most 5, got number 5.5"});
  CHECK(told(R"({"multipleOf": 0.01})", "0.005") ==
        Lines{" | /multipleOf | expected a multiple of 0.01, got number 0.005"});
  CHECK(told(R"({"maxLength": 2})", R"("äöü")") ==
        Lines{R"( | /maxLength | expected at most 2 characters, got 3: string "äöü")"});
  CHECK(told(R"({"pattern": "^ch_"})", R"("pi_1")") ==
        Lines{R"( | /pattern | expected a text that matches ^ch_, got string "pi_1")"});
  CHECK(told(R"({"uniqueItems": true})", "[1, 2, 1.0]") ==
        Lines{" | /uniqueItems | expected items that differ, got integer 1 as items 0 and 2"});
  CHECK(told(R"({"contains": {"const": 1}})", "[2]") ==
        Lines{" | /contains | expected at least 1 of the items to match \"/contains\", got 0 in an "
              "array of 1 item"});
  CHECK(told("false", "null") == Lines{" |  | expected no value here, got null"});
}

TEST_CASE("pointers lead to the member and to the keyword, with ~ and / escaped", "[schema]") {
  const auto schema =
      R"({"properties": {"a/b": {"items": {"properties": {"~": {"type": "null"}}}}}})";
  CHECK(
      told(schema, R"({"a/b": [{}, {"~": 1}]})") ==
      Lines{
          "/a~1b/1/~0 | /properties/a~1b/items/properties/~0/type | expected null, got integer 1"});
}

TEST_CASE("a violation behind a reference points at the keyword that was broken", "[schema]") {
  const auto schema = R"({"$ref": "#/$defs/id", "$defs": {"id": {"minLength": 3}}})";
  CHECK(told(schema, R"("ab")") ==
        Lines{R"( | /$defs/id/minLength | expected at least 3 characters, got 2: string "ab")"});
  const auto outside =
      compiled(R"({"$ref": "https://example.com/id"})", {},
               {{"https://example.com/id", json(R"({"properties": {"x": {"type": "null"}}})")}});
  const auto found = outside.validate(json(R"({"x": 1})"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].schema_pointer == "https://example.com/id#/properties/x/type");
}

TEST_CASE("every missing and every unknown member is told", "[schema]") {
  const auto schema =
      R"({"properties": {"charge": true, "amount": true}, "required": ["charge", "amount"],
                          "additionalProperties": false})";
  CHECK(told(schema, R"({"chrage": 1})") ==
        Lines{R"( | /required | expected member "charge", got object with 1 member without it)",
              R"( | /required | expected member "amount", got object with 1 member without it)",
              R"(/chrage | /additionalProperties | expected no member "chrage" )"
              R"((known: amount, charge), got integer 1)"});
}

TEST_CASE("of alternatives that all fail, the nearest is explained", "[schema]") {
  const auto schema = R"({"oneOf": [{"required": ["set"]},
                                    {"required": ["call"], "properties": {"call": {"type": "string"}}}]})";
  CHECK(told(schema, R"({"call": 1})") ==
        Lines{R"( | /oneOf | expected one of 2 alternatives to fit, got object with 1 member; )"
              R"(the nearest is "/oneOf/1")",
              R"(/call | /oneOf/1/properties/call/type | expected string, got integer 1)"});
  CHECK(told(R"({"oneOf": [{"type": "integer"}, {"minimum": 2}]})", "3") ==
        Lines{R"( | /oneOf | expected exactly one of 2 alternatives to fit, but "/oneOf/0" and )"
              R"("/oneOf/1" both do: integer 3)"});
}

TEST_CASE("the alternative whose telling member fits is the nearest", "[schema]") {
  const auto schema = R"({"oneOf": [
      {"properties": {"call": {"const": "grpc"}, "with": {"required": ["service"]}}},
      {"properties": {"call": {"const": "http"}, "with": {"required": ["method", "endpoint"]}}}]})";
  const auto lines = told(schema, R"({"call": "http", "with": {}})");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].ends_with("the nearest is \"/oneOf/1\""));
  CHECK(lines[1].starts_with(
      "/with | /oneOf/1/properties/with/required | expected member \"method\""));
}

TEST_CASE("an unevaluated member is named", "[schema]") {
  CHECK(told(R"({"unevaluatedProperties": false})", R"({"bogus": 1})") ==
        Lines{R"(/bogus | /unevaluatedProperties | expected no member "bogus", got integer 1)"});
  CHECK(told(R"({"prefixItems": [true], "unevaluatedItems": false})", "[1, 2]") ==
        Lines{"/1 | /unevaluatedItems | expected no item here, got integer 2"});
}

TEST_CASE("long values are shortened, and only whole characters are cut", "[schema]") {
  std::string value = "\"";
  for (int i = 0; i < 500; ++i) value += "ü";
  value += "\"";
  const auto found = violations(R"({"type": "null"})", value);
  REQUIRE(found.size() == 1);
  CHECK(found[0].message.size() < 200);
  CHECK(found[0].message.ends_with("ü…\""));
}

TEST_CASE("no more violations than asked for are told", "[schema]") {
  const auto schema = R"({"items": {"type": "string"}})";
  CHECK(violations(schema, "[1, 2, 3, 4]", {.max_violations = 3}).size() == 3);
  CHECK(violations(schema, "[1, 2, 3, 4]", {.max_violations = 0}).size() == 1);
  CHECK(violations(schema, "[1, 2, 3, 4]").size() == 4);
}

TEST_CASE("a failed part does not make its members look unevaluated", "[schema]") {
  const auto schema = R"({"allOf": [{"properties": {"a": {"type": "string"}}}],
                          "unevaluatedProperties": false})";
  CHECK(told(schema, R"({"a": 1})") ==
        Lines{"/a | /allOf/0/properties/a/type | expected string, got integer 1"});
}

}  // namespace sequent::schema
