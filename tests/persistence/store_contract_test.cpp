// The contract of every Store: leases, commits, loading, waking.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/persistence/store_under_test.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;

TEST_CASE("a store keeps the number of partitions that it was created with", "[store]") {
  const auto under_test = any_store();
  CHECK(under_test->store().partitions() == 4);
  under_test->reopen();
  CHECK(under_test->store().partitions() == 4);
}

TEST_CASE("a new owner raises the epoch and the late commits of the old one are fenced",
          "[store]") {
  const auto under_test = any_store();
  auto& store = under_test->store();
  Owner first{*under_test, "a"};
  const InstanceId id = new_id();
  first.write(start_of(id));

  SECTION("a live lease is not taken") {
    under_test->pass(9'000);
    const auto refused = store.acquire({.node = "b", .now = under_test->now(), .ttl = 10'000});
    REQUIRE(refused.has_value() != under_test->for_one_node());
    if (!refused) CHECK(refused.error().code == ErrorCode::lease_held);
    if (refused) CHECK(refused->leases.empty());
    CHECK_FALSE(first.write_all({change_of(id, 1)}).fenced);
  }
  SECTION("renewing keeps the epoch") {
    under_test->pass(5'000);
    const auto renewed = store.acquire({.node = "a", .now = under_test->now(), .ttl = 10'000});
    REQUIRE(renewed.has_value());
    CHECK(renewed->leases.at(1).epoch == first.epoch(1));
    CHECK_FALSE(first.write_all({change_of(id, 1)}).fenced);
  }
  SECTION("a lease that ran out is taken") {
    under_test->pass(10'001);
    const auto taken = store.acquire({.node = "b", .now = under_test->now(), .ttl = 10'000});
    REQUIRE(taken.has_value());
    CHECK(taken->leases.at(1).epoch > first.epoch(1));
    CHECK(first.write_all({change_of(id, 1)}).fenced);
    CHECK(store.load(id)->records.size() == 1);
  }
  SECTION("a lease that was given back is free, and its giver is fenced") {
    store.release("a");
    CHECK(first.write_all({change_of(id, 1)}).fenced);
    CHECK(store.acquire({.node = "b", .now = noon, .ttl = 10'000}).has_value());
  }
  SECTION("a partition that was given back is fenced, and the others are not") {
    store.give_back("a", {.partition = 1, .epoch = first.epoch(1)});
    CHECK(first.write_all({change_of(id, 1)}).fenced);
    const InstanceId other = new_id(2);
    const std::vector<runtime::Batch> batches{{2, first.epoch(2), {start_of(other)}}};
    CHECK_FALSE(store.commit(batches).front().fenced);
  }
  SECTION("a lease that somebody else has taken since is not given back") {
    store.give_back("a", {.partition = 1, .epoch = first.epoch(1) - 1});
    store.give_back("b", {.partition = 1, .epoch = first.epoch(1)});
    CHECK_FALSE(first.write_all({change_of(id, 1)}).fenced);
  }
  SECTION("a restarted node takes its own partitions at once") {
    if (!under_test->for_one_node()) return;  // each process has a name of its own there
    under_test->reopen();
    const auto again = under_test->store().acquire({.node = "a", .now = noon, .ttl = 10'000});
    REQUIRE(again.has_value());
    CHECK(again->leases.size() == 4);
    CHECK(again->leases.at(1).epoch > first.epoch(1));
  }
}

TEST_CASE("a fenced batch takes only its own part down", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId kept = new_id(1), lost = new_id(2);
  std::vector<runtime::Batch> batches(2);
  batches[0] = {1, owner.epoch(1), {start_of(kept)}};
  batches[1] = {2, owner.epoch(2) - 1, {start_of(lost)}};
  const auto results = under_test->store().commit(batches);
  CHECK_FALSE(results[0].fenced);
  CHECK(results[1].fenced);
  CHECK(under_test->store().load(kept).has_value());
  CHECK_FALSE(under_test->store().load(lost).has_value());
}

TEST_CASE("what was committed is loaded after a restart", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId id = new_id();
  owner.write(start_of(id));
  owner.write(change_of(id, 1));
  InstanceChange with_snapshot = change_of(id, 2);
  with_snapshot.snapshot = "state at 3";
  owner.write(with_snapshot);
  owner.write(change_of(id, 3));
  under_test->reopen();

  const auto stored = under_test->store().load(id);
  REQUIRE(stored.has_value());
  CHECK(stored->snapshot == "state at 3");
  CHECK(stored->records == std::vector<std::string>{R"([{"seq":4}])"});
  CHECK(under_test->runs().journal(id, 0, 100).size() == 4);
  CHECK(under_test->runs().journal(id, 2, 1) == std::vector<std::string>{R"([{"seq":3}])"});
  CHECK_FALSE(under_test->store().load(new_id()).has_value());
}

TEST_CASE("a second history is refused and the whole transaction with it", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId id = new_id(), other = new_id();
  owner.write(start_of(id));
  owner.write(change_of(id, 1));
  CHECK_THROWS_AS(owner.write_all({start_of(other), change_of(id, 1)}), runtime::StoreFailure);
  CHECK_THROWS_AS(owner.write_all({change_of(id, 5)}), runtime::StoreFailure);
  CHECK_THROWS_AS(owner.write_all({change_of(new_id(), 1)}), runtime::StoreFailure);
  CHECK_FALSE(under_test->store().load(other).has_value());
  CHECK(under_test->store().load(id)->records.size() == 2);
  owner.write(change_of(id, 2));  // and the store goes on
  CHECK(under_test->store().load(id)->records.size() == 3);
}

TEST_CASE("a change without records rewrites the row and no history", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId id = new_id();
  owner.write(start_of(id));
  InstanceChange change = change_of(id, 1);
  change.first_seq = change.last_seq = 0;
  change.records.clear();
  change.row.status = "waiting";
  change.row.wake_at = noon + 500;
  owner.write(change);
  CHECK(under_test->runs().find(id)->row.status == "waiting");
  CHECK(under_test->store().load(id)->records.size() == 1);
  owner.write(change_of(id, 1));
}

TEST_CASE("a business key has one run and the batch around a refused start is written", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId first = new_id(), second = new_id(), bystander = new_id();
  owner.write(start_of(first, "order-1"));
  auto result = owner.write_all({start_of(second, "order-1"), start_of(bystander, "order-2")});
  REQUIRE(result.changes.at(0).taken.has_value());
  CHECK(result.changes.at(0).taken->id == first);
  CHECK(result.changes.at(0).taken->payload_hash == "hash-of-order-1");
  CHECK(result.changes.at(0).taken->status == "running");
  CHECK_FALSE(result.changes.at(0).taken->by_idempotency_key);
  CHECK_FALSE(result.changes.at(1).taken.has_value());
  CHECK_FALSE(under_test->store().load(second).has_value());
  CHECK(under_test->runs().find_by_key("billing", "refund", "order-2") == bystander);

  SECTION("another workflow has its own keys") {
    InstanceChange other = start_of(new_id(), "order-1");
    other.start->name = "checkout";
    CHECK_FALSE(owner.write(other).taken.has_value());
  }
  SECTION("a run that ended unsuccessfully gives its key up when asked to") {
    const auto status = GENERATE("faulted", "cancelled", "completed");
    InstanceChange end = change_of(first, 1);
    end.row.status = status;
    end.row.wake_at = INT64_MAX;
    end.ended = true;
    owner.write(end);
    InstanceChange again = start_of(second, "order-1");
    CHECK(owner.write(again).taken.has_value());
    again.start->restart_if_faulted = true;
    const bool restarted = !owner.write(again).taken.has_value();
    CHECK(restarted == (std::string{status} != "completed"));
    CHECK(under_test->runs().find_by_key("billing", "refund", "order-1") ==
          (restarted ? second : first));
    runtime::RunFilter filter;
    filter.key = "order-1";
    CHECK(under_test->runs().list(filter, "", 10)->runs.size() == (restarted ? 2 : 1));
  }
}

TEST_CASE("a run that had faulted goes on only while its business key is its own", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId first = new_id(), second = new_id(), bystander = new_id();
  owner.write(start_of(first, "order-1"));
  InstanceChange fault = change_of(first, 1);
  fault.row.status = "faulted";
  fault.row.wake_at = INT64_MAX;
  owner.write(fault);
  InstanceChange retry = change_of(first, 2);
  retry.revives = true;
  InstanceChange restart = start_of(second, "order-1");
  restart.start->restart_if_faulted = true;

  SECTION("it is its own: then a start meets a live run") {
    CHECK_FALSE(owner.write(retry).taken.has_value());
    CHECK(owner.write(restart).taken->id == first);
  }
  SECTION("the same within one batch") {
    auto result = owner.write_all({retry, restart});
    CHECK_FALSE(result.changes.at(0).taken.has_value());
    REQUIRE(result.changes.at(1).taken.has_value());
    CHECK(result.changes.at(1).taken->id == first);
  }
  SECTION("it has gone on: nothing of the change is written, and the batch around it is") {
    const bool at_once = GENERATE(true, false);
    CAPTURE(at_once);
    if (!at_once) CHECK_FALSE(owner.write(restart).taken.has_value());
    std::vector<InstanceChange> changes{retry, start_of(bystander, "order-2")};
    if (at_once) changes.insert(changes.begin(), restart);
    auto result = owner.write_all(std::move(changes));
    auto& refused = result.changes.at(at_once ? 1 : 0);
    REQUIRE(refused.taken.has_value());
    CHECK(refused.taken->id == second);
    CHECK(refused.taken->status == "running");
    CHECK_FALSE(result.changes.back().taken.has_value());
    CHECK(under_test->runs().find(first)->row.status == "faulted");
    CHECK(under_test->store().load(first)->records.size() == 2);
  }
  SECTION("a run without a key goes on whenever it is told to") {
    owner.write(start_of(bystander));
    InstanceChange plain = change_of(bystander, 1);
    plain.revives = true;
    CHECK_FALSE(owner.write(plain).taken.has_value());
  }
}

TEST_CASE("an idempotency key answers with the first run and is not spent by a refused start",
          "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId first = new_id();
  InstanceChange start = start_of(first, "order-1");
  start.start->idempotency_key = "request-1";
  owner.write(start);

  InstanceChange replay = start_of(new_id(), "order-9");
  replay.start->idempotency_key = "request-1";
  const auto replayed = owner.write(replay).taken;
  REQUIRE(replayed.has_value());
  CHECK(replayed->id == first);
  CHECK(replayed->by_idempotency_key);

  InstanceChange refused = start_of(new_id(), "order-1");
  refused.start->idempotency_key = "request-2";
  CHECK_FALSE(owner.write(refused).taken->by_idempotency_key);
  InstanceChange later = start_of(new_id(), "order-3");
  later.start->idempotency_key = "request-2";
  CHECK_FALSE(owner.write(later).taken.has_value());
}

TEST_CASE("two starts of one key in one batch: the first wins", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId first = new_id();
  auto result = owner.write_all({start_of(first, "k"), start_of(new_id(), "k")});
  CHECK_FALSE(result.changes.at(0).taken.has_value());
  CHECK(result.changes.at(1).taken->id == first);
}

TEST_CASE("a child that is started again meets itself", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId parent = new_id();
  const InstanceId child = InstanceId::derive(parent, "/do/0");
  owner.write(start_of(parent));
  InstanceChange start = start_of(child);
  start.start->parent = parent;
  CHECK_FALSE(owner.write(start).taken.has_value());
  CHECK(owner.write(start).taken->id == child);
  CHECK(under_test->runs().children(parent) == std::vector<InstanceId>{child});
  CHECK(under_test->runs().find(child)->parent == parent);
}

TEST_CASE("runs are woken in order of their time, page by page", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  std::vector<InstanceId> ids;
  for (int i = 0; i < 5; ++i) {
    InstanceChange start = start_of(new_id());
    start.row.wake_at = i == 4 ? INT64_MAX : noon + 100 - 10 * (i / 2);  // 100 100 90 90 never
    ids.push_back(start.id);
    owner.write(start);
  }
  auto& store = under_test->store();
  const auto first = store.due(1, noon + 101, std::nullopt, 3);
  REQUIRE(first.size() == 3);
  CHECK(first[0].id == ids[2]);
  CHECK(first[1].id == ids[3]);
  CHECK(first[2].id == ids[0]);
  const auto rest = store.due(1, noon + 101, first.back(), 3);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].id == ids[1]);
  CHECK(rest[0].wake_at == noon + 100);
  CHECK(store.due(1, noon + 100, std::nullopt, 9).size() == 2);
  CHECK(store.due(2, INT64_MAX, std::nullopt, 9).empty());
}

TEST_CASE("runs with open effects are found before those that sleep, page by page", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  std::vector<InstanceId> open;
  InstanceChange sleeper = start_of(new_id());
  sleeper.row.wake_at = noon;
  owner.write(sleeper);
  for (int i = 0; i < 3; ++i) {
    InstanceChange start = start_of(new_id());
    start.row.wake_at = 0;
    open.push_back(start.id);
    owner.write(start);
  }
  std::sort(open.begin(), open.end());
  auto& store = under_test->store();
  const auto first = store.due(1, INT64_MAX, std::nullopt, 2);
  REQUIRE(first.size() == 2);
  CHECK((first[0].id == open[0] && first[0].wake_at == 0));
  CHECK(first[1].id == open[1]);
  const auto rest = store.due(1, INT64_MAX, first.back(), 2);
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].id == open[2]);
  CHECK((rest[1].id == sleeper.id && rest[1].wake_at == noon));
  CHECK(store.due(1, INT64_MAX, rest.back(), 2).empty());
  CHECK(store.due(1, 1, std::nullopt, 9).size() == 3);
}
