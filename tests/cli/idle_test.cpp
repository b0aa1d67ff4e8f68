// What a node asks of PostgreSQL while nothing happens, read from the server's own log.
#include <poll.h>
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/cli/support.hpp"
#include "tests/support/absent.hpp"
#include "tests/support/postgres_server.hpp"

using namespace sequent;
using namespace sequent::cli::test;
using sequent::test::PostgresServer;

namespace {

constexpr const char* long_sleep =
    "document: {dsl: 1.0.3, namespace: test, name: sleeper, version: 1.0.0}\n"
    "do:\n"
    "  - sleep: {wait: {hours: 24}}\n";
constexpr int watched_s = 10, settling_s = 4;

void pass(int seconds) {
  static_cast<void>(::poll(nullptr, 0, seconds * 1'000));
}

std::string nobody() {
  return "http://127.0.0.1:" + std::to_string(sequent::test::free_port()) + "/events";
}

}  // namespace

TEST_CASE(
    "an idle node asks PostgreSQL less than once a second, whoever sleeps and whatever is "
    "configured",
    "[cli][postgres]") {
  PostgresServer* database = PostgresServer::shared();
  if (database == nullptr) return leave_out(PostgresServer::why_absent());
  database->execute("CREATE DATABASE idle");
  database->execute("ALTER DATABASE idle SET log_statement = 'all'");
  const Folder folder;
  const auto config =
      folder.file("sequent.yaml", "outbox:\n  first: {http: {url: \"" + nobody() +
                                      "\"}}\n  second: {http: {url: \"" + nobody() + "\"}}\n");
  Process node({"serve", "--json", "--listen", "127.0.0.1:0", "--config", config, "--retention",
                "30d", "--store", database->url("idle")});
  const auto line = parse_json(node.first_line());
  REQUIRE(line);
  const auto url = text_of(*line, "url");
  REQUIRE(sequent::cli::test::sequent(
              {"deploy", folder.file("sleeper.yaml", long_sleep), "--server", url})
              .code == 0);
  for (int i = 0; i < 20; ++i)
    REQUIRE(sequent::cli::test::sequent({"start", "test/sleeper", "--server", url}).code == 0);
  pass(settling_s);
  const int before = database->statements_logged();
  pass(watched_s);
  const int asked = database->statements_logged() - before;
  INFO(asked << " statements in " << watched_s << " s");
  CHECK(asked >= 1);  // it renews its lease
  CHECK(asked <= watched_s);
  node.signal(SIGTERM);
  CHECK(node.wait().code == 0);
}
