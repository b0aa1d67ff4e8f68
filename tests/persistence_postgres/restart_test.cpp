// The server crashes and recovers while several committers write.
#include <poll.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/persistence_postgres/postgres_under_test.hpp"

using namespace sequent;
using namespace sequent::test;

namespace {

constexpr std::uint64_t changes = 120;

/// A run that goes on as its partition would: after a failure from what is stored.
class Writer {
 public:
  Writer(runtime::Store& store, const runtime::Lease& lease) : store_(store), lease_(lease) {}

  void run() {
    for (int tries = 0; seq_ < changes && tries < 4'000; ++tries) {
      try {
        const std::vector<runtime::Batch> batches{{lease_.partition, lease_.epoch, {next()}}};
        const auto results = store_.commit(batches);
        fenced = fenced || results.front().fenced;
        ++seq_;
      } catch (const runtime::StoreFailure&) {
        ++failures;
        static_cast<void>(::poll(nullptr, 0, 20));
        look();
      }
    }
  }
  InstanceId id = new_id(0);
  int failures = 0;
  bool fenced = false;

 private:
  runtime::InstanceChange next() {
    auto change = seq_ == 0 ? start_of(id) : change_of(id, seq_);
    change.operations = {{1,
                          1,
                          "key-" + std::to_string(seq_),
                          "records.increment",
                          {{"collection", "sums"}, {"key", id.text()}, {"path", "n"}}}};
    return change;
  }
  void look() {
    try {
      const auto stored = store_.load(id);
      seq_ = stored ? stored->records.size() : 0;
    } catch (const runtime::StoreFailure&) {
      // it is still away
    }
  }

  runtime::Store& store_;
  runtime::Lease lease_;
  std::uint64_t seq_ = 0;
};

}  // namespace

TEST_CASE("a server that crashes again and again loses nothing and doubles nothing", "[postgres]") {
  static_cast<void>(server());
  PostgresServer own{PostgresServer::Options{}};
  auto options = options_for(own.url());
  options.write_connections = 4;
  const auto store = open_store(options);
  const auto leases = store->acquire({.node = "a", .now = noon, .ttl = 600'000})->leases;
  std::vector<Writer> writers;
  for (PartitionId partition = 0; partition < 4; ++partition) {
    writers.emplace_back(*store, leases.at(partition));
    writers.back().id = new_id(partition);
  }
  std::vector<std::thread> threads;
  for (auto& writer : writers) threads.emplace_back([&writer] { writer.run(); });
  for (int crash = 0; crash < 3; ++crash) {
    static_cast<void>(::poll(nullptr, 0, 150));
    own.kill();
    own.start();
  }
  for (auto& thread : threads) thread.join();
  for (const auto& writer : writers) {
    CAPTURE(writer.failures);
    CHECK_FALSE(writer.fenced);
    CHECK(store->load(writer.id)->records.size() == changes);
    CHECK(store->get("sums", writer.id.text())->at("n") == changes);
  }
}
