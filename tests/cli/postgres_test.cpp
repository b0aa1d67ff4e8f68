// serve with --store: everything in PostgreSQL, and nothing on this machine's disk.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/cli/support.hpp"
#include "tests/support/absent.hpp"
#include "tests/support/postgres_server.hpp"

using namespace sequent;
using namespace sequent::cli::test;
using Catch::Contains;
using sequent::test::leave_out;
using sequent::test::PostgresServer;

namespace {

constexpr const char* echo_and_nap =
    "document: {dsl: 1.0.3, namespace: billing, name: nap, version: 1.0.0}\n"
    "do:\n"
    "  - first: {call: debug.echo, with: {n: '${ .n }'}}\n"
    "  - sleep: {wait: {seconds: 1}}\n"
    "  - second: {call: debug.echo, with: {n: '${ .n + 1 }'}}\n";

struct Serving {
  Serving(const std::string& store, const std::string& node)
      : process({"serve", "--json", "--listen", "127.0.0.1:0", "--store", store},
                {{"SEQUENT_NODE", node}}) {
    const auto line = parse_json(process.first_line());
    if (!line) FAIL(process.wait().error);
    url = text_of(*line, "url");
    data = text_of(*line, "data");
  }
  Process process;
  std::string url, data;
};

}  // namespace

TEST_CASE("a node on PostgreSQL is killed, and the next one goes on with its runs",
          "[cli][postgres]") {
  PostgresServer* database = PostgresServer::shared();
  if (database == nullptr) return leave_out(PostgresServer::why_absent());
  const std::string store = database->url() + "?schema=cli";
  const Folder folder;
  const auto workflow = folder.file("nap.yaml", echo_and_nap);
  {
    Serving node{store, "first"};
    CHECK_THAT(node.data, Contains("postgresql://postgres@127.0.0.1") && Contains("schema cli"));
    CHECK(sequent::cli::test::sequent({"deploy", workflow, "--server", node.url}).code == 0);
    const auto started = sequent::cli::test::sequent(
        {"start", "billing/nap", "--input", "{\"n\": 1}", "--key", "k-1", "--server", node.url});
    CHECK(started.code == 0);
    node.process.signal(SIGKILL);
    static_cast<void>(node.process.wait());
  }
  Serving node{store, "second"};
  // The dead node's lease must run out first.
  Outcome again;
  const auto begun = std::chrono::steady_clock::now();
  while (again.code != 0 && std::chrono::steady_clock::now() - begun < patience)
    again = sequent::cli::test::sequent({"start", "billing/nap", "--input", "{\"n\": 1}", "--key",
                                         "k-1", "--wait", "30", "--json", "--server", node.url});
  CHECK(again.code == 0);
  CHECK_THAT(again.out, Contains("completed"));
  CHECK(database->value("SELECT count(*) FROM cli.instance") == "1");
  node.process.signal(SIGTERM);
  CHECK(node.process.wait().code == 0);
  CHECK(database->value("SELECT count(*) FROM cli.partition WHERE owner <> ''") == "0");
}

TEST_CASE("serve says what is wrong with its store", "[cli]") {
  const Folder folder;
  const auto nobody = sequent::cli::test::sequent(
      {"serve", "--listen", "127.0.0.1:0", "--config",
       folder.file("sequent.yaml", "storeWaitSeconds: 1\n"), "--store",
       "postgresql://u:geheim@127.0.0.1:" + std::to_string(sequent::test::free_port()) + "/x"});
  CHECK(nobody.code == 1);
  CHECK_THAT(nobody.error, Contains("Connection refused") && Contains("Trying again for 1 s") &&
                               !Contains("geheim"));
}

TEST_CASE("a node that starts before its database serves as soon as there is one",
          "[cli][postgres]") {
  if (PostgresServer::shared() == nullptr) return leave_out(PostgresServer::why_absent());
  PostgresServer database{{}};
  database.kill();
  Process node{{"serve", "--json", "--listen", "127.0.0.1:0", "--store", database.url()}};
  CHECK(node.says("Trying again"));
  database.start();
  CHECK_THAT(node.first_line(), Contains("\"url\""));
  node.signal(SIGTERM);
  CHECK(node.wait().code == 0);
}
