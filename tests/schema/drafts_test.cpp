// What the drafts do, case by case: the packaged suite of Debian 12 has no 2020-12.
#include "tests/schema/support.hpp"

namespace sequent::schema {

namespace {
const Options draft_07{.default_draft = Draft::draft_07};
}

TEST_CASE("2020-12 lists the first items and checks the rest", "[schema]") {
  const auto schema =
      R"({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": {"type": "null"}})";
  CHECK(accepts(schema, R"(["a", 1, null, null])"));
  CHECK_FALSE(accepts(schema, R"(["a", 1, 2])"));
  CHECK_FALSE(accepts(schema, R"([1])"));
  CHECK(accepts(schema, "[]"));
}

TEST_CASE("draft-07 lists items in an array and ignores what stands beside a reference",
          "[schema]") {
  const auto tuple = R"({"items": [{"type": "string"}], "additionalItems": false})";
  CHECK(accepts(tuple, R"(["a"])", draft_07));
  CHECK_FALSE(accepts(tuple, R"(["a", 1])", draft_07));
  const auto beside =
      R"({"$ref": "#/definitions/any", "maxLength": 1, "definitions": {"any": true}})";
  CHECK(accepts(beside, R"("long")", draft_07));
  CHECK_FALSE(accepts(beside, R"("long")"));
}

TEST_CASE("$schema decides the draft before the options do", "[schema]") {
  const auto schema =
      R"({"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [false]})";
  CHECK(accepts(schema, "[1]"));
  CHECK_FALSE(accepts(R"({"prefixItems": [false]})", "[1]"));
}

TEST_CASE("contains counts between minContains and maxContains", "[schema]") {
  const auto schema = R"({"contains": {"const": 1}, "minContains": 2, "maxContains": 3})";
  CHECK_FALSE(accepts(schema, "[1, 2]"));
  CHECK(accepts(schema, "[1, 2, 1]"));
  CHECK_FALSE(accepts(schema, "[1, 1, 1, 1]"));
  CHECK(accepts(R"({"contains": false, "minContains": 0})", "[1]"));
}

TEST_CASE("unevaluated members are those that no valid branch has looked at", "[schema]") {
  const auto schema = R"({"properties": {"a": true},
                          "anyOf": [{"required": ["b"], "properties": {"b": true}},
                                    {"required": ["c"], "properties": {"c": true}}],
                          "if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]},
                          "then": {"properties": {"only_x": true}},
                          "unevaluatedProperties": false})";
  CHECK(accepts(schema, R"({"a": 1, "b": 1})"));
  CHECK(accepts(schema, R"({"b": 1, "c": 1})"));
  CHECK_FALSE(accepts(schema, R"({"b": 1, "d": 1})"));
  CHECK(accepts(schema, R"({"b": 1, "kind": "x", "only_x": 1})"));
  CHECK_FALSE(accepts(schema, R"({"b": 1, "kind": "y"})"));
  CHECK_FALSE(
      accepts(R"({"not": {"not": {"properties": {"a": true}}}, "unevaluatedProperties": false})",
              R"({"a": 1})"));
}

TEST_CASE("unevaluated items count prefixes, contains and references", "[schema]") {
  const auto schema =
      R"({"$ref": "#/$defs/pair", "contains": {"type": "string"}, "unevaluatedItems": false,
                          "$defs": {"pair": {"prefixItems": [{"type": "integer"}]}}})";
  CHECK(accepts(schema, R"([1, "a", "b"])"));
  CHECK_FALSE(accepts(schema, R"([1, "a", 2])"));
}

TEST_CASE("a dynamic reference takes the outermost anchor of its name", "[schema]") {
  const Schema::Documents tree{{"https://example.com/tree", json(R"({
      "$id": "https://example.com/tree", "$dynamicAnchor": "node", "type": "object",
      "properties": {"data": true, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}}})")}};
  const auto strict = compiled(R"({"$id": "https://example.com/strict", "$dynamicAnchor": "node",
                                   "$ref": "tree", "unevaluatedProperties": false})",
                               {}, tree);
  CHECK(strict.validate(json(R"({"children": [{"data": 1}]})")).empty());
  CHECK_FALSE(strict.validate(json(R"({"children": [{"daat": 1}]})")).empty());
  const auto loose = compiled(R"({"$ref": "https://example.com/tree"})", {}, tree);
  CHECK(loose.validate(json(R"({"children": [{"daat": 1}]})")).empty());
}

TEST_CASE("references resolve against the nearest $id, by pointer, anchor and URI", "[schema]") {
  const auto schema = R"({"$id": "https://example.com/root.json",
      "properties": {"a": {"$ref": "folder/part.json#/$defs/text"}, "b": {"$ref": "folder/part.json#named"},
                     "c": {"$ref": "#/$defs/with%25percent~1slash"}},
      "$defs": {"part": {"$id": "folder/part.json",
                         "$defs": {"text": {"$ref": "other.json"}, "n": {"$anchor": "named", "type": "null"}}},
                "other": {"$id": "folder/other.json", "type": "string"},
                "with%percent/slash": {"type": "boolean"}}})";
  CHECK(accepts(schema, R"({"a": "x", "b": null, "c": true})"));
  CHECK_FALSE(accepts(schema, R"({"a": 1})"));
  CHECK_FALSE(accepts(schema, R"({"b": 1})"));
  CHECK_FALSE(accepts(schema, R"({"c": 1})"));
}

TEST_CASE("a meta-schema of one's own switches vocabularies off", "[schema]") {
  const Schema::Documents documents{{"https://example.com/meta", json(R"({
      "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/meta",
      "$vocabulary": {"https://json-schema.org/draft/2020-12/vocab/core": true,
                      "https://json-schema.org/draft/2020-12/vocab/applicator": true},
      "properties": {"title": {"type": "string"}}})")}};
  const auto schema = compiled(
      R"({"$schema": "https://example.com/meta", "properties": {"a": {"minimum": 10}, "b": false}})",
      {}, documents);
  CHECK(schema.validate(json(R"({"a": 1})")).empty());
  CHECK_FALSE(schema.validate(json(R"({"b": 1})")).empty());
  CHECK(faults(R"({"$schema": "https://example.com/meta", "title": 1})", {}, documents).size() ==
        1);
}

TEST_CASE("numbers are compared by value and without losing digits", "[schema]") {
  CHECK(accepts(R"({"const": 1})", "1.0"));
  CHECK(accepts(R"({"type": "integer"})", "1e3"));
  CHECK_FALSE(accepts(R"({"const": 9007199254740993})", "9007199254740992"));
  CHECK_FALSE(accepts(R"({"const": 9007199254740993})", "9007199254740992.0"));
  CHECK_FALSE(accepts(R"({"const": -1})", "18446744073709551615"));
  CHECK(accepts(R"({"maximum": 18446744073709551615})", "-1"));
  CHECK_FALSE(accepts(R"({"exclusiveMaximum": 9007199254740992.0})", "9007199254740993"));
  CHECK(accepts(R"({"multipleOf": 0.01})", "19.99"));
  CHECK(accepts(R"({"multipleOf": 0.0001})", "0.0075"));
  CHECK_FALSE(accepts(R"({"multipleOf": 0.0001})", "0.00751"));
  CHECK_FALSE(accepts(R"({"multipleOf": 0.123456789})", "1e308"));
  CHECK(accepts(R"({"multipleOf": 1e-8})", "12391239123"));
  CHECK_FALSE(accepts(R"({"multipleOf": 1e300})", "10"));
  CHECK(accepts(R"({"multipleOf": 1e300})", "0"));
}

}  // namespace sequent::schema
