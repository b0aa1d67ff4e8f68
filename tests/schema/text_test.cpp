// Patterns as ECMA-262 reads them, and formats.
#include "tests/schema/support.hpp"

namespace sequent::schema {

namespace {

bool matches(const std::string& pattern, const std::string& text) {
  const auto schema = Schema::compile(Json{{"pattern", pattern}});
  if (!schema) FAIL(schema.error().detail);
  return schema->validate(text).empty();
}

bool compiles(const std::string& pattern) {
  return Schema::compile(Json{{"pattern", pattern}}).has_value();
}

bool is(const std::string& format, const std::string& text) {
  const auto schema = Schema::compile(Json{{"format", format}}, {.assert_format = true});
  if (!schema) FAIL(schema.error().detail);
  return schema->validate(text).empty();
}

}  // namespace

TEST_CASE("a pattern is not anchored, and its anchors are exact", "[schema]") {
  CHECK(matches("b", "abc"));
  CHECK_FALSE(matches("^b", "abc"));
  CHECK_FALSE(matches("^abc$", "abc\n"));
}

TEST_CASE("digits and words are ASCII, spaces and properties are Unicode", "[schema]") {
  CHECK_FALSE(matches(R"(^\d$)", "߀"));
  CHECK(matches(R"(^\D$)", "߀"));
  CHECK_FALSE(matches(R"(^\w$)", "é"));
  CHECK(matches(R"(^[\W]$)", "é"));
  CHECK(matches(R"(^\s$)", "\u00a0"));
  CHECK(matches(R"(^[\s]$)", "\ufeff"));
  CHECK_FALSE(matches(R"(^[^\S]$)", "a"));
  CHECK(matches(R"(^[^\S]$)", "\u2003"));
  CHECK(matches(R"(^\p{Letter}+$)", "élan"));
  CHECK(matches(R"(^\p{Script=Greek}+$)", "αβγ"));
  CHECK_FALSE(matches(R"(^\p{Lu}$)", "a"));
}

TEST_CASE("a character is a code point", "[schema]") {
  CHECK(matches("^.$", "🐲"));
  CHECK(matches(R"(^\ud83d\udc32$)", "🐲"));
  CHECK(matches(R"(^\u{1F432}$)", "🐲"));
  CHECK(matches("^🐲*$", "🐲🐲"));
  CHECK_FALSE(matches("^.$", "\u2028"));
  CHECK(accepts(R"({"maxLength": 1})", R"("🐲")"));
}

TEST_CASE("brackets and braces keep their ECMA meaning", "[schema]") {
  CHECK_FALSE(matches("[]", "a"));
  CHECK(matches("^[^]$", "\n"));
  CHECK(matches("^[[:alpha:]$", ":"));
  CHECK(matches("^a{2}$", "aa"));
  CHECK(matches("^{a}$", "{a}"));
  CHECK(matches(R"(^(?<year>\d{4})-\k<year>$)", "2024-2024"));
  CHECK(matches(R"(^(a)\1$)", "aa"));
}

TEST_CASE("what ECMA lacks is refused", "[schema]") {
  for (const auto* pattern :
       {R"(\a)", R"(\Z)", R"(\A)", R"(\Qa\E)", "(?i)a", "(?>a)", "a++", "(*LIMIT_MATCH=1)a",
        "(?#x)", R"(\R)", "[a", "(", R"(\)", R"(\u12)", R"(\ud83d)"}) {
    CAPTURE(pattern);
    CHECK_FALSE(compiles(pattern));
  }
}

TEST_CASE("a format is an annotation unless it is asserted", "[schema]") {
  CHECK(accepts(R"({"format": "email"})", R"("nobody")"));
  CHECK_FALSE(accepts(R"({"format": "email"})", R"("nobody")", {.assert_format = true}));
  CHECK(accepts(R"({"format": "of-my-own"})", R"("x")", {.assert_format = true}));
  CHECK(accepts(R"({"format": "email"})", "12", {.assert_format = true}));
}

TEST_CASE("formats hold for what their standards allow and nothing else", "[schema]") {
  struct Case {
    std::string format;
    std::vector<std::string> valid;
    std::vector<std::string> invalid;
  };
  const Case cases[] = {
      {"date-time",
       {"2024-02-29T12:30:00Z", "1990-12-31T15:59:60-08:00", "2024-01-01t00:00:00.123+05:30"},
       {"2023-02-29T12:30:00Z", "2024-01-01 00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:00"}},
      {"date", {"2024-12-31"}, {"2024-13-01", "2024-1-01", "2024-04-31", "20240101"}},
      {"time", {"08:30:06Z", "23:59:60Z"}, {"08:30:06", "22:59:60Z", "08:30:06.Z", "8:30:06Z"}},
      {"duration",
       {"P3DT12H", "P1W", "PT0S", "P1Y2M"},
       {"P", "PT", "P1D2H", "P1YT", "P2S", "P1Y1D", "P1W1D"}},
      {"email",
       {"joe@example.com", "\"joe b\"@example.com", "a@[127.0.0.1]"},
       {"joe", ".a@b.c", "a..b@c.d", "a@-b"}},
      {"hostname",
       {"www.example.com", "xn--4gbwdl.xn--wgbh1c"},
       {"-a", "a_b", "a.", "", std::string(64, 'a')}},
      {"ipv4", {"192.0.2.1"}, {"256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5"}},
      {"ipv6",
       {"::", "::1", "2001:db8::ff", "::ffff:192.0.2.1"},
       {"1::2::3", ":::", "12345::", "::1%eth0", "1:2:3:4:5:6:7"}},
      {"uri",
       {"https://a.b/c?d#e", "urn:x:y", "http://[::1]:80/"},
       {"/a", "//a", "http://a b", "http://a/%zz", "\\\\x"}},
      {"uri-reference", {"/a", "#b", ""}, {"a b", "#%1", "1:a/b"}},
      {"uuid",
       {"2EB8AA08-aa98-11ea-b4aa-73b441d16380"},
       {"2eb8aa08aa9811eab4aa73b441d16380", "2eb8"}},
      {"regex", {"^a+$"}, {"^(a", R"(\a)"}},
      {"json-pointer", {"", "/a/~0~1"}, {"a", "/~2", "/~"}},
      {"relative-json-pointer", {"0", "1/a", "2#"}, {"-1", "01/a", "/a", "0##"}},
      {"uri-template", {"/runs/{id}{?a,b*}", "{+x:3}"}, {"{", "{}", "{a,}", "{a:0}"}},
  };
  for (const auto& one : cases) {
    for (const auto& text : one.valid) {
      CAPTURE(one.format, text);
      CHECK(is(one.format, text));
    }
    for (const auto& text : one.invalid) {
      CAPTURE(one.format, text);
      CHECK_FALSE(is(one.format, text));
    }
  }
}

}  // namespace sequent::schema
