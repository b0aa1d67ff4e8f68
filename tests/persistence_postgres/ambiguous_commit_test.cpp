// A connection that ends between COMMIT and its answer: the batch is neither lost nor doubled.
#include <catch2/catch.hpp>

#include "tests/persistence_postgres/cutting_proxy.hpp"
#include "tests/persistence_postgres/postgres_under_test.hpp"

using namespace sequent;
using namespace sequent::test;

namespace {

/// A store behind a proxy, with the leases of all partitions.
class Behind {
 public:
  explicit Behind(DurationMs timeout_ms = 15'000) : proxy(server().port()) {
    auto options = options_for("postgresql://postgres@127.0.0.1:" + std::to_string(proxy.port()) +
                               "/postgres?schema=" + schema.name());
    options.timeout_ms = timeout_ms;
    store = open_store(options);
    leases = store->acquire({.node = "a", .now = noon, .ttl = 60'000})->leases;
  }
  runtime::BatchResult write(runtime::InstanceChange change) {
    runtime::Batch batch;
    batch.partition = change.id.partition();
    batch.epoch = leases.at(batch.partition).epoch;
    batch.changes.push_back(std::move(change));
    return store->commit({&batch, 1}).front();
  }
  std::string count(const std::string& table) const {
    return schema.value("SELECT count(*) FROM " + table);
  }

  Schema schema;
  CuttingProxy proxy;
  std::unique_ptr<persistence::PostgresStore> store;
  std::vector<runtime::Lease> leases;
};

Cut any_cut() {
  return GENERATE(Cut::before_commit, Cut::after_commit, Cut::while_commit);
}

}  // namespace

TEST_CASE("a commit whose connection is cut is written once", "[postgres]") {
  const Cut how = any_cut();
  CAPTURE(static_cast<int>(how));
  Behind behind;
  const InstanceId receiver = new_id(2), id = new_id(1);
  REQUIRE_FALSE(behind.write(start_of(receiver)).fenced);

  SECTION("in one round trip") {
    behind.proxy.cut_next(how);
    const auto result = behind.write(start_of(id, "order-1"));
    CHECK_FALSE(result.fenced);
    CHECK_FALSE(result.changes.front().taken.has_value());
  }
  SECTION("with something to read before it") {
    runtime::InstanceChange start = start_of(id, "order-1");
    start.messages = {{receiver, {{"n", 1}}}};
    start.emitted = {{{"source", "s"}, {"id", "e-1"}, {"type", "t"}}};
    behind.proxy.cut_next(how);
    const auto result = behind.write(start);
    REQUIRE(result.changes.front().sent.size() == 1);
    const auto stored = behind.store->load(receiver);
    REQUIRE(stored->messages.size() == 1);
    CHECK(stored->messages.front().id == result.changes.front().sent.front().id);
    CHECK(behind.count("event") == "1");
  }
  CHECK(behind.proxy.cuts() == 1);
  CHECK(behind.store->load(id)->records.size() == 1);
  CHECK(behind.store->find_by_key("billing", "refund", "order-1") == id);
  // And the store goes on, on another connection.
  CHECK_FALSE(behind.write(change_of(id, 1)).fenced);
  CHECK(behind.store->load(id)->records.size() == 2);
}

TEST_CASE("whatever else is written is written once when its connection is cut", "[postgres]") {
  const Cut how = any_cut();
  CAPTURE(static_cast<int>(how));
  Behind behind;
  SECTION("an event, and its receivers hear of it") {
    runtime::InstanceChange listener = start_of(new_id(1));
    listener.subscriptions = {{1, "f", "h", "paid"}};
    const InstanceId id = listener.id;
    behind.write(listener);
    behind.proxy.cut_next(how);
    const runtime::IncomingEvent event = event_of("e1", "f", "h");
    const auto routed = behind.store->route({&event, 1}).front();
    CHECK_FALSE(routed.duplicate);
    REQUIRE(routed.messages.size() == 1);
    CHECK(behind.store->load(id)->messages.size() == 1);
    CHECK(behind.store->get(routed.id)->deliveries == 1);
  }
  SECTION("a definition, which is new to whoever brought it") {
    behind.proxy.cut_next(how);
    CHECK(behind.store->put({"billing", "refund", "1.0.0", "d1", "do: []", noon}).value());
  }
  SECTION("an entry of the audit log") {
    behind.proxy.cut_next(how);
    behind.store->append({0, noon, "ann", "look", "run", "", "done", ""});
    CHECK(behind.count("audit") == "1");
  }
  SECTION("an operation on records") {
    runtime::InstanceChange start = start_of(new_id(1));
    start.operations = {
        {1, 1, "key-1", "records.increment", {{"collection", "c"}, {"key", "k"}, {"path", "n"}}}};
    behind.proxy.cut_next(how);
    const auto result = behind.write(start);
    CHECK(result.changes.front().operations.front().output->at("value") == 1);
    CHECK(behind.count("record WHERE version = 1") == "1");
  }
  CHECK(behind.proxy.cuts() == 1);
}

TEST_CASE("a commit that arrives when its turn is over leaves nothing", "[postgres]") {
  // The bytes of a cut connection still lie before the server, and their sender writes the batch on
  // another one. When they are read at last, nothing may come of them.
  Behind behind;
  behind.proxy.cut_next(Cut::hold);
  behind.store->append({0, noon, "ann", "look", "run", "", "done", ""});
  CHECK(behind.count("audit") == "1");
  CHECK_THAT(behind.proxy.deliver_held(), Catch::Contains("SQ001"));
  CHECK(behind.count("audit") == "1");
}

TEST_CASE("a database that is gone for a moment costs a wait and nothing else", "[postgres]") {
  Behind behind;
  const InstanceId id = new_id(1);
  behind.write(start_of(id));
  behind.proxy.block();
  std::thread later{[&] { behind.proxy.allow(); }};
  CHECK_FALSE(behind.write(change_of(id, 1)).fenced);
  later.join();
  CHECK(behind.store->load(id)->records.size() == 2);
}

TEST_CASE("after an answer that never came the next commits find their place again", "[postgres]") {
  Behind behind;
  const InstanceId id = new_id(1);
  behind.write(start_of(id));
  behind.proxy.block();
  CHECK_THROWS_AS(behind.write(change_of(id, 1)), runtime::StoreFailure);
  CHECK_THROWS_AS(behind.store->load(id), runtime::StoreFailure);
  behind.proxy.allow();
  CHECK_FALSE(behind.write(change_of(id, 1)).fenced);
  CHECK(behind.store->load(id)->records.size() == 2);
}
