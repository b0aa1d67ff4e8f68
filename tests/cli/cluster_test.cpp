// Two nodes on one PostgreSQL: any of them answers for every run, and one goes on for both.
#include <catch2/catch.hpp>

#include "tests/cli/cluster_support.hpp"
#include "tests/support/absent.hpp"

using namespace sequent;
using namespace sequent::cli::test;
using Catch::Contains;
using sequent::test::leave_out;
using sequent::test::PostgresServer;

namespace {

constexpr const char* short_nap =
    "document: {dsl: 1.0.3, namespace: test, name: nap, version: 1.0.0}\n"
    "do:\n"
    "  - first: {call: debug.echo, with: {n: '${ .n }'}}\n"
    "  - sleep: {wait: {milliseconds: 700}}\n"
    "  - second: {call: debug.echo, with: {n: '${ .n + 1 }'}}\n";

Outcome start_nap(const ClusterNode& node, const std::string& key, const std::string& wait = "0") {
  return sequent::cli::test::sequent({"start", "test/nap", "--input", "{\"n\": 1}", "--key", key,
                                      "--wait", wait, "--json", "--server", node.url});
}

}  // namespace

TEST_CASE("runs of a node that was killed go on at the other, and every caller hears of his",
          "[cli][postgres]") {
  PostgresServer* database = PostgresServer::shared();
  if (database == nullptr) return leave_out(PostgresServer::why_absent());
  const std::string store = database->url() + "?schema=two";
  const Folder folder;
  const auto owners = [&] {
    return database->value("SELECT count(DISTINCT owner) FROM two.partition WHERE owner <> ''");
  };
  ClusterNode first{store, "first"}, second{store, "second"};
  REQUIRE(in_time([&] { return owners() == "2"; }));
  first.deploy(folder.file("nap.yaml", short_nap));
  constexpr int runs = 8;
  for (int i = 0; i < runs; ++i) REQUIRE(start_nap(first, "k" + std::to_string(i)).code == 0);
  for (int i = 0; i < runs; ++i) {
    const auto ended = start_nap(second, "k" + std::to_string(i), "30");
    CHECK(ended.code == 0);
    CHECK_THAT(ended.out, Contains("completed"));
  }
  for (int i = 0; i < runs; ++i) REQUIRE(start_nap(first, "l" + std::to_string(i)).code == 0);
  first.die();
  for (int i = 0; i < runs; ++i)
    CHECK(in_time([&] {
      const auto ended = start_nap(second, "l" + std::to_string(i), "30");
      return ended.code == 0 && ended.out.find("completed") != std::string::npos;
    }));
  CAPTURE(database->value(
      "SELECT coalesce(string_agg(concat_ws(' ', instance_id, status, task, waiting_kind, "
      "partition_id, wake_at, last_seq, (SELECT string_agg(records, ' ') FROM two.journal j "
      "WHERE j.instance_id = i.instance_id)), '; '), '') FROM two.instance i "
      "WHERE status <> 'completed'"));
  CHECK(database->value("SELECT count(*) FROM two.instance WHERE status = 'completed'") ==
        std::to_string(2 * runs));
  CHECK(owners() == "1");
  CHECK(second.stop());
}
