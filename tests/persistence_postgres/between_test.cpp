// What stands between a store and its server: TLS, and PgBouncer in transaction mode.
#include <poll.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "tests/persistence_postgres/postgres_under_test.hpp"
#include "tests/support/absent.hpp"
#include "tests/support/pgbouncer.hpp"

using namespace sequent;
using namespace sequent::test;
using Catch::Contains;
using persistence::PostgresStore;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// A certificate for `host` that nobody but its holder has signed.
struct Certificate {
  explicit Certificate(const std::string& host = "IP:127.0.0.1") {
    const std::string command =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=" +
        host + " -keyout " + folder.path() + "/key -out " + file() + " 2>/dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
  }
  [[nodiscard]] std::string file() const { return folder.path() + "/certificate"; }
  [[nodiscard]] std::string key() const { return text_of(folder.path() + "/key"); }
  Folder folder;
};

/// Once it listens.
std::unique_ptr<PostgresStore> open_through(const PgBouncer& bouncer, const Schema& schema) {
  const auto options = options_for(bouncer.url() + "?schema=" + schema.name());
  for (int i = 0; i < 500; ++i) {
    if (auto store = PostgresStore::open(options)) return std::move(*store);
    static_cast<void>(::poll(nullptr, 0, 10));
  }
  FAIL(PostgresStore::open(options).error().detail << "; " << bouncer.log());
  return nullptr;
}

}  // namespace

TEST_CASE("with verify-full a store speaks to the server whose certificate it knows, and no other",
          "[postgres]") {
  static_cast<void>(server());
  const Certificate own, other;
  PostgresServer::Options options;
  options.settings = {"ssl = on"};
  options.files = {{"server.crt", text_of(own.file())}, {"server.key", own.key()}};
  options.access = {"hostnossl all all 127.0.0.1/32 reject"};
  std::optional<PostgresServer> secure;
  secure.emplace(options);
  const std::string url = secure->url() + "?sslmode=verify-full&sslrootcert=";

  const auto store = open_store(options_for(url + own.file()));
  CHECK(store->all().empty());
  CHECK(secure->value("SELECT count(*) > 0 FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) "
                      "WHERE s.ssl AND a.application_name LIKE 'sequent%'") == "t");
  const auto refused = PostgresStore::open(options_for(url + other.file()));
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().detail, Contains("certificate") && Contains("sslrootcert"));
}

TEST_CASE("with verify-full a certificate that is trusted but another host's is refused",
          "[postgres]") {
  static_cast<void>(server());
  const Certificate elsewhere{"DNS:db.elsewhere.example,IP:127.0.0.2"};
  PostgresServer::Options options;
  options.settings = {"ssl = on"};
  options.files = {{"server.crt", text_of(elsewhere.file())}, {"server.key", elsewhere.key()}};
  const PostgresServer secure{options};
  const auto opened = [&](const std::string& mode) {
    return PostgresStore::open(
        options_for(secure.url() + "?sslmode=" + mode + "&sslrootcert=" + elsewhere.file()));
  };
  const auto refused = opened("verify-full");
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().detail, Contains("127.0.0.1") && Contains("certificate"));
  CHECK(opened("verify-ca").has_value());  // so it was the name, and nothing else
}

TEST_CASE("a store works behind PgBouncer in transaction mode", "[postgres]") {
  if (!PgBouncer::installed()) return leave_out(PgBouncer::why_absent);
  const Schema schema;
  // Fewer sessions than connections: they change hands all the time.
  const PgBouncer bouncer{server(), 2};
  const auto store = open_through(bouncer, schema);
  const auto leases = store->acquire({.node = "a", .now = noon, .ttl = 60'000})->leases;
  REQUIRE(leases.size() == 4);
  std::vector<InstanceId> ids;
  constexpr std::size_t rounds = 10;
  for (std::size_t i = 0; i < 4 * rounds; ++i)
    ids.push_back(new_id(static_cast<PartitionId>(i % 4)));
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (std::size_t partition = 0; partition < 4; ++partition)
    threads.emplace_back([&, partition] {
      try {
        for (std::size_t round = 0; round < rounds; ++round) {
          const InstanceId id = ids[4 * round + partition];
          auto start = start_of(id, "k-" + id.text());
          start.subscriptions = {{1, "f", id.text(), "paid"}};
          for (auto& change : {start, change_of(id, 1), change_of(id, 2)}) {
            const std::vector<runtime::Batch> batches{
                {leases[partition].partition, leases[partition].epoch, {change}}};
            if (store->commit(batches).front().fenced) ++failures;
          }
          const auto event = event_of("e-" + id.text(), "f", id.text());
          if (store->route({&event, 1}).front().messages.size() != 1) ++failures;
          const auto stored = store->load(id);
          if (!stored || stored->records.size() != 3 || stored->messages.size() != 1) ++failures;
          if (store->list(runtime::RunFilter{}, "", 5)->runs.empty()) ++failures;
        }
      } catch (const runtime::StoreFailure& failure) {
        UNSCOPED_INFO(failure.what());
        ++failures;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(store->aggregate({}, {}, 1)->front().count == 4 * rounds);
}
