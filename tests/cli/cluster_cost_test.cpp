// What a cluster asks of its database: nothing for who waits, and updates that touch no index.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/cli/cluster_support.hpp"
#include "tests/support/absent.hpp"

using namespace sequent;
using namespace sequent::cli::test;
using sequent::test::leave_out;
using sequent::test::PostgresServer;

namespace {

void pause_ms(std::int64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

constexpr const char* long_sleeper =
    "document: {dsl: 1.0.3, namespace: test, name: sleeper, version: 1.0.0}\n"
    "do:\n  - nap: {wait: {seconds: 25}}\n";

constexpr const char* five_echoes =
    "document: {dsl: 1.0.3, namespace: test, name: five, version: 1.0.0}\n"
    "do:\n"
    "  - a: {call: debug.echo, with: {n: 1}}\n"
    "  - b: {call: debug.echo, with: {n: 2}}\n"
    "  - c: {call: debug.echo, with: {n: 3}}\n"
    "  - d: {call: debug.echo, with: {n: 4}}\n"
    "  - e: {call: debug.echo, with: {n: 5}}\n";

}  // namespace

TEST_CASE("callers who wait at a node for runs of another cost the database nothing",
          "[cli][postgres]") {
  if (PostgresServer::shared() == nullptr) return leave_out(PostgresServer::why_absent());
  PostgresServer database{{.settings = {"log_statement = 'all'"}}};  // its log is nobody else's
  const std::string store = database.url() + "?schema=waited";
  ClusterNode first{store, "first"}, second{store, "second"};
  REQUIRE(in_time([&] {  // nothing moves any more
    return database.value(
               "SELECT count(*) FROM (SELECT FROM waited.partition WHERE owner <> '' "
               "GROUP BY owner HAVING count(*) = 32) AS fair") == "2";
  }));
  pause_ms(2'000);
  const Folder folder;
  first.deploy(folder.file("sleeper.yaml", long_sleeper));
  constexpr std::int64_t window_ms = 8'000;
  const auto statements = [&] {
    const int before = database.statements_logged();
    pause_ms(window_ms);
    return database.statements_logged() - before;
  };
  const auto idle = statements();

  constexpr int callers = 40;
  std::vector<Answer> answers(callers);
  std::vector<std::thread> waiting;
  const auto begun = steady_now_ms();
  for (auto& answer : answers) {
    const auto number = std::to_string(&answer - answers.data());
    net::Headers key;
    key.add("Idempotency-Key", "wait-" + number);
    const std::string runs = "/api/v1/workflows/test/sleeper/runs";
    REQUIRE(ask("POST", first.url + runs, "{}", key).status == 201);
    net::Headers wait = key;
    wait.add("Prefer", "wait=60");
    waiting.emplace_back(
        [&answer, url = second.url + runs, wait] { answer = ask("POST", url, "{}", wait); });
  }
  pause_ms(2'000);  // each has looked once whether the run is over
  const auto waited = statements();
  CHECK(steady_now_ms() - begun < 25'000);  // measured while all of them waited
  for (auto& thread : waiting) thread.join();
  CAPTURE(idle, waited);
  // One renewal each 1.25 s and node; a note for all callers together each 5 s, and its answer. To poll
  // just once in the window would be 40 more.
  CHECK(idle <= 2 * (window_ms / 1'000 + 2));
  CHECK(waited - idle <= 12);
  for (const auto& answer : answers) {
    INFO(answer.text);
    CHECK(answer.status == 200);
    CHECK(text_of(answer.body, "status") == "completed");
  }
  CHECK(steady_now_ms() - begun < 55'000);  // told, and not at the end of their patience
  CHECK(first.stop());
  CHECK(second.stop());
}

TEST_CASE("rows that change are changed in place, and touch no index", "[cli][postgres]") {
  if (PostgresServer::shared() == nullptr) return leave_out(PostgresServer::why_absent());
  PostgresServer database{{}};
  const std::string store = database.url() + "?schema=hot";
  const Folder folder;
  constexpr int runs = 400, callers = 8;
  {
    ClusterNode first{store, "first"}, second{store, "second"};
    first.deploy(folder.file("five.yaml", five_echoes));
    REQUIRE(in_time([&] {
      return database.value(
                 "SELECT count(DISTINCT owner) FROM hot.partition "
                 "WHERE owner <> ''") == "2";
    }));
    std::vector<std::thread> threads;
    std::atomic<int> failed = 0;
    for (int caller = 0; caller < callers; ++caller)
      threads.emplace_back([&, url = (caller % 2 == 0 ? first : second).url] {
        for (int i = 0; i < runs / callers; ++i)
          if (ask("POST", url + "/api/v1/workflows/test/five/runs", "{}").status / 100 != 2)
            ++failed;
      });
    for (auto& thread : threads) thread.join();
    CHECK(failed == 0);
    REQUIRE(in_time([&] {
      return database.value("SELECT count(*) FROM hot.instance WHERE status = 'completed'") ==
             std::to_string(runs);
    }));
    pause_ms(5'000);  // renewals
    CHECK(first.stop());
    CHECK(second.stop());  // with its sessions the last of their counts come in
  }
  struct Share {
    std::int64_t updates = 0;
    double in_place = 0;
  };
  const auto share = [&](const std::string& table) {
    const auto one = [&](const std::string& column) {
      return std::stoll(database.value("SELECT " + column +
                                       " FROM pg_stat_user_tables WHERE schemaname = 'hot' "
                                       "AND relname = '" +
                                       table + "'"));
    };
    const auto updates = one("n_tup_upd");
    return Share{updates, updates == 0 ? 0
                                       : static_cast<double>(one("n_tup_hot_upd")) /
                                             static_cast<double>(updates)};
  };
  struct Expected {
    const char* table;
    std::int64_t updates;
    double at_least;
  };
  // docs/cluster.md, "Rows that change": of the five updates of a run the last one changes its status,
  // which indexes name.
  const Expected tables[] = {{"node", 4, 0.9},
                             {"partition", 32, 0.9},
                             {"commit_mark", 100, 0.9},
                             {"instance", runs, 0.75}};
  for (const auto& [table, updates, at_least] : tables) {
    const auto found = share(table);
    CAPTURE(table, found.updates, found.in_place);
    CHECK(found.updates >= updates);
    CHECK(found.in_place >= at_least);
  }
}
