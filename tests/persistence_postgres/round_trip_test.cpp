// One commit is one round trip: counted by a proxy, not believed.
#include <catch2/catch.hpp>

#include "tests/persistence_postgres/cutting_proxy.hpp"
#include "tests/persistence_postgres/postgres_under_test.hpp"

using namespace sequent;
using namespace sequent::test;

namespace {

/// A store behind a counting proxy that has written before: its statements are prepared.
class Counted {
 public:
  Counted() : proxy(server().port()) {
    auto options = options_for("postgresql://postgres@127.0.0.1:" + std::to_string(proxy.port()) +
                               "/postgres?schema=" + schema.name());
    options.write_connections = 1;
    store = open_store(options);
    leases = store->acquire({.node = "a", .now = noon, .ttl = 60'000})->leases;
  }
  /// Each change in the batch of its partition.
  void write(const std::vector<runtime::InstanceChange>& changes) {
    std::vector<runtime::Batch> batches;
    for (const auto& change : changes) {
      const auto& lease = leases.at(change.id.partition());
      auto found = std::ranges::find(batches, lease.partition, &runtime::Batch::partition);
      if (found == batches.end())
        found = batches.insert(found, {.partition = lease.partition, .epoch = lease.epoch});
      found->changes.push_back(change);
    }
    for (const auto& result : store->commit(batches)) REQUIRE_FALSE(result.fenced);
  }
  [[nodiscard]] int trips(const std::vector<runtime::InstanceChange>& changes) {
    const int before = proxy.round_trips();
    write(changes);
    return proxy.round_trips() - before;
  }
  [[nodiscard]] int commits() const {
    return std::stoi(schema.value("SELECT sum(commits) FROM commit_mark"));
  }

  Schema schema;
  CuttingProxy proxy;
  std::unique_ptr<persistence::PostgresStore> store;
  std::vector<runtime::Lease> leases;
};

}  // namespace

TEST_CASE("a commit of many runs in many partitions is one transaction and one round trip",
          "[postgres]") {
  Counted counted;
  std::vector<runtime::InstanceChange> starts, steps, ends;
  for (PartitionId i = 0; i < 40; ++i) {
    const InstanceId id = new_id(static_cast<PartitionId>(i % 4));
    starts.push_back(start_of(id, "k-" + id.text()));
    steps.push_back(change_of(id, 1));
    ends.push_back(change_of(id, 2));
  }
  counted.write(
      {start_of(new_id(0), "the first")});  // the workflow gets its number, the place its row
  const int before = counted.commits();
  CHECK(counted.trips(starts) == 1);
  CHECK(counted.trips(steps) == 1);
  CHECK(counted.trips(ends) == 1);
  CHECK(counted.commits() - before == 3);
}

TEST_CASE("what a commit must read costs one round trip more, however much it is", "[postgres]") {
  Counted counted;
  const InstanceId receiver = new_id(3);
  counted.write({start_of(receiver, "receiver")});
  std::vector<runtime::InstanceChange> starts;
  for (PartitionId i = 0; i < 20; ++i) {
    const InstanceId id = new_id(static_cast<PartitionId>(i % 4));
    auto start = start_of(id, "k-" + id.text());
    start.messages = {{receiver, {{"n", i}}}};
    start.subscriptions = {{1, "f", id.text(), "paid"}};
    starts.push_back(std::move(start));
  }
  CHECK(counted.trips(starts) == 2);
}

TEST_CASE("a batch that is fenced is told so in a second transaction, and no more", "[postgres]") {
  Counted counted;
  const InstanceId id = new_id(1);
  counted.write({start_of(id, "k")});
  counted.schema.execute("UPDATE partition SET epoch = epoch + 1 WHERE partition_id = 1");
  const std::vector<runtime::Batch> late{
      {counted.leases.at(1).partition, counted.leases.at(1).epoch, {change_of(id, 1)}}};
  const int before = counted.proxy.round_trips();
  CHECK(counted.store->commit(late).front().fenced);
  CHECK(counted.proxy.round_trips() - before <=
        4);  // the attempt, its roll-back, the look, the end
}
