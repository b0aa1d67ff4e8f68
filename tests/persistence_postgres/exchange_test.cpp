// Notes and parcels between nodes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>

#include "tests/persistence_postgres/postgres_under_test.hpp"

using namespace sequent;
using namespace sequent::test;

namespace {

/// What a node has heard, in order.
class Ear {
 public:
  std::function<void(std::string)> hearing() {
    return [this](std::string text) {
      const std::lock_guard lock{mutex_};
      heard_.push_back(std::move(text));
      changed_.notify_all();
    };
  }
  /// Waits until `count` notes were heard.
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return heard_.size() >= count; });
    return heard_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
};

runtime::Parcel parcel(const std::string& id, const std::string& to,
                       std::optional<PartitionId> partition = std::nullopt) {
  return {.id = id, .to = to, .partition = partition, .body = "body of " + id, .ttl = 60'000};
}

}  // namespace

TEST_CASE("notes reach the node that they are for, or all", "[postgres]") {
  const Schema schema, elsewhere;
  const auto a = open_store(options_for(schema.url())), b = open_store(options_for(schema.url()));
  const auto stranger = open_store(options_for(elsewhere.url()));
  Ear at_a, at_b, at_stranger;
  a->exchange()->listen("a", at_a.hearing());
  b->exchange()->listen("b", at_b.hearing());
  stranger->exchange()->listen("a", at_stranger.hearing());
  // The first word is that something may have been missed.
  CHECK(at_a.wait_for(1) == std::vector<std::string>{""});
  CHECK(at_b.wait_for(1) == std::vector<std::string>{""});
  CHECK(at_stranger.wait_for(1) == std::vector<std::string>{""});
  const std::string long_note(runtime::most_note_bytes, 'x');
  b->exchange()->tell(std::vector<runtime::Note>{{"a", "one"}, {"", "two"}, {"a", long_note}});
  CHECK(at_a.wait_for(4) == std::vector<std::string>{"", "one", "two", long_note});
  CHECK(at_b.wait_for(2) == std::vector<std::string>{"", "two"});
  CHECK(at_stranger.wait_for(1).size() == 1);

  SECTION("a connection that broke is made anew, and that is said") {
    server().execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE query LIKE 'LISTEN%" +
        schema.name() + "%'");
    CHECK(at_a.wait_for(5).back().empty());
    CHECK(at_b.wait_for(3).back().empty());
    a->exchange()->tell(std::vector<runtime::Note>{{"b", "again"}});
    CHECK(at_b.wait_for(4).back() == "again");
  }
  a->exchange()->listen("a", {});
  b->exchange()->listen("b", {});
  stranger->exchange()->listen("a", {});
}

TEST_CASE("a parcel is given to one collector, its node or the owner of its partition",
          "[postgres]") {
  const Schema schema;
  const auto a = open_store(options_for(schema.url())), b = open_store(options_for(schema.url()));
  static_cast<void>(a->acquire({.node = "a", .now = noon, .ttl = 10'000}));
  Ear at_a;
  a->exchange()->listen("a", at_a.hearing());
  at_a.wait_for(1);
  b->exchange()->post(
      std::vector{parcel("p1", "a", 3), parcel("p2", "", 2), parcel("p3", "c"), parcel("p1", "a")});
  CHECK(at_a.wait_for(2).back() == runtime::parcel_note);
  CHECK(a->acquire({.node = "a", .now = noon, .ttl = 10'000})->parcels);
  const std::vector<PartitionId> owned{2};
  auto taken = a->exchange()->collect("a", owned, 10);
  REQUIRE(taken.size() == 2);
  std::ranges::sort(taken, {}, &runtime::Parcel::id);
  CHECK(taken[0].body == "body of p1");
  CHECK(taken[0].partition == 3);
  CHECK(a->exchange()->collect("a", owned, 10).empty());
  CHECK_FALSE(a->acquire({.node = "a", .now = noon, .ttl = 10'000})->parcels);
  schema.execute("UPDATE parcel SET expires_at = clock_timestamp()");
  CHECK(b->exchange()->collect("c", {}, 10).empty());
  a->exchange()->listen("a", {});
}

TEST_CASE("a renewal tells of mail that waits", "[postgres]") {
  const Schema schema;
  const auto store = open_store(options_for(schema.url()));
  const auto leases = store->acquire({.node = "a", .now = noon, .ttl = 10'000})->leases;
  const InstanceId receiver = new_id(2);
  auto start = start_of(new_id(1));
  start.messages = {{receiver, {{"n", 1}}}};
  const std::vector<runtime::Batch> batches{{1, leases[1].epoch, {start}}};
  static_cast<void>(store->commit(batches));
  CHECK(store->acquire({.node = "a", .now = noon, .ttl = 10'000})->mail.empty());
  schema.execute("UPDATE message SET sent_at = sent_at - interval '2 seconds'");
  CHECK(store->acquire({.node = "a", .now = noon, .ttl = 10'000})->mail ==
        std::vector<PartitionId>{2});
  CHECK(store->acquire({.node = "b", .now = noon, .ttl = 10'000})->mail.empty());
}
