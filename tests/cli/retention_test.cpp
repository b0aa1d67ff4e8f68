// serve --retention: ended runs go, and those that go on stay.
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

constexpr const char* echo =
    "document: {dsl: 1.0.3, namespace: test, name: echo, version: 1.0.0}\n"
    "do:\n  - first: {call: debug.echo, with: {n: 1}}\n";
constexpr const char* kept_echo =
    "document: {dsl: 1.0.3, namespace: test, name: kept, version: 1.0.0,\n"
    "  metadata: {retention: P30D}}\n"
    "do:\n  - first: {call: debug.echo, with: {n: 1}}\n";
constexpr const char* sleeper =
    "document: {dsl: 1.0.3, namespace: test, name: sleeper, version: 1.0.0}\n"
    "do:\n  - sleep: {wait: {hours: 1}}\n";

// `store` names it: --data or --store, and where.
void expect_retention(const Folder& folder, const std::vector<std::string>& store) {
  std::vector<std::string> words{"serve", "--json", "--listen", "127.0.0.1:0", "--retention", "1s"};
  words.insert(words.end(), store.begin(), store.end());
  Process server{words};
  const auto line = parse_json(server.first_line());
  REQUIRE(line.has_value());
  const auto url = text_of(*line, "url");
  const auto deploy = [&](const char* name, const char* text) {
    return sequent::cli::test::sequent({"deploy", folder.file(name, text), "--server", url}).code;
  };
  REQUIRE(deploy("echo.yaml", echo) == 0);
  REQUIRE(deploy("kept.yaml", kept_echo) == 0);
  REQUIRE(deploy("sleeper.yaml", sleeper) == 0);
  const auto start = [&](const char* workflow) {
    return sequent::cli::test::sequent(
        {"start", workflow, "--input", "{}", "--json", "--server", url});
  };
  const auto gone = start("test/echo"), kept = start("test/kept"), asleep = start("test/sleeper");
  const auto id_of = [](const Outcome& started) { return text_of(*parse_json(started.out), "id"); };
  const auto found = [&](const Outcome& started) {
    return sequent::cli::test::sequent({"show", id_of(started), "--server", url}).code == 0;
  };
  const auto begun = std::chrono::steady_clock::now();
  while (found(gone) && std::chrono::steady_clock::now() - begun < patience) {
  }
  CHECK_FALSE(found(gone));
  CHECK(found(kept));
  CHECK(found(asleep));
  server.signal(SIGTERM);
  CHECK(server.wait().code == 0);
}

}  // namespace

TEST_CASE("ended runs are deleted after their time, unless their workflow keeps them", "[cli]") {
  const Folder folder;
  expect_retention(folder, {"--data", folder.path("data")});
}

TEST_CASE("on PostgreSQL ended runs are deleted as well, with all that was theirs",
          "[cli][postgres]") {
  PostgresServer* database = PostgresServer::shared();
  if (database == nullptr) return leave_out(PostgresServer::why_absent());
  const Folder folder;
  expect_retention(folder, {"--store", database->url() + "?schema=retained"});
  CHECK(database->value("SELECT count(*) FROM retained.instance") == "2");
  CHECK(database->value("SELECT count(DISTINCT instance_id) FROM retained.journal") == "2");
}

TEST_CASE("a retention that is no time is refused", "[cli]") {
  const Folder folder;
  const auto refused = sequent::cli::test::sequent(
      {"serve", "--data", folder.path("data"), "--retention", "a while"});
  CHECK(refused.code != 0);
  CHECK_THAT(refused.error, Contains("30d") && Contains("a while"));
}
