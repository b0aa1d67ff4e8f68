#include <catch2/catch.hpp>

#include "api/path.hpp"

using namespace sequent::api;

TEST_CASE("a pattern takes one segment for each parameter and decodes it", "[api]") {
  const auto found = match_path("/api/accounts/{account}/runs", "/api/accounts/a%2Fb%20c/runs");
  REQUIRE(found);
  CHECK(found->at("account") == "a/b c");
  CHECK_FALSE(match_path("/api/{a}", "/api"));
  CHECK_FALSE(match_path("/api/{a}", "/api/"));
  CHECK_FALSE(match_path("/api/{a}", "/api/x/y"));
  CHECK(match_path("/", "/"));
}

TEST_CASE("a verb behind a parameter belongs to the pattern", "[api]") {
  const auto found = match_path("/runs/{id}:retry", "/runs/0197-a:retry", true);
  REQUIRE(found);
  CHECK(found->at("id") == "0197-a");
  CHECK(match_path("/runs:search", "/runs%3Asearch"));
  CHECK_FALSE(match_path("/runs/{id}:retry", "/runs/:retry", true));
}

TEST_CASE("an id never takes a verb that nobody knows", "[api]") {
  CHECK_FALSE(match_path("/runs/{id}", "/runs/0197:retri", true));
  CHECK(match_path("/runs/{id}", "/runs/0197:retri", false));
  CHECK(match_path("/records/{collection}/{key}", "/records/links/a:b", true));
}

TEST_CASE("a literal segment is more specific than a verb, a verb than a parameter", "[api]") {
  CHECK(specificity("/a/b") < specificity("/a/{x}:go"));
  CHECK(specificity("/a/{x}:go") < specificity("/a/{x}"));
  CHECK(specificity("/a/{x}/c") < specificity("/{y}/b/c"));
}

TEST_CASE("two patterns have the same shape when only names of parameters differ", "[api]") {
  CHECK(same_shape("/a/{x}", "/a/{y}"));
  CHECK_FALSE(same_shape("/a/{x}", "/a/b"));
  CHECK_FALSE(same_shape("/a/{x}", "/a/{x}/b"));
  CHECK_FALSE(same_shape("/a/{x}:go", "/a/{x}:stop"));
  CHECK(parameter_names("/a/{x}/{y}:go") == std::vector<std::string>{"x", "y"});
}
