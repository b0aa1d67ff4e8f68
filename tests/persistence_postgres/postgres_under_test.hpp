#pragma once
// A store on the program's PostgreSQL server, in a schema of its own that goes with it.
#include <memory>
#include <string>

#include "persistence/postgres/postgres_store.hpp"
#include "tests/persistence/store_under_test.hpp"
#include "tests/support/postgres_server.hpp"

namespace sequent::test {

/// The server, or a test that says that it is absent and ends.
[[nodiscard]] PostgresServer& server();

/// A schema that is dropped at the end.
class Schema {
 public:
  Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;
  ~Schema();
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string url() const;
  /// Runs statements with the schema as search path.
  void execute(const std::string& sql) const;
  [[nodiscard]] std::string value(const std::string& sql) const;

 private:
  std::string name_;
};

[[nodiscard]] persistence::PostgresOptions options_for(const std::string& url);
[[nodiscard]] std::unique_ptr<persistence::PostgresStore> open_store(
    const persistence::PostgresOptions& options);

}  // namespace sequent::test
