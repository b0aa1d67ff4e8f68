// The contract of searches by words: each store finds and counts the same runs.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/persistence/searching.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;

namespace {

std::set<InstanceId> found(StoreUnderTest& under_test, const std::string& text) {
  INFO(text);
  const auto page = under_test.runs().list(where(text), "", 100);
  REQUIRE(page.has_value());
  std::set<InstanceId> ids;
  for (const auto& run : page->runs) ids.insert(run.id);
  return ids;
}

}  // namespace

TEST_CASE("every kind of condition finds its runs", "[store][search]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  InstanceChange a = faulted("order-1", "https://example.org/errors/communication", 503);
  a.start->attributes = {{"region", "eu"}, {"seats", 5}, {"code", "5"}};
  a.row.attempts = 3;
  a.row.updated_at = noon + 500;
  InstanceChange b =
      faulted("order_2", "https://example.org/errors/validation?", 402, noon + 9'000);
  b.start->name = "checkout";
  b.start->workflow_namespace = "shop";
  b.start->version = "2.0.0";
  b.start->attributes = {{"region", "us"}, {"seats", 12}};
  b.start->parent = a.id;
  owner.write(a);
  owner.write(b);
  using Ids = std::set<InstanceId>;
  const Ids only_a{a.id}, only_b{b.id}, both{a.id, b.id};
  CHECK(found(*under_test, "error.type~communication") == only_a);
  CHECK(found(*under_test, "error.type!~communication") == only_b);
  CHECK(found(*under_test, "error.type~'validation?'") == only_b);
  CHECK(found(*under_test, "error.type=*errors/*") == both);
  CHECK(found(*under_test, "error.type~'errors_'").empty());
  CHECK(found(*under_test, "workflow=shop/*") == only_b);
  CHECK(found(*under_test, "workflow!=shop/*") == only_a);
  CHECK(found(*under_test, "workflow=*/checkout:2.*") == only_b);
  CHECK(found(*under_test, "workflow in (billing/refund, shop/checkout:2.0.0)") == both);
  CHECK(found(*under_test, "workflow!=billing/refund") == only_b);
  CHECK(found(*under_test, "key~order-*") == only_a);
  CHECK(found(*under_test, "key~order_*") == only_b);
  CHECK(found(*under_test, "error.status>=500") == only_a);
  CHECK(found(*under_test, "error.status in (402, 409)") == only_b);
  CHECK(found(*under_test, "error.status!=402") == only_a);
  CHECK(found(*under_test, "attempts>2") == only_a);
  CHECK(found(*under_test, "attr.region=eu") == only_a);
  CHECK(found(*under_test, "attr.region!=eu") == only_b);
  CHECK(found(*under_test, "attr.region~u") == both);
  CHECK(found(*under_test, "attr.seats>5") == only_b);
  CHECK(found(*under_test, "attr.seats<=5") == only_a);
  CHECK(found(*under_test, "attr.code>1").empty());
  CHECK(found(*under_test, "attr.code=5") == only_a);
  CHECK(found(*under_test, "attr.seats='5'").empty());
  CHECK(found(*under_test, "updated>now") == only_a);
  CHECK(found(*under_test, "deadline<10s") == only_b);
  CHECK(found(*under_test, "parent!=" + a.id.text()) == only_a);
  CHECK(found(*under_test, "status!=faulted").empty());
  CHECK(found(*under_test, "status=faulted and error.status=503 and key~1") == only_a);
  CHECK(found(*under_test, "text=" + a.id.text().substr(0, 8)).contains(a.id));
}

TEST_CASE("runs whose key grows old are found, whatever they wait for", "[store][search]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const auto with_key = [&](const std::string& waiting, DurationMs age) {
    InstanceChange run = start_of(new_id(), "");
    run.row.status = "waiting";
    run.row.waiting_kind = waiting;
    run.row.key_born_at = age == 0 ? 0 : noon - age;
    owner.write(run);
    return run;
  };
  constexpr DurationMs hour = 3'600'000;
  const auto old = with_key("parked", 21 * hour), retrying = with_key("activity", 23 * hour);
  const auto young = with_key("parked", hour), none = with_key("parked", 0);
  using Ids = std::set<InstanceId>;
  CHECK(found(*under_test, "key.born<20h") == Ids{old.id, retrying.id});
  CHECK(found(*under_test, "key.bornAt<20h and waiting=parked") == Ids{old.id});
  CHECK(found(*under_test, "keyBornAt>=2h") == Ids{young.id});
  CHECK(found(*under_test, "key.born<=now") == Ids{old.id, retrying.id, young.id});
  // The call is over: so is the matter of its key.
  auto over = change_of(old.id, old.last_seq);
  over.row.status = "completed";
  owner.write(over);
  CHECK(found(*under_test, "key.born<20h") == Ids{retrying.id});
}

TEST_CASE("runs are grouped by whatever they have", "[store][search]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  for (int i = 0; i < 3; ++i) {
    InstanceChange start = faulted("k" + std::to_string(i), "e", i == 0 ? 402 : 503);
    start.start->attributes = {{"region", i == 2 ? "eu" : "us"}, {"seats", 4}};
    owner.write(start);
  }
  const auto groups = [&](const std::string& by) {
    const auto counted = under_test->runs().aggregate(where("status=faulted"), {by}, 10);
    REQUIRE(counted.has_value());
    std::map<std::string, std::int64_t> out;
    for (const auto& group : *counted) out[group.group.at(0)] = group.count;
    return out;
  };
  using Counts = std::map<std::string, std::int64_t>;
  CHECK(groups("error_status") == Counts{{"402", 1}, {"503", 2}});
  CHECK(groups("attribute.region") == Counts{{"eu", 1}, {"us", 2}});
  CHECK(groups("attribute.seats") == Counts{{"4", 3}});
  CHECK(groups("attribute.none") == Counts{{"", 3}});
  CHECK(groups("namespace") == Counts{{"billing", 3}});
  for (const auto dimension : runtime::dimensions())
    CHECK(under_test->runs().aggregate({}, {std::string{dimension}}, 10).has_value());
  CHECK_FALSE(under_test->runs().aggregate({}, {"attribute.a\"b"}, 10).has_value());
}
