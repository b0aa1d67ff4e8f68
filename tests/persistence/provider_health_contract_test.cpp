// The contract of circuits and of the queues of parked calls.
#include <catch2/catch.hpp>

#include "tests/persistence/store_under_test.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::ParkedCall;
using runtime::StoredCircuit;

namespace {

const definition::CircuitId stripe{"stripe", "acct_1", "write"};
const definition::CircuitId other{"stripe", "acct_2", "write"};

StoredCircuit circuit(const definition::CircuitId& id, std::int64_t revision, std::string state) {
  return {.id = id, .revision = revision, .state = std::move(state)};
}

std::int64_t put_one(StoreUnderTest& under_test, const StoredCircuit& one) {
  const auto revisions = under_test.health().put_circuits(std::span(&one, 1));
  REQUIRE(revisions.size() == 1);
  return revisions.front();
}

}  // namespace

TEST_CASE("a circuit is written only over what its writer has read", "[persistence][outages]") {
  const auto under_test = any_store();
  const auto first = put_one(*under_test, circuit(stripe, 0, "{}"));
  CHECK(first > 0);
  CHECK(put_one(*under_test, circuit(stripe, 0, "late")) == 0);
  const auto second = put_one(*under_test, circuit(stripe, first, R"({"position": "open"})"));
  CHECK(second > first);
  CHECK(put_one(*under_test, circuit(stripe, first, "late")) == 0);
  const auto news = under_test->health().circuits(first);
  REQUIRE(news.size() == 1);
  CHECK(news.front().id == stripe);
  CHECK(news.front().revision == second);
  CHECK(news.front().state == R"({"position": "open"})");
  CHECK(under_test->health().circuits(second).empty());
}

TEST_CASE("of several circuits those that fit are written", "[persistence][outages]") {
  const auto under_test = any_store();
  const auto first = put_one(*under_test, circuit(stripe, 0, "1"));
  const std::vector<StoredCircuit> both{circuit(stripe, first + 7, "2"), circuit(other, 0, "2")};
  const auto revisions = under_test->health().put_circuits(both);
  REQUIRE(revisions.size() == 2);
  CHECK(revisions[0] == 0);
  CHECK(revisions[1] > first);
  under_test->reopen();
  CHECK(under_test->health().circuits(0).size() == 2);
}

TEST_CASE("parked calls come by deadline, then by age, and go with their checkpoint",
          "[persistence][outages]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const auto park = [&](const InstanceId& id, Timestamp deadline, const std::string& on) {
    auto change = start_of(id);
    change.parked = {
        ParkedCall{.frame = 2, .circuit = on, .deadline = deadline, .parked_at = noon}};
    (void)owner.write(std::move(change));
  };
  const auto old = new_id(1, noon - 2'000), young = new_id(1, noon - 1'000),
             urgent = new_id(1, noon);
  const auto elsewhere = new_id(2, noon - 3'000), foreign = new_id(1, noon);
  park(young, 0, stripe.text());
  park(urgent, noon + 60'000, stripe.text());
  park(old, 0, stripe.text());
  park(elsewhere, 0, stripe.text());
  park(foreign, 0, other.text());
  const std::vector<PartitionId> ours{1};
  const auto ids = [&](std::optional<runtime::ParkedPlace> after, std::size_t limit) {
    std::vector<InstanceId> found;
    for (const auto& place : under_test->health().parked(stripe, ours, after, limit)) {
      CHECK(place.frame == 2);
      found.push_back(place.id);
    }
    return found;
  };
  CHECK(ids(std::nullopt, 10) == std::vector{urgent, old, young});
  CHECK(ids(std::nullopt, 1) == std::vector{urgent});
  const runtime::ParkedPlace place{.deadline = noon + 60'000, .id = urgent, .frame = 2};
  CHECK(ids(place, 10) == std::vector{old, young});

  const auto counts = under_test->health().parked_counts(noon + 3'600'000);
  REQUIRE(counts.size() == 2);
  CHECK(counts[0].circuit == stripe);
  CHECK(counts[0].calls == 4);
  CHECK(counts[0].at_risk == 1);
  CHECK(counts[0].earliest_deadline == noon + 60'000);
  CHECK(counts[1].circuit == other);
  CHECK(counts[1].earliest_deadline == 0);

  auto change = change_of(urgent, 1);
  change.parked.emplace();
  (void)owner.write(std::move(change));
  (void)owner.write(change_of(old, 1));  // says nothing of them: they stay
  CHECK(ids(std::nullopt, 10) == std::vector{old, young});
}

TEST_CASE("a live run that nothing wakes is found, and no other", "[persistence][outages]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const auto write = [&](auto change, const auto& prepare) {
    change.row.status = "waiting";
    change.row.wake_at = INT64_MAX;
    prepare(change);
    (void)owner.write(std::move(change));
  };
  const auto lost = new_id(), asleep = new_id(), parked = new_id(), held = new_id(),
             ended = new_id();
  write(start_of(lost), [](auto& change) { change.row.waiting_kind = "event"; });
  write(start_of(asleep), [](auto& change) { change.row.wake_at = noon + 1'000; });
  write(start_of(parked), [](auto& change) {
    change.row.waiting_kind = "parked";
    change.row.park_reason = "provider_open";
    change.parked = {ParkedCall{.frame = 2, .circuit = stripe.text(), .parked_at = noon}};
  });
  write(start_of(held), [](auto& change) {
    change.row.waiting_kind = "parked";
    change.row.park_reason = "retries_exhausted";
  });
  write(start_of(ended), [](auto& change) { change.row.status = "completed"; });
  runtime::RunFilter filter;
  filter.stuck = true;
  const auto page = under_test->runs().list(filter, "", 10);
  REQUIRE(page.has_value());
  REQUIRE(page->runs.size() == 1);
  CHECK(page->runs.front().id == lost);
}

TEST_CASE(
    "a run whose timer is long due and has not fired is stuck, while its partition has an owner",
    "[persistence][outages]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const Timestamp now = under_test->now();
  const auto write = [&](Timestamp wake_at, const std::string& status) {
    auto change = start_of(new_id());
    change.row.status = status;
    change.row.waiting_kind = "timer";
    change.row.wake_at = wake_at;
    const auto id = change.id;
    (void)owner.write(std::move(change));
    return id;
  };
  const auto overdue = write(now - 61'000, "waiting");
  (void)write(now - 59'000, "waiting");  // its node may have much to do
  (void)write(now - 61'000, "suspended");
  (void)write(0, "running");  // its effects are under way
  const auto stuck = [&](Timestamp at) {
    runtime::RunFilter filter;
    filter.stuck = true;
    filter.stuck_at = at;
    const auto page = under_test->runs().list(filter, "", 10);
    REQUIRE(page.has_value());
    std::vector<InstanceId> ids;
    for (const auto& run : page->runs) ids.push_back(run.id);
    return ids;
  };
  CHECK(stuck(now) == std::vector{overdue});
  CHECK(stuck(0).empty());
  CHECK(stuck(now + 2'000).size() == 2);
  // Nobody has the partition: whoever takes it fires the timer.
  constexpr DurationMs longer_than_a_lease = 3'600'000;
  under_test->pass(longer_than_a_lease);
  CHECK(stuck(now + longer_than_a_lease).empty());
}
