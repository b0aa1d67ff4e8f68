// The words of a search.
#include <catch2/catch.hpp>

#include "engine/runtime/where.hpp"

using namespace sequent;
using namespace sequent::runtime;
using Catch::Contains;

namespace {

constexpr Timestamp noon = 1'800'000'000'000;
using Field = RunTerm::Field;
using Compare = RunTerm::Compare;

RunFilter read(const std::string& text) {
  RunFilter filter;
  const auto done = read_where(text, noon, filter);
  if (!done) FAIL(done.error().detail);
  return filter;
}

std::string refusal(const std::string& text) {
  RunFilter filter;
  const auto done = read_where(text, noon, filter);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::invalid_request);
  return done.error().detail;
}

}  // namespace

TEST_CASE("equalities become the members that the stores know best", "[search]") {
  const auto filter = read(
      "status in (faulted, suspended) and workflow=billing/refund:1.2.0 and provider=stripe and "
      "error.status=503 and key='a b' and waiting=parked and task=charge and text~0197");
  CHECK(filter.statuses == std::vector<std::string>{"faulted", "suspended"});
  CHECK(filter.workflow_namespace == "billing");
  CHECK(filter.name == "refund");
  CHECK(filter.version == "1.2.0");
  CHECK(filter.provider == "stripe");
  CHECK(filter.error_status == 503);
  CHECK(filter.key == "a b");
  CHECK(filter.waiting_kind == "parked");
  CHECK(filter.task == "charge");
  CHECK(filter.text == "0197");
  CHECK(filter.terms.empty());
}

TEST_CASE("a star is a pattern unless it stands in quotes, and ~ asks for a part", "[search]") {
  const auto filter =
      read("status=faulted and error.type~communication and workflow=facturation/* and key='a*'");
  REQUIRE(filter.terms.size() == 2);
  CHECK(filter.terms[0].field == Field::error_type);
  CHECK(filter.terms[0].compare == Compare::like);
  CHECK(filter.terms[0].texts == std::vector<std::string>{"*communication*"});
  CHECK(filter.terms[1].field == Field::workflow);
  CHECK(filter.terms[1].texts == std::vector<std::string>{"facturation/*"});
  CHECK(filter.key == "a*");
  CHECK(read("key~order-*").terms[0].texts == std::vector<std::string>{"order-*"});
  CHECK(read("error.type!~x").terms[0].compare == Compare::not_like);
}

TEST_CASE("times are instants, lengths of time ago, or ahead for a deadline", "[search]") {
  constexpr DurationMs hour = 3'600'000;
  const auto at = [](const std::string& text) { return read(text).terms.at(0).number; };
  CHECK(at("started>24h") == noon - 24 * hour);
  CHECK(at("started > PT1H") == noon - hour);
  CHECK(at("updated<=now") == noon);
  CHECK(at("updated<now-15m") == noon - hour / 4);
  CHECK(at("deadline<2h") == noon + 2 * hour);
  CHECK(at("deadline<now-2h") == noon - 2 * hour);
  CHECK(at("key.born<20h") == noon - 20 * hour);
  CHECK(read("keyBornAt<20h").terms[0].field == Field::key_born);
  CHECK(at("ended>=2026-11-21T08:15:30Z") == parse_time("2026-11-21T08:15:30Z"));
}

TEST_CASE("an attribute's number is also its text, unless it stands in quotes", "[search]") {
  using Texts = std::vector<std::string>;
  CHECK(read("attr.seats=5").terms[0].texts == Texts{"5", "\"5\""});
  CHECK(read("attr.seats='5'").terms[0].texts == Texts{"\"5\""});
  CHECK(read("attributes.region in (eu, us)").terms[0].texts == Texts{"\"eu\"", "\"us\""});
  CHECK(read("attr.amount>=100").terms[0].compare == Compare::at_least);
  CHECK(read("attr.amount>=100").terms[0].attribute == "amount");
}

TEST_CASE("what is wrong is said with its column and what was meant", "[search]") {
  CHECK_THAT(refusal("stats=faulted"), Contains("column 1:") && Contains("`status`"));
  CHECK_THAT(refusal("status=faulted and provder=stripe"),
             Contains("column 20:") && Contains("`provider`"));
  CHECK_THAT(refusal("status=fauted"), Contains("column 8:") && Contains("`faulted`"));
  CHECK_THAT(refusal("status faulted"), Contains("column 8:") && Contains("expected ="));
  CHECK_THAT(refusal("status=faulted or status=running"), Contains("`and` only"));
  CHECK_THAT(refusal("status in (faulted"), Contains("got the end"));
  CHECK_THAT(refusal("key='a"), Contains("does not end"));
  CHECK_THAT(refusal("workflow=refund"), Contains("*/refund"));
  CHECK_THAT(refusal("started=24h"), Contains("a time takes"));
  CHECK_THAT(refusal("started>monday"), Contains("expected a time"));
  CHECK_THAT(refusal("provider>stripe"), Contains("more or less"));
  CHECK_THAT(refusal("attempts=many"), Contains("whole number"));
  CHECK_THAT(refusal("parent=7"), Contains("id of a run"));
  CHECK_THAT(refusal(""), Contains("expected a field"));
  CHECK_THAT(refusal("status=faulted and"), Contains("expected a field"));
}

TEST_CASE("no text of any bytes does more than be refused", "[search]") {
  const std::string pool =
      "status=and()'\"~<>!* ,now-5h\\\n\t\xff"
      "attr.x";
  std::uint64_t seed = 7;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (int i = 0; i < round % 40; ++i) {
      seed = seed * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
      text += pool[(seed >> 33) % pool.size()];
    }
    RunFilter filter;
    const auto done = read_where(text, noon, filter);
    if (!done) CHECK_FALSE(done.error().detail.empty());
  }
}

TEST_CASE("a filter comes back from its stored form as it was", "[search]") {
  auto filter = read(
      "status=faulted and error.type~x and workflow=a/* and attr.n in (5, 'x') and started>1h and "
      "parent=0197a6c2-8d1b-7c3e-9f00-5b2d7a1e0003 and error.status in (402, 503) and text=abc");
  filter.attributes = {{"region", "eu"}};
  filter.started_after = noon;
  filter.error_type = "plain";
  filter.stuck = true;
  filter.stuck_at = noon;
  const auto json = filter_json(filter);
  const auto again = filter_of(json);
  REQUIRE(again);
  CHECK(filter_json(*again) == json);
  CHECK(again->terms.size() == filter.terms.size());
  CHECK(again->parent == filter.parent);
  CHECK(again->stuck);  // without it a batch would act on every run
  CHECK(again->stuck_at == noon);
  CHECK(filter_json(RunFilter{}).empty());
  CHECK_FALSE(filter_of(Json{{"terms", {{{"field", "future"}, {"is", "="}}}}}));
}
