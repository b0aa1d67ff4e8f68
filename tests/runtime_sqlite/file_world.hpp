#pragma once
// A node under a clock of its own over a real file, in a folder that goes with the test.
#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/runtime/world.hpp"
#include "tests/runtime_sqlite/folder.hpp"

namespace sequent::testing {

class FileWorld : public World {
 public:
  explicit FileWorld(DurationMs key_retention_ms = 86'400'000) : World(key_retention_ms) {
    crash();
    open();
    boot();
  }
  ~FileWorld() { crash(); }
  FileWorld(const FileWorld&) = delete;
  FileWorld& operator=(const FileWorld&) = delete;

  /// The process dies and another one begins: with a lock of its own, at the same moment.
  void restart() {
    crash();
    file.reset();
    open();
    boot();
  }

  Folder folder;
  std::unique_ptr<persistence::SqliteStore> file;

 private:
  void open() {
    persistence::SqliteOptions options;
    options.directory = folder.path.string();
    auto opened = persistence::SqliteStore::open(options);
    REQUIRE(opened.has_value());
    file = std::move(*opened);
    ports.emplace(runtime::Ports{*file, *file, *file, clock, registry, file.get()});
  }
};

}  // namespace sequent::testing
