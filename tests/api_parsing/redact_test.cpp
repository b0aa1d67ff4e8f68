#include <catch2/catch.hpp>

#include "api/problem.hpp"
#include "api/redact.hpp"

using namespace sequent;
using namespace sequent::api;

namespace {

Json redacted(std::vector<std::string> paths, const Json& value) {
  definition::Program program;
  program.sensitive = std::move(paths);
  return Redactor{program}(value);
}

}  // namespace

TEST_CASE("sensitive paths are hidden at every depth, and nothing else is", "[api]") {
  const Json value{{"card", {{"number", "4242"}, {"brand", "visa"}}},
                   {"number", 7},
                   {"copy", {{"card", {{"number", {{"deep", 1}}}}}}}};
  const Json hidden{{"card", {{"number", "[redacted]"}, {"brand", "visa"}}},
                    {"number", 7},
                    {"copy", {{"card", {{"number", "[redacted]"}}}}}};
  CHECK(redacted({"/card/number"}, value) == hidden);
  CHECK(redacted({"card.number"}, value) == hidden);
  CHECK(redacted({".card.number"}, value) == hidden);
  CHECK(redacted({}, value) == value);
  CHECK(redacted({"brand"}, value).at("card").at("brand") == "[redacted]");
}

TEST_CASE("values of a patch are hidden where they would be in what it changes", "[api]") {
  definition::Program program;
  program.sensitive = {"/card/number"};
  const auto hidden = [&](const Json& operation) {
    return Redactor{program}.patch(Json::array({operation})).front();
  };
  CHECK(hidden({{"path", "/card/number"}, {"value", 1}, {"was", 2}}) ==
        Json{{"path", "/card/number"}, {"value", "[redacted]"}, {"was", "[redacted]"}});
  CHECK(hidden({{"path", "/a/card"}, {"value", {{"number", 1}, {"brand", "b"}}}}) ==
        Json{{"path", "/a/card"}, {"value", {{"number", "[redacted]"}, {"brand", "b"}}}});
  CHECK(hidden({{"path", "/card/number/0"}, {"value", 1}}).at("value") == "[redacted]");
  CHECK(hidden({{"path", ""}, {"value", {{"card", {{"number", 1}}}}}}).at("value") ==
        Json{{"card", {{"number", "[redacted]"}}}});
  CHECK(hidden({{"path", "/brand"}, {"value", 1}}).at("value") == 1);
}

TEST_CASE("a sensitive path goes through lists", "[api]") {
  const Json value{{"users", {{{"mail", "a"}}, {{"mail", "b"}}}}};
  const Json hidden{{"users", {{{"mail", "[redacted]"}}, {{"mail", "[redacted]"}}}}};
  CHECK(redacted({"/users/*/mail"}, value) == hidden);
  CHECK(redacted({"users[].mail"}, value) == hidden);
  CHECK(redacted({"/a~1b"}, Json{{"a/b", 1}}).at("a/b") == "[redacted]");
}

TEST_CASE("every kind of problem has its own slug, and a status of an error", "[api]") {
  std::set<std::string_view> slugs;
  for (const auto& kind : problem_kinds()) {
    CAPTURE(kind.slug);
    CHECK(slugs.insert(kind.slug).second);
    CHECK(find_kind(kind.slug)->code == kind.code);
    CHECK(kind_of(kind.code).slug == kind.slug);
    CHECK((kind.status >= 400 && kind.status < 600));
    CHECK_FALSE(kind.meaning.empty());
    CHECK_FALSE(kind.remedy.empty());
  }
  CHECK(slugs.size() == static_cast<std::size_t>(unconfirmed) + 1);
}

TEST_CASE("a problem says what, where and when to come back", "[api]") {
  Error error{.code = ErrorCode::too_many_requests, .detail = "Enough.", .retry_after_seconds = 7};
  error.findings.push_back({.message = "here", .pointer = "/a", .line = 2, .column = 3});
  const auto response = problem_response(error, "https://docs.example");
  CHECK(response.status == 429);
  CHECK(response.headers.value("Content-Type") == "application/problem+json");
  CHECK(response.headers.value("Retry-After") == "7");
  const auto body = parse_json(response.body);
  REQUIRE(body);
  CHECK(body->at("type") == "https://docs.example/problems/too-many-requests");
  CHECK(body->at("errors")[0] ==
        Json{{"detail", "here"}, {"pointer", "/a"}, {"line", 2}, {"column", 3}});
  const auto large = problem_response(431, "Too long.", "");
  CHECK(large.status == 431);
  CHECK(parse_json(large.body)->at("type") == "/problems/too-large");
  CHECK(parse_json(problem_response(413, "", "").body)->at("type") == "/problems/too-large");
  CHECK(parse_json(problem_response(400, "", "").body)->at("type") == "/problems/invalid-request");
  CHECK(problem_response(503, "", "").headers.find("Retry-After") != nullptr);
}
