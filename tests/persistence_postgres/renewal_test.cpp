// What one renewal of a lease asks, and what else a node learns from it.
#include <array>
#include <catch2/catch.hpp>

#include "tests/persistence_postgres/postgres_under_test.hpp"

using namespace sequent;
using namespace sequent::test;

TEST_CASE("a renewal is one statement", "[postgres]") {
  const Schema schema;
  const auto store = open_store(options_for(schema.url()));
  const runtime::Renewal renewal{.node = "a", .now = noon, .ttl = 10'000};
  REQUIRE(store->acquire(renewal).has_value());
  const auto before = store->statements();
  REQUIRE(store->acquire(renewal).has_value());
  CHECK(store->statements() - before == 1);
}

TEST_CASE("a renewal hears of events that other nodes emitted, once for each change",
          "[postgres]") {
  const Schema schema;
  const auto store = open_store(options_for(schema.url()));
  const runtime::Renewal renewal{.node = "a", .now = noon, .ttl = 10'000};
  REQUIRE(store->acquire(renewal).has_value());
  int woken = 0;
  store->when_emitted([&woken] { ++woken; });
  REQUIRE(store->acquire(renewal).has_value());
  CHECK(woken == 0);
  schema.execute("UPDATE outbox_number SET last = last + 1");  // as each commit with an event does
  REQUIRE(store->acquire(renewal).has_value());
  REQUIRE(store->acquire(renewal).has_value());
  CHECK(woken == 1);
}

TEST_CASE("a renewal hears of batches until they are paused or have ended", "[postgres]") {
  const Schema schema;
  const auto store = open_store(options_for(schema.url())),
             other = open_store(options_for(schema.url()));
  const runtime::Renewal renewal{.node = "a", .now = noon, .ttl = 10'000};
  int woken = 0;
  store->when_batches_open([&woken] { ++woken; });
  REQUIRE(store->acquire(renewal).has_value());
  CHECK(woken == 0);
  runtime::RepairBatch batch;
  batch.id = "b-1";
  batch.action = "retry";
  batch.created_at = noon;
  other->repairs().create_batch(batch);
  REQUIRE(store->acquire(renewal).has_value());
  REQUIRE(store->acquire(renewal).has_value());
  CHECK(woken == 2);
  using State = runtime::RepairBatch::State;
  const std::array running{State::running}, paused{State::paused};
  CHECK(other->repairs().change_batch("b-1", running, State::paused, "", noon));
  REQUIRE(store->acquire(renewal).has_value());
  CHECK(woken == 2);
  CHECK(other->repairs().change_batch("b-1", paused, State::running, "", noon));
  REQUIRE(store->acquire(renewal).has_value());
  CHECK(woken == 3);
  other->repairs().finish_batch("b-1", noon);
  REQUIRE(store->acquire(renewal).has_value());
  CHECK(woken == 3);
}
