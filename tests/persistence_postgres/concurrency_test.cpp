// Several connections and several nodes on one store: who waits for whom, and that nobody waits in a
// circle.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "tests/persistence_postgres/postgres_under_test.hpp"

using namespace sequent;
using namespace sequent::test;
using persistence::PostgresStore;

namespace {

runtime::Batch batch_of(const runtime::Lease& lease, std::vector<runtime::InstanceChange> changes) {
  return {lease.partition, lease.epoch, std::move(changes)};
}

}  // namespace

TEST_CASE("nodes share the partitions, and a dead one's are taken over", "[postgres]") {
  const Schema schema;
  const auto a = open_store(options_for(schema.url())), b = open_store(options_for(schema.url()));
  auto first = *a->acquire({.node = "a", .now = noon, .ttl = 10'000});
  CHECK(first.leases.size() == 4);
  CHECK(first.nodes == 1);
  CHECK_FALSE(first.next_death.has_value());
  auto second = *b->acquire({.node = "b", .now = noon, .ttl = 10'000});
  CHECK(second.leases.empty());
  CHECK(second.nodes == 2);
  CHECK(second.share == 2);
  REQUIRE(second.next_death.has_value());
  CHECK((*second.next_death > 0 && *second.next_death <= 10'000));
  REQUIRE(second.owners.size() == 4);
  CHECK(second.owners[0].node == "a");
  CHECK(second.owners[0].epoch == first.leases[0].epoch);

  a->give_back("a", first.leases[3]);
  a->give_back("a", first.leases[2]);
  second = *b->acquire({.node = "b", .now = noon, .ttl = 10'000});
  REQUIRE(second.leases.size() == 2);
  CHECK(second.leases[0].partition == 2);
  CHECK(second.leases[0].epoch > first.leases[2].epoch);
  first = *a->acquire({.node = "a", .now = noon, .ttl = 10'000});
  CHECK(first.leases.size() == 2);

  SECTION("a node whose lease ran out, when nobody was there to take it, goes on") {
    schema.execute("UPDATE node SET lease_until = clock_timestamp() - interval '1 minute'");
    const auto again = *a->acquire({.node = "a", .now = noon, .ttl = 10'000});
    CHECK(again.leases.at(0).epoch == first.leases.at(0).epoch);
    CHECK(again.leases.size() == 4);  // and has what the other left
  }
  SECTION("a node that is dead") {
    schema.execute("UPDATE node SET lease_until = clock_timestamp() WHERE node = 'a'");
    second = *b->acquire({.node = "b", .now = noon, .ttl = 10'000});
    CHECK(second.leases.size() == 4);
    CHECK(second.nodes == 1);
    const std::vector<runtime::Batch> late{batch_of(first.leases[0], {start_of(new_id(0))})};
    CHECK(a->commit(late).front().fenced);
    CHECK(a->acquire({.node = "a", .now = noon, .ttl = 10'000})->leases.empty());
  }
  SECTION("a node that leaves is counted no more and takes nothing") {
    const auto leaving = *a->acquire({.node = "a", .now = noon, .ttl = 10'000, .leaves = true});
    CHECK(leaving.nodes == 1);
    CHECK(leaving.leases.size() == 2);
    a->give_back("a", leaving.leases[0]);
    CHECK(a->acquire({.node = "a", .now = noon, .ttl = 10'000, .leaves = true})->leases.size() ==
          1);
    a->release("a");
    CHECK(b->acquire({.node = "b", .now = noon, .ttl = 10'000})->leases.size() == 4);
  }
}

TEST_CASE("a partition is not taken over while its owner's commit is under way", "[postgres]") {
  const Schema schema;
  const auto a = open_store(options_for(schema.url())), b = open_store(options_for(schema.url()));
  const auto leases = a->acquire({.node = "a", .now = noon, .ttl = 10'000})->leases;
  // As a commit that has passed its fence and is not done yet.
  persistence::postgres::Address address =
      *persistence::postgres::Address::parse(schema.url(), "test");
  const auto held =
      persistence::postgres::Connection::open(address, persistence::postgres::Role::writer);
  held->begin();
  static constexpr std::string_view fence =
      "SELECT 1 FROM partition WHERE partition_id = 1 FOR SHARE";
  static_cast<void>(held->query(fence));
  schema.execute("UPDATE node SET lease_until = clock_timestamp()");
  auto taken = *b->acquire({.node = "b", .now = noon, .ttl = 10'000});
  CHECK(taken.leases.size() == 3);
  held->commit();
  taken = *b->acquire({.node = "b", .now = noon, .ttl = 10'000});
  CHECK(taken.leases.size() == 4);
}

TEST_CASE("four committers that want the same keys and records end without a deadlock",
          "[postgres]") {
  const Schema schema;
  auto options = options_for(schema.url());
  options.write_connections = 4;
  const auto store = open_store(options);
  const auto leases = store->acquire({.node = "a", .now = noon, .ttl = 60'000})->leases;
  constexpr int rounds = 15, keys = 8;
  std::atomic<int> started = 0, refused = 0, failures = 0;
  std::vector<InstanceId> ids;
  for (int i = 0; i < 4 * rounds * keys; ++i)
    ids.push_back(new_id(static_cast<PartitionId>(i % 4)));
  const auto work = [&](std::size_t partition) {
    for (int round = 0; round < rounds; ++round) {
      std::vector<runtime::InstanceChange> changes;
      for (int key = 0; key < keys; ++key) {
        // Each thread has an order of its own.
        const int shuffled = (key * (2 * static_cast<int>(partition) + 1)) % keys;
        const auto at =
            (static_cast<std::size_t>(round) * keys + static_cast<std::size_t>(key)) * 4;
        auto start = start_of(ids[at + partition],
                              "order-" + std::to_string(round) + "-" + std::to_string(shuffled));
        start.operations = {
            {1,
             1,
             "op",
             "records.increment",
             {{"collection", "sums"}, {"key", "k" + std::to_string(shuffled)}, {"path", "n"}}}};
        start.emitted = {{{"source", "s"}, {"id", start.id.text()}, {"type", "t"}}};
        changes.push_back(std::move(start));
      }
      const std::vector<runtime::Batch> batches{batch_of(leases[partition], std::move(changes))};
      try {
        const auto results = store->commit(batches);
        for (const auto& change : results.front().changes) ++(change.taken ? refused : started);
      } catch (const runtime::StoreFailure& failure) {
        ++failures;
        UNSCOPED_INFO(failure.what());
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t partition = 0; partition < 4; ++partition) threads.emplace_back(work, partition);
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(started == rounds * keys);
  CHECK(refused == 3 * rounds * keys);
  int sum = 0;
  for (const auto& [key, value] : store->list("sums", "", 100)) sum += value.at("n").get<int>();
  CHECK(sum == rounds * keys);
  const auto emitted = store->emitted(0, 10'000, 1 << 30);
  CHECK(emitted.size() == static_cast<std::size_t>(rounds * keys));
}

TEST_CASE("an event and the run that waits for it never miss each other", "[postgres]") {
  const Schema schema;
  auto options = options_for(schema.url());
  options.write_connections = 4;
  const auto store = open_store(options);
  const auto leases = store->acquire({.node = "a", .now = noon, .ttl = 60'000})->leases;
  constexpr int rounds = 60;
  int reached = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string hash = "h" + std::to_string(round);
    runtime::InstanceChange listener = start_of(new_id(1));
    listener.subscriptions = {{1, "f", round % 2 == 0 ? hash : "", "paid"}};
    const std::vector<runtime::Batch> batches{batch_of(leases[1], {listener})};
    const auto event = event_of("e" + std::to_string(round), "f", hash);
    std::thread other{[&] { static_cast<void>(store->route({&event, 1})); }};
    static_cast<void>(store->commit(batches));
    other.join();
    if (store->load(listener.id)->messages.size() == 1) ++reached;
    // So that no later event of any hash finds it.
    auto end = change_of(listener.id, 1);
    end.subscriptions.emplace();
    const std::vector<runtime::Batch> ends{batch_of(leases[1], {end})};
    static_cast<void>(store->commit(ends));
  }
  CHECK(reached == rounds);
}

TEST_CASE("an event of a node that does not know every definition is stored, not routed",
          "[postgres]") {
  const Schema schema;
  const auto store = open_store(options_for(schema.url()));
  const auto leases = store->acquire({.node = "a", .now = noon, .ttl = 60'000})->leases;
  REQUIRE(store->put({.workflow_namespace = "test",
                      .name = "one",
                      .version = "1.0.0",
                      .digest = "d",
                      .source = "",
                      .deployed_at = noon}));
  CHECK(store->definitions_revision() == 1);
  runtime::InstanceChange listener = start_of(new_id(1));
  listener.subscriptions = {{1, "f", "", "paid"}};
  const std::vector<runtime::Batch> batches{batch_of(leases[1], {listener})};
  static_cast<void>(store->commit(batches));
  auto event = event_of("e", "f", "");
  event.definitions_known = 0;
  auto routed = store->route({&event, 1}).front();
  CHECK(routed.stale);
  CHECK(routed.messages.empty());
  CHECK(store->unrouted(0, 10).size() == 1);
  event.stored_id = routed.id;
  event.definitions_known = 1;
  routed = store->route({&event, 1}).front();
  CHECK_FALSE(routed.stale);
  CHECK_FALSE(routed.duplicate);
  CHECK(routed.messages.size() == 1);
}

TEST_CASE("a held event goes to one of two runs that begin to wait at once", "[postgres]") {
  const Schema schema;
  auto options = options_for(schema.url());
  options.write_connections = 4;
  const auto store = open_store(options);
  const auto leases = store->acquire({.node = "a", .now = noon, .ttl = 60'000})->leases;
  for (int round = 0; round < 30; ++round) {
    const std::string hash = "h" + std::to_string(round);
    const auto event = event_of("e" + std::to_string(round), "f", hash);
    static_cast<void>(store->route({&event, 1}));
    std::vector<runtime::InstanceChange> listeners{start_of(new_id(1)), start_of(new_id(2))};
    for (auto& listener : listeners) listener.subscriptions = {{1, "f", hash, "paid"}};
    const auto commit = [&](std::size_t which) {
      const std::vector<runtime::Batch> batches{batch_of(leases[which + 1], {listeners[which]})};
      static_cast<void>(store->commit(batches));
    };
    std::thread other{[&] { commit(1); }};
    commit(0);
    other.join();
    CHECK(store->load(listeners[0].id)->messages.size() +
              store->load(listeners[1].id)->messages.size() ==
          1);
  }
}

TEST_CASE("emitted events are numbered in the order of their commits", "[postgres]") {
  const Schema schema;
  auto options = options_for(schema.url());
  options.write_connections = 4;
  const auto store = open_store(options);
  const auto leases = store->acquire({.node = "a", .now = noon, .ttl = 60'000})->leases;
  static_cast<void>(store->open_sink("s", false, noon));
  std::atomic<bool> done = false;
  std::set<std::int64_t> read;
  bool backwards = false;
  std::thread reader{[&] {
    std::int64_t cursor = 0;
    for (bool last = false; !last;) {
      last = done;
      for (const auto& event : store->emitted(cursor, 100, 1 << 20)) {
        backwards = backwards || event.id <= cursor;
        cursor = event.id;
        read.insert(event.id);
      }
    }
  }};
  constexpr int rounds = 25;
  std::vector<InstanceId> ids;
  for (int i = 0; i < 4 * rounds; ++i) ids.push_back(new_id(static_cast<PartitionId>(i % 4)));
  std::vector<std::thread> writers;
  for (std::size_t partition = 0; partition < 4; ++partition)
    writers.emplace_back([&, partition] {
      for (std::size_t round = 0; round < rounds; ++round) {
        auto start = start_of(ids[4 * round + partition]);
        start.emitted = {{{"source", "s"}, {"id", start.id.text()}, {"type", "t"}}};
        const std::vector<runtime::Batch> batches{batch_of(leases[partition], {start})};
        static_cast<void>(store->commit(batches));
      }
    });
  for (auto& writer : writers) writer.join();
  done = true;
  reader.join();
  CHECK_FALSE(backwards);
  CHECK(read.size() == 4 * rounds);
}
