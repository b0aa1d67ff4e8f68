#include "tests/persistence/store_under_test.hpp"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>

namespace sequent::test {
std::unique_ptr<StoreUnderTest> any_store() {
  const auto kinds = stores_under_test();
  const auto index = GENERATE_COPY(range(std::size_t{0}, kinds.size()));
  INFO(kinds[index].name);
  return kinds[index].make();
}

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sequent-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) FAIL("cannot make a folder for the test");
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

InstanceId new_id(PartitionId partition, Timestamp at) {
  static std::uint64_t drawn = 0;
  ++drawn;
  return InstanceId::make(at + static_cast<Timestamp>(drawn), drawn, partition);
}

Owner::Owner(StoreUnderTest& under_test, const std::string& node) : under_test_(under_test) {
  const auto joined = under_test.store().acquire({.node = node, .now = noon, .ttl = 10'000});
  if (!joined) FAIL(joined.error().detail);
  leases_ = joined->leases;
}

Epoch Owner::epoch(PartitionId partition) const {
  for (const runtime::Lease& lease : leases_)
    if (lease.partition == partition) return lease.epoch;
  FAIL("no lease of partition " << partition);
  return 0;
}

runtime::ChangeResult Owner::write(runtime::InstanceChange change) {
  auto result = write_all({std::move(change)});
  REQUIRE_FALSE(result.fenced);
  REQUIRE(result.changes.size() == 1);
  return std::move(result.changes.front());
}

runtime::BatchResult Owner::write_all(std::vector<runtime::InstanceChange> changes) {
  runtime::Batch batch;
  batch.partition = changes.front().id.partition();
  batch.epoch = epoch(batch.partition);
  batch.changes = std::move(changes);
  return under_test_.store().commit({&batch, 1}).front();
}

runtime::InstanceChange start_of(const InstanceId& id, const std::string& key) {
  runtime::InstanceChange change;
  change.id = id;
  change.start.emplace();
  change.start->workflow_namespace = "billing";
  change.start->name = "refund";
  change.start->version = "1.0.0";
  change.start->digest = "d1";
  change.start->key = key;
  change.start->payload_hash = "hash-of-" + key;
  change.start->started_at = noon;
  change.start->started_by = "tests";
  change.first_seq = change.last_seq = 1;
  change.records = R"([{"seq":1}])";
  change.at = noon;
  change.row.status = "running";
  change.row.task = "/do/0/first";
  change.row.wake_at = 0;
  change.row.updated_at = noon;
  return change;
}

runtime::InstanceChange change_of(const InstanceId& id, std::uint64_t last_seq) {
  runtime::InstanceChange change;
  change.id = id;
  change.first_seq = change.last_seq = last_seq + 1;
  change.records = R"([{"seq":)" + std::to_string(last_seq + 1) + "}]";
  change.at = noon + static_cast<Timestamp>(last_seq);
  change.row.status = "running";
  change.row.task = "/do/1/second";
  change.row.wake_at = 0;
  change.row.updated_at = change.at;
  return change;
}

runtime::IncomingEvent event_of(const std::string& id, const std::string& filter_key,
                                const std::string& hash) {
  runtime::IncomingEvent incoming;
  incoming.event = {{"source", "test"}, {"id", id}, {"type", "paid"}, {"data", {{"n", 1}}}};
  if (!filter_key.empty()) incoming.candidates.push_back({filter_key, hash});
  incoming.received_at = noon;
  incoming.expires_at = noon + 60'000;
  incoming.origin = "api";
  return incoming;
}

}  // namespace sequent::test
