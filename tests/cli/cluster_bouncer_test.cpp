// Whole nodes behind PgBouncer in transaction mode, where sessions change hands and notes get lost.
#include <catch2/catch.hpp>

#include "tests/cli/cluster_support.hpp"
#include "tests/support/absent.hpp"
#include "tests/support/pgbouncer.hpp"

using namespace sequent;
using namespace sequent::cli::test;
using sequent::test::leave_out;
using sequent::test::PgBouncer;
using sequent::test::PostgresServer;

namespace {

constexpr const char* two_second_nap =
    "document: {dsl: 1.0.3, namespace: test, name: nap, version: 1.0.0}\n"
    "do:\n"
    "  - first: {call: debug.echo, with: {n: 1}}\n"
    "  - sleep: {wait: {seconds: 2}}\n"
    "  - second: {call: debug.echo, with: {n: 2}}\n";

Answer wait_for(const ClusterNode& node, const std::string& run) {
  return ask("GET", node.url + "/api/v1/runs/" + run + "/result?wait=60");
}

}  // namespace

TEST_CASE("two nodes behind PgBouncer serve each other's runs, and one goes on for both",
          "[cli][postgres]") {
  PostgresServer* database = PostgresServer::shared();
  if (database == nullptr) return leave_out(PostgresServer::why_absent());
  if (!PgBouncer::installed()) return leave_out(PgBouncer::why_absent);
  const PgBouncer bouncer{*database, 6};  // fewer sessions than the nodes have connections
  const std::string store = bouncer.url() + "?schema=bounced";
  const auto count = [&](const std::string& where) {
    return std::stoi(database->value("SELECT count(*) FROM bounced.instance WHERE " + where));
  };
  ClusterNode first{store, "first"}, second{store, "second"};
  REQUIRE(in_time([&] {
    return database->value(
               "SELECT count(DISTINCT owner) FROM bounced.partition "
               "WHERE owner <> ''") == "2";
  }));
  const Folder folder;
  first.deploy(folder.file("nap.yaml", two_second_nap));

  // Who waits elsewhere hears it soon, not when his time is over.
  const auto begun = steady_now_ms();
  for (const auto* pair : {&first, &second}) {
    const ClusterNode& other = pair == &first ? second : first;
    const auto ended = wait_for(other, pair->start("test/nap", Json::object()));
    INFO(ended.text);
    CHECK(ended.status == 200);
    CHECK(text_of(ended.body, "status") == "completed");
  }
  CHECK(steady_now_ms() - begun < 40'000);  // each by itself may take 60 s when nobody looks

  std::vector<std::string> runs;
  for (int i = 0; i < 20; ++i)
    runs.push_back((i % 2 == 0 ? first : second).start("test/nap", Json::object()));
  first.die();
  for (const auto& run : runs) {
    const auto ended = wait_for(second, run);
    INFO(ended.text);
    CHECK(text_of(ended.body, "status") == "completed");
  }
  CHECK(count("status = 'completed'") == 22);

  // It does not come back every second: connections stay.
  const auto clients = bouncer.clients_so_far();
  CHECK(clients > 0);
  const auto from = steady_now_ms();
  REQUIRE(in_time([&] { return steady_now_ms() - from > 8'000; }));
  CHECK(bouncer.clients_so_far() - clients <= 2);
  CHECK(second.stop());
}
