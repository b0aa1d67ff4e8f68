#include "sandbox/form.hpp"

#include "support.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::sandbox {
namespace {

// A form carries text only and leaves out empty arrays, so the expected values do too.
Json as_form(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return dump_json(value);
  if (value.is_string()) return value;
  Json converted = value.is_array() ? Json::array() : Json::object();
  for (const auto& [key, member] : value.items()) {
    if (member.is_array() && member.empty()) continue;
    if (value.is_array()) {
      converted.push_back(as_form(member));
    } else {
      converted[key] = as_form(member);
    }
  }
  return converted;
}

TEST_CASE("forms of the official encoder decode to what was encoded") {
  const auto file = test::shared_contract("stripe-form-encoding-vectors.json");
  if (!file) return;
  REQUIRE(file->at("vectors").size() >= 14);
  for (const auto& vector : file->at("vectors")) {
    CAPTURE(vector.at("name"));
    const auto form = decode_form(vector.at("encoded").get<std::string>());
    REQUIRE(form.has_value());
    CHECK(with_arrays(*form) == as_form(vector.at("params")));
  }
}

TEST_CASE("brackets may be percent-encoded, spaces may be plus signs, lists may be unnumbered") {
  const auto form = decode_form("metadata%5Ba%5D=x+y%20z&expand[]=one&expand[]=two");
  REQUIRE(form.has_value());
  CHECK(with_arrays(*form) == Json{{"metadata", {{"a", "x y z"}}}, {"expand", {"one", "two"}}});
}

TEST_CASE("list elements follow their numbers, not their order in the text") {
  std::string text;
  for (int i = 11; i >= 0; --i)
    text += "a[" + std::to_string(i) + "]=" + std::to_string(i) + (i > 0 ? "&" : "");
  const auto form = decode_form(text);
  REQUIRE(form.has_value());
  const Json array = with_arrays(*form).at("a");
  REQUIRE(array.size() == 12);
  CHECK(array.at(2) == "2");
  CHECK(array.at(10) == "10");
}

TEST_CASE("a form that contradicts itself is refused") {
  for (const char* text : {"a=1&a[b]=2", "a[b]=2&a=1", "a[b=1", "a[b]c=1", "[a]=1"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_form(text).has_value());
  }
  std::string deep = "a";
  for (int i = 0; i < 50; ++i) deep += "[x]";
  CHECK_FALSE(decode_form(deep + "=1").has_value());
}

}  // namespace
}  // namespace sequent::sandbox
