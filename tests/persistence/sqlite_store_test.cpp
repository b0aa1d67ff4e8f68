// What is SQLite's own: the file, its lock, its log, its disk.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/persistence/store_under_test.hpp"

using namespace sequent;
using namespace sequent::test;
using persistence::SqliteOptions;
using persistence::SqliteStore;

namespace {

std::unique_ptr<SqliteStore> open(const SqliteOptions& options) {
  auto opened = SqliteStore::open(options);
  if (!opened) FAIL(opened.error().detail);
  return std::move(*opened);
}

std::vector<runtime::Lease> lease(SqliteStore& store) {
  return store.acquire({.node = "node-1", .now = noon, .ttl = 10'000})->leases;
}

void write(SqliteStore& store, Epoch epoch, runtime::InstanceChange change) {
  runtime::Batch batch;
  batch.partition = change.id.partition();
  batch.epoch = epoch;
  batch.changes.push_back(std::move(change));
  const auto results =
      store.commit({&batch, 1});  // may throw, which REQUIRE would take for a fault
  REQUIRE_FALSE(results.front().fenced);
}

std::string path_of(const Folder& folder, const char* name) {
  return folder.path() + "/" + name;
}

void set_pragma(const std::string& path, const std::string& pragma) {
  const auto connection =
      persistence::Connection::open(path, persistence::Connection::Mode::create);
  connection->script(pragma);
}

}  // namespace

TEST_CASE("a second store on the same folder is refused and told who has it", "[sqlite]") {
  const Folder folder;
  SqliteOptions options;
  options.directory = folder.path();
  options.node = "first";
  auto first = open(options);
  const auto second = SqliteStore::open(options);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::lease_held);
  CHECK_THAT(second.error().detail,
             Catch::Contains("pid " + std::to_string(getpid())) && Catch::Contains("node first"));
  first.reset();
  CHECK(SqliteStore::open(options).has_value());
}

TEST_CASE("files that are no store of ours are refused and left alone", "[sqlite]") {
  const Folder folder;
  SqliteOptions options;
  options.directory = folder.path();
  const std::string path = path_of(folder, "sequent.db");

  SECTION("no database at all") {
    std::ofstream{path} << std::string(5000, 'x');
    const auto opened = SqliteStore::open(options);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == ErrorCode::unavailable);
    CHECK_THAT(opened.error().detail, Catch::Contains("not a database"));
  }
  SECTION("somebody else's database") {
    set_pragma(path, "CREATE TABLE theirs (x)");
    const auto opened = SqliteStore::open(options);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == ErrorCode::conflict);
    CHECK_THAT(opened.error().detail, Catch::Contains("not one of Sequent's"));
  }
  SECTION("a store of a newer release") {
    open(options).reset();
    set_pragma(path, "PRAGMA user_version = 9999");
    const auto opened = SqliteStore::open(options);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == ErrorCode::conflict);
    CHECK_THAT(opened.error().detail, Catch::Contains("9999"));
  }
  SECTION("a folder that cannot be made") {
    std::ofstream{path_of(folder, "file")} << "x";
    options.directory = path_of(folder, "file") + "/below";
    CHECK(SqliteStore::open(options).error().code == ErrorCode::unavailable);
  }
}

TEST_CASE("a full disk fails the commit, not the store", "[sqlite]") {
  const Folder folder;
  SqliteOptions options;
  options.directory = folder.path();
  options.max_bytes = 2 << 20;
  auto store = open(options);
  const Epoch epoch = lease(*store).at(1).epoch;

  std::vector<InstanceId> written;
  bool full = false;
  for (int i = 0; i < 1000 && !full; ++i) {
    runtime::InstanceChange start = start_of(new_id(), "k" + std::to_string(i));
    start.records = std::string(20'000, 'x');
    const InstanceId id = start.id;
    try {
      write(*store, epoch, start);
      written.push_back(id);
    } catch (const runtime::StoreFailure& failure) {
      full = failure.full;
      CHECK(full);
      CHECK_THAT(failure.what(), Catch::Contains("free some space"));
      CHECK_FALSE(store->find(id).has_value());
    }
  }
  REQUIRE(full);
  REQUIRE(written.size() > 10);
  // Nothing acknowledged is lost, and with room again the same process goes on.
  for (const InstanceId& id : written) CHECK(store->load(id)->records.size() == 1);
  store.reset();
  options.max_bytes = 0;
  store = open(options);
  const Epoch next = lease(*store).at(1).epoch;
  write(*store, next, start_of(new_id(), "after"));
  CHECK(store->list(runtime::RunFilter{}, "", 1000)->runs.size() == written.size() + 1);
}

TEST_CASE("the log is copied into the file and begins anew while commits go on", "[sqlite]") {
  const Folder folder;
  SqliteOptions options;
  options.directory = folder.path();
  options.checkpoint = {64 << 10, 256 << 10, 64 << 10};
  auto store = open(options);
  const Epoch epoch = lease(*store).at(1).epoch;
  constexpr int runs = 600;
  std::vector<InstanceId> ids;
  for (int i = 0; i < runs; ++i) {
    runtime::InstanceChange start = start_of(new_id());
    start.records = std::string(10'000, 'x');
    ids.push_back(start.id);
    write(*store, epoch, start);
  }
  // 600 commits of more than 20 KiB each went through the log; it has kept within its bounds.
  CHECK(std::filesystem::file_size(path_of(folder, "sequent.db-wal")) < std::size_t{4} << 20);
  for (const InstanceId& id : ids) REQUIRE(store->load(id).has_value());
}

TEST_CASE("a log whose file is longer than the log loses nothing in a crash", "[sqlite]") {
  const Folder folder, after_crash;
  SqliteOptions options;
  options.directory = folder.path();
  options.checkpoint.prepared_bytes = 4 << 20;
  auto store = open(options);
  const Epoch epoch = lease(*store).at(1).epoch;
  const auto log = path_of(folder, "sequent.db-wal");
  std::vector<InstanceId> ids;
  // The log itself stays well below: a thread lengthens its file meanwhile, in its own time.
  while (std::filesystem::file_size(log) < std::size_t{4} << 20) {
    REQUIRE(ids.size() < 10'000);
    runtime::InstanceChange start = start_of(new_id());
    if (ids.size() < 60) start.records = std::string(10'000, 'x');
    ids.push_back(start.id);
    write(*store, epoch, start);
  }
  for (const char* name : {"sequent.db", "sequent.db-wal"})
    std::filesystem::copy_file(path_of(folder, name), path_of(after_crash, name));
  options.directory = after_crash.path();
  const auto recovered = open(options);
  for (const InstanceId& id : ids) REQUIRE(recovered->load(id).has_value());
}

TEST_CASE("readers, operators and the committer work side by side", "[sqlite]") {
  const Folder folder;
  SqliteOptions options;
  options.directory = folder.path();
  options.read_connections = 2;
  auto store = open(options);
  const Epoch epoch = lease(*store).at(1).epoch;
  constexpr int rounds = 50;
  std::vector<std::thread> others;
  for (int t = 0; t < 3; ++t)
    others.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) {
        store->append({0, noon, "ann", "look", "run", "", "done", ""});
        static_cast<void>(store->list(runtime::RunFilter{}, "", 10));
      }
    });
  for (int i = 0; i < rounds; ++i) write(*store, epoch, start_of(new_id()));
  for (std::thread& other : others) other.join();
  CHECK(store->list(runtime::AuditFilter{.target = "run"}, 0, 1000).size() == 3 * rounds);
  CHECK(store->list(runtime::RunFilter{}, "", 1000)->runs.size() == rounds);
}
