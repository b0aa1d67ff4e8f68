#include "base/json.hpp"

#include <catch2/catch.hpp>

using namespace sequent;

TEST_CASE("every kind of JSON value survives a round trip", "[base]") {
  const std::string text =
      R"({"a":[1,-2,3.5,true,false,null,"é\n"],"b":{"c":[],"d":{}},"big":18446744073709551615})";
  const auto value = parse_json(text);
  REQUIRE(value);
  CHECK(dump_json(*value) == text);
  CHECK(*value == Json::parse(text));
  CHECK(*parse_json(" 7 ") == 7);
  CHECK(*parse_json("\"x\"") == "x");
}

TEST_CASE("object keys are dumped in sorted order whatever order they came in", "[base]") {
  CHECK(dump_json(*parse_json(R"({"b":1,"a":2})")) == R"({"a":2,"b":1})");
}

TEST_CASE("of duplicate keys the last value counts", "[base]") {
  CHECK(dump_json(*parse_json(R"({"a":{"x":1},"b":0,"a":[2]})")) == R"({"a":[2],"b":0})");
}

TEST_CASE("a text that is no JSON is refused with its byte, line and column", "[base]") {
  const auto value = parse_json("{\n  \"a\": nope\n}");
  REQUIRE_FALSE(value);
  const Error& error = value.error();
  CHECK(error.code == ErrorCode::invalid_json);
  CHECK_THAT(error.detail, Catch::Contains("byte 10 (line 2, column 9)"));
  CHECK_THAT(error.detail, Catch::Contains("invalid literal"));
  REQUIRE(error.findings.size() == 1);
  CHECK(error.findings[0].line == 2);
  CHECK(error.findings[0].column == 9);
}

TEST_CASE("broken texts of many kinds are refused", "[base]") {
  const auto text = GENERATE(as<std::string>{}, "", "{", "[1,]", "{\"a\" 1}", "{\"a\":1}}", "01",
                             "\"\x80\"", "1e999", "'a'", "[1] 2", "\"\\ud800\"");
  CAPTURE(text);
  const auto value = parse_json(text);
  REQUIRE_FALSE(value);
  CHECK(value.error().code == ErrorCode::invalid_json);
  CHECK_THAT(value.error().detail, Catch::Contains("line 1, column "));
}

TEST_CASE("nesting is bounded, and brackets inside strings do not count", "[base]") {
  CHECK(parse_json("[[[1]]]", 3));
  CHECK(parse_json(R"(["[[[[\"[[[["])", 1));
  const auto deep = parse_json("[\"[\",\n[[1]]]", 2);
  REQUIRE_FALSE(deep);
  CHECK_THAT(deep.error().detail, Catch::Contains("limit of 2 levels"));
  CHECK(deep.error().findings.at(0).line == 2);
  CHECK(deep.error().findings.at(0).column == 2);
  CHECK_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST_CASE("invalid UTF-8 inside a value is replaced when it is dumped", "[base]") {
  CHECK(dump_json(Json(std::string("a\x80z"))) == "\"a\xEF\xBF\xBDz\"");
}

TEST_CASE("text_of gives the fallback for what is absent or no string", "[base]") {
  const Json object = {{"a", "x"}, {"n", 1}};
  CHECK(text_of(object, "a") == "x");
  CHECK(text_of(object, "n", "f") == "f");
  CHECK(text_of(object, "z", "f") == "f");
  CHECK(text_of(Json::array(), "a", "f") == "f");
}
