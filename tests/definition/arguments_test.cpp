// Arguments of activities are checked as far as they are known; expressions may yield anything.
#include "compiling.hpp"

namespace sequent::definition {
namespace {

std::vector<std::string> messages(std::string_view with) {
  const auto result = compile_text(document(
      "do:\n  - a:\n      call: stripe.customers.create\n      with: " + std::string{with}));
  std::vector<std::string> out;
  if (!result) {
    for (const Finding& finding : result.error().findings) {
      CHECK(finding.line == 9);
      out.push_back(finding.message + " | " + finding.hint);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("complete arguments, constant or not, are accepted") {
  CHECK(messages("{email: a@b.test, limit: 3, address: {country: DE}}").empty());
  CHECK(messages("{email: '${ .email }', limit: '${ .n }', address: '${ .address }'}").empty());
  CHECK(messages("{email: '${ .email }', address: {country: '${ .country }'}}").empty());
}

TEST_CASE("a missing argument is told, and what it is") {
  const auto found = messages("{name: Ann}");
  REQUIRE(found.size() == 1);
  CHECK_THAT(found[0], Catch::Contains("needs the argument `email`: expected string, got nothing"));
}

TEST_CASE("an unknown argument is told with a suggestion") {
  const auto found = messages("{email: a, nmae: Ann}");
  REQUIRE(found.size() == 1);
  CHECK_THAT(found[0], Catch::Contains("no argument `nmae`") && Catch::Contains("`name`"));
}

TEST_CASE("constants of the wrong type or value are told") {
  CHECK(messages("{email: 5}").size() == 1);
  CHECK(messages("{email: a, limit: 0}").size() == 1);
  CHECK(messages("{email: a, address: {country: Germany}}").size() == 1);
  CHECK(messages("{email: a, address: {}}").size() == 1);
  // Inside an object with expressions, names count and unknown values do not.
  CHECK(messages("{email: a, address: {country: '${ .c }', zip: 1}}").size() == 1);
  // All of them at once.
  CHECK(messages("{limit: x, nmae: y}").size() == 3);
}

TEST_CASE("a call without arguments is checked as well") {
  const auto result = compile_text(document("do:\n  - a: {call: stripe.customers.create}\n"));
  REQUIRE_FALSE(result.has_value());
  REQUIRE(result.error().findings.size() == 1);
  CHECK_THAT(result.error().findings[0].message, Catch::Contains("needs the argument `email`"));
}

TEST_CASE("HTTP calls are checked in all their parts at once") {
  const auto findings = findings_of(document(R"(do:
  - a:
      call: http
      with:
        method: 5
        endpoint: /relative
        headers: {"x y": 1}
        output: body
        redirect: "yes"
        timeout: 3
)"));
  std::vector<std::pair<int, std::string>> got;
  for (const Finding& finding : findings) got.emplace_back(finding.line, finding.pointer);
  CHECK(got == std::vector<std::pair<int, std::string>>{{10, "/do/0/a/with/method"},
                                                        {11, "/do/0/a/with/endpoint"},
                                                        {12, "/do/0/a/with/headers/x y"},
                                                        {12, "/do/0/a/with/headers/x y"},
                                                        {13, "/do/0/a/with/output"},
                                                        {14, "/do/0/a/with/redirect"},
                                                        {15, "/do/0/a/with/timeout"}});
}

TEST_CASE("URIs take simple names only") {
  const auto message = [](std::string_view uri) {
    const auto findings = findings_of(document(
        "do:\n  - a: {call: http, with: {method: get, endpoint: \"" + std::string{uri} + "\"}}\n"));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].line == 7);
    return findings[0].message;
  };
  CHECK_THAT(message("https://x/{?q}"), Catch::Contains("expected a plain `{name}`"));
  CHECK_THAT(message("https://x/{a,b}"), Catch::Contains("expected a plain `{name}`"));
  CHECK_THAT(message("https://x/{a"), Catch::Contains("without its partner"));
  CHECK_THAT(message("https://x/a}"), Catch::Contains("without its partner"));
}

TEST_CASE("grants and clients that need more are refused by name") {
  const auto message = [](std::string_view policy) {
    const auto findings =
        findings_of(document("use: {authentications: {p: {oauth2: {authority: 'http://a', " +
                             std::string{policy} + "}}}}\ndo:\n  - a: {set: {x: 1}}\n"));
    REQUIRE(findings.size() == 1);
    return findings[0].message;
  };
  CHECK_THAT(message("grant: refresh_token"),
             Catch::Contains("the grant `refresh_token` is part of"));
  CHECK_THAT(message("grant: client_credentials, client: {id: x, authentication: private_key_jwt}"),
             Catch::Contains("the client authentication `private_key_jwt` is part of"));
  CHECK_THAT(message("grant: password, client: {id: x}, username: u"),
             Catch::Contains("needs `password`"));
  CHECK_THAT(message("grant: nonsense"), Catch::Contains("expected grant"));
}

}  // namespace sequent::definition
