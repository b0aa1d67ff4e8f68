// Opening a store: what an operator may have got wrong, and what a plain role needs.
#include <catch2/catch.hpp>
#include <thread>

#include "persistence/migration.hpp"
#include "persistence/postgres/address.hpp"
#include "persistence/postgres/migrate.hpp"
#include "tests/persistence_postgres/postgres_under_test.hpp"

using namespace sequent;
using namespace sequent::test;
using Catch::Contains;
using persistence::PostgresStore;
using persistence::postgres::Address;

namespace {

Error refused(const std::string& url) {
  const auto opened = PostgresStore::open(options_for(url));
  REQUIRE_FALSE(opened.has_value());
  return opened.error();
}

std::string with_schema(std::string url, const Schema& schema) {
  return url + "?schema=" + schema.name();
}

}  // namespace

TEST_CASE("an address that is none is refused without its password", "[postgres]") {
  const std::string bad = GENERATE("mysql://localhost/x", "postgresql://u:geheim@[::1/x",
                                   "postgresql://u:geheim@h/x?nosuch=1",
                                   "postgresql://u:geheim@h/x?schema=Robert'); DROP TABLE--");
  const auto address = Address::parse(bad, "n");
  REQUIRE_FALSE(address.has_value());
  CHECK(address.error().code == ErrorCode::invalid_request);
  CHECK_THAT(address.error().detail, !Contains("geheim"));
}

TEST_CASE("an address is libpq's, with the schema beside it", "[postgres]") {
  const auto address = Address::parse(
      "postgresql://u:geheim@h1:1,h2:2/db?schema=billing&sslmode=verify-full&connect_timeout=9",
      "node-7");
  REQUIRE(address.has_value());
  CHECK(address->schema == "billing");
  CHECK_THAT(address->spelled, Contains("u@h1,h2") && !Contains("geheim"));
  const auto option = [&](const std::string& name) {
    for (const auto& [known, value] : address->options)
      if (known == name) return value;
    return std::string{};
  };
  CHECK(option("sslmode") == "verify-full");
  CHECK(option("connect_timeout") == "9");
  CHECK(option("target_session_attrs") == "read-write");
  CHECK(option("application_name") == "sequent node-7");
}

TEST_CASE("a server that crashed or is promoted is worth waiting for", "[postgres]") {
  const auto refusal =
      GENERATE(as<std::string>{}, "the database system is starting up",
               "the database system is not yet accepting connections",
               "the database system is in recovery mode", "the database system is shutting down");
  CAPTURE(refusal);
  const auto error =
      persistence::postgres::cannot_open(runtime::StoreFailure{"FATAL:  " + refusal, false});
  CHECK(error.retry_after_seconds > 0);
  CHECK_FALSE(error.detail.contains("createdb"));
}

TEST_CASE("what keeps a store from opening is said with what to do", "[postgres]") {
  const Schema schema;
  SECTION("nobody listens") {
    const auto url = "postgresql://postgres@127.0.0.1:" + std::to_string(free_port()) + "/postgres";
    CHECK_THAT(refused(url).detail, Contains("Connection refused") && Contains("start the server"));
  }
  SECTION("no such database") {
    CHECK_THAT(refused(server().url("nowhere")).detail,
               Contains("\"nowhere\" does not exist") && Contains("createdb"));
  }
  SECTION("no such user") {
    CHECK_THAT(refused(server().url("postgres", "nobody_here")).detail,
               Contains("nobody_here") && Contains("Create the user"));
  }
  SECTION("a role that may not make a schema") {
    server().execute("CREATE ROLE guest LOGIN");
    CHECK_THAT(refused(with_schema(server().url("postgres", "guest"), schema)).detail,
               Contains("permission denied") && Contains("GRANT CREATE"));
    server().execute("DROP ROLE guest");
  }
  SECTION("a database of another encoding") {
    server().execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
    CHECK_THAT(refused(server().url("latin")).detail, Contains("UTF8"));
    server().execute("DROP DATABASE latin WITH (FORCE)");
  }
  SECTION("a schema of a newer release") {
    open_store(options_for(schema.url())).reset();
    schema.execute("INSERT INTO migration (number, name, needs) VALUES (9999, 'later', 9999)");
    const auto error = refused(schema.url());
    CHECK(error.code == ErrorCode::conflict);
    CHECK_THAT(error.detail, Contains("9999") && Contains("newer release"));
  }
}

TEST_CASE("a schema that a newer release keeps open for this one is used", "[postgres]") {
  const Schema schema;
  open_store(options_for(schema.url())).reset();
  schema.execute("INSERT INTO migration (number, name, needs) VALUES (9999, 'later', 1)");
  const auto store = open_store(options_for(schema.url()));
  CHECK(store->partitions() == 4);
  CHECK_THAT(store->place(), Contains("newer than"));  // which serve says when it starts
}

TEST_CASE("a wrong password is told apart", "[postgres]") {
  PostgresServer::Options options;
  options.access = {"host all locked 127.0.0.1/32 scram-sha-256"};
  static_cast<void>(server());  // says so when there is none
  const PostgresServer own{options};
  own.execute("CREATE ROLE locked LOGIN PASSWORD 'right'");
  own.execute("CREATE DATABASE theirs OWNER locked");
  const auto port = std::to_string(own.port());
  CHECK_THAT(refused("postgresql://locked:wrong@127.0.0.1:" + port + "/theirs").detail,
             Contains("password authentication failed") && Contains("Correct user and password") &&
                 !Contains("wrong@"));
  CHECK(PostgresStore::open(options_for("postgresql://locked:right@127.0.0.1:" + port + "/theirs"))
            .has_value());
}

TEST_CASE("a plain role is enough, with a schema made for it or a right to make one",
          "[postgres]") {
  const Schema schema;
  server().execute("CREATE ROLE plain LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE");
  SECTION("the schema is its own") {
    server().execute("CREATE SCHEMA " + schema.name() + " AUTHORIZATION plain");
  }
  SECTION("it may make one") {
    server().execute("GRANT CREATE ON DATABASE postgres TO plain");
  }
  {
    const auto store =
        open_store(options_for(with_schema(server().url("postgres", "plain"), schema)));
    const auto leases = store->acquire({.node = "a", .now = noon, .ttl = 10'000})->leases;
    const InstanceId id = new_id(1);
    const std::vector<runtime::Batch> batches{{1, leases.at(1).epoch, {start_of(id, "k")}}};
    CHECK_FALSE(store->commit(batches).front().fenced);
    CHECK(store->load(id).has_value());
  }
  server().execute(
      "REVOKE CREATE ON DATABASE postgres FROM plain; DROP OWNED BY plain CASCADE; "
      "DROP ROLE plain");
}

TEST_CASE("two schemas of one database are two stores", "[postgres]") {
  const Schema first, second;
  const auto a = open_store(options_for(first.url())), b = open_store(options_for(second.url()));
  CHECK(a->put({"billing", "refund", "1.0.0", "d1", "do: []", noon}).value());
  CHECK(a->all().size() == 1);
  CHECK(b->all().empty());
  CHECK(a->acquire({.node = "n", .now = noon, .ttl = 10'000})->leases.size() == 4);
  CHECK(b->acquire({.node = "m", .now = noon, .ttl = 10'000})->leases.size() == 4);
}

TEST_CASE("programs that start at once migrate one after another", "[postgres]") {
  const Schema schema;
  constexpr int programs = 6;
  std::vector<std::thread> threads;
  std::atomic<int> opened = 0;
  for (int i = 0; i < programs; ++i)
    threads.emplace_back([&] {
      if (PostgresStore::open(options_for(schema.url()))) ++opened;
    });
  for (auto& thread : threads) thread.join();
  CHECK(opened == programs);
  CHECK(schema.value("SELECT count(*) FROM migration") ==
        std::to_string(schema.value("SELECT max(number) FROM migration").empty()
                           ? 0
                           : std::stoi(schema.value("SELECT max(number) FROM migration"))));
  CHECK(schema.value("SELECT count(*) FROM partition") == "4");
}

TEST_CASE("looking at a store makes nothing", "[postgres]") {
  const Schema schema;
  const auto before = persistence::postgres::look_at_postgres(schema.url());
  REQUIRE(before.has_value());
  CHECK_THAT(*before, Contains("none yet"));
  CHECK(server().value("SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema.name() +
                       "'") == "0");
  open_store(options_for(schema.url())).reset();
  const auto newest = persistence::postgres_migrations().back().number;
  CHECK_THAT(*persistence::postgres::look_at_postgres(schema.url()),
             Contains("version " + std::to_string(newest)));
}
