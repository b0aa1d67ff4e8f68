#include <catch2/catch.hpp>

#include "api/filter.hpp"

using namespace sequent;
using namespace sequent::api;
using Catch::Contains;

namespace {
constexpr Timestamp noon = 1'800'000'000'000;
}

TEST_CASE("a filter reads the same from a query and from JSON", "[api]") {
  const std::string parent = "0197a6c2-8d1b-7c3e-9f00-5b2d7a1e0003";
  const auto from_query = filter_from_query(
      "status=faulted,suspended&status=waiting&workflow=billing%2Frefund:1.2.0&key=ch_1&"
      "waiting=parked&provider=stripe&errorStatus=402&attribute.region=eu&attribute.seats=5&"
      "startedAfter=2026-11-21T08:15:30Z&parent=" +
          parent + "&limit=5&cursor=abc",
      noon);
  REQUIRE(from_query);
  Faults faults;
  const Json json{{"status", {"faulted", "suspended", "waiting"}},
                  {"workflow", "billing/refund:1.2.0"},
                  {"key", "ch_1"},
                  {"waiting", "parked"},
                  {"provider", "stripe"},
                  {"errorStatus", 402},
                  {"attributes", {{"region", "eu"}, {"seats", 5}}},
                  {"startedAfter", "2026-11-21T08:15:30Z"},
                  {"parent", parent}};
  const auto from_json = filter_from(json, faults, "/filter", noon);
  REQUIRE(faults.empty());
  for (const auto& filter : {*from_query, from_json}) {
    CHECK(filter.statuses == std::vector<std::string>{"faulted", "suspended", "waiting"});
    CHECK(filter.workflow_namespace == "billing");
    CHECK(filter.name == "refund");
    CHECK(filter.version == "1.2.0");
    CHECK(filter.key == "ch_1");
    CHECK(filter.waiting_kind == "parked");
    CHECK(filter.provider == "stripe");
    CHECK(filter.error_status == 402);
    CHECK(filter.attributes == Json{{"region", "eu"}, {"seats", 5}});
    CHECK(filter.started_after == parse_time("2026-11-21T08:15:30Z"));
    CHECK(filter.parent->text() == parent);
  }
}

TEST_CASE("an attribute in quotes is text", "[api]") {
  CHECK(filter_from_query("attribute.code=%225%22", noon)->attributes == Json{{"code", "5"}});
  CHECK(filter_from_query("attribute.code=005", noon)->attributes == Json{{"code", "005"}});
  CHECK(filter_from_query("attribute.code=true", noon)->attributes == Json{{"code", true}});
}

TEST_CASE("a filter that asks for what cannot be is refused with what can", "[api]") {
  const auto status = filter_from_query("status=fauted", noon);
  REQUIRE_FALSE(status);
  CHECK_THAT(status.error().detail, Contains("`faulted`"));
  CHECK_FALSE(filter_from_query("waiting=nothing", noon));
  CHECK_FALSE(filter_from_query("workflow=refund", noon));
  CHECK_FALSE(filter_from_query("workflow=billing/", noon));
  CHECK_FALSE(filter_from_query("startedAfter=monday", noon));
  CHECK_FALSE(filter_from_query("parent=7", noon));
  CHECK_FALSE(filter_from_query("errorStatus=many", noon));
  Faults faults;
  (void)filter_from(Json{{"statuses", "faulted"}, {"attributes", {{"a", Json::array()}}}}, faults,
                    "/filter", noon);
  const Error error = faults.error("The body");
  REQUIRE(error.findings.size() == 2);
  CHECK(error.findings[0].pointer == "/filter/attributes/a");
  CHECK(error.findings[1].pointer == "/filter/statuses");
  CHECK_THAT(error.findings[1].hint, Contains("`status`"));
}
