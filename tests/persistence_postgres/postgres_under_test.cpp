#include "tests/persistence_postgres/postgres_under_test.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/absent.hpp"

namespace sequent::test {

using persistence::PostgresOptions;
using persistence::PostgresStore;

PostgresServer& server() {
  PostgresServer* shared = PostgresServer::shared();
  if (shared == nullptr) {
    leave_out(PostgresServer::why_absent());
    ::_exit(skipped_code);  // every test of this program needs it
  }
  return *shared;
}

Schema::Schema() {
  static int made = 0;
  name_ = "test_" + std::to_string(++made);
  static_cast<void>(server());
}

Schema::~Schema() {
  server().execute("DROP SCHEMA IF EXISTS " + name_ + " CASCADE");
}

std::string Schema::url() const {
  return server().url() + "?schema=" + name_;
}

void Schema::execute(const std::string& sql) const {
  server().execute("SET search_path = " + name_ + "; " + sql);
}

std::string Schema::value(const std::string& sql) const {
  return server().value("SET search_path = " + name_ + "; " + sql);
}

PostgresOptions options_for(const std::string& url) {
  PostgresOptions options;
  options.url = url;
  options.partitions = 4;
  options.write_connections = 2;
  options.read_connections = 2;
  return options;
}

std::unique_ptr<PostgresStore> open_store(const PostgresOptions& options) {
  auto opened = PostgresStore::open(options);
  if (!opened) FAIL(opened.error().detail);
  return std::move(*opened);
}

namespace {

class PostgresUnderTest final : public StoreUnderTest {
 public:
  PostgresUnderTest() : store_(open_store(options_for(schema_.url()))) {}
  runtime::Store& store() override { return *store_; }
  runtime::RunQueries& runs() override { return *store_; }
  runtime::DefinitionStore& definitions() override { return *store_; }
  runtime::Inbox& inbox() override { return *store_; }
  runtime::RecordReads& records() override { return *store_; }
  runtime::AuditLog& audit() override { return *store_; }
  runtime::RepairStore& repairs() override { return store_->repairs(); }
  runtime::Outbox& outbox() override { return *store_; }
  runtime::ProviderHealth& health() override { return *store_; }
  runtime::Retention& retention() override { return *store_; }
  bool for_one_node() const override { return false; }
  Timestamp now() const override { return noon; }
  void pass(DurationMs time) override {
    schema_.execute("UPDATE node SET lease_until = lease_until - interval '1 millisecond' * " +
                    std::to_string(time));
  }
  void reopen() override {
    store_.reset();
    store_ = open_store(options_for(schema_.url()));
  }
  std::string by_hand(const std::string& sql) override {
    try {
      schema_.execute(sql);
    } catch (const std::runtime_error& refused) {
      return refused.what();
    }
    return {};
  }
  void search_within(const runtime::SearchBounds& bounds) override {
    store_.reset();
    auto options = options_for(schema_.url());
    options.search = bounds;
    store_ = open_store(options);
  }

 private:
  Schema schema_;
  std::unique_ptr<PostgresStore> store_;
};

}  // namespace

std::vector<StoreKind> stores_under_test() {
  return {{"PostgreSQL", [] { return std::make_unique<PostgresUnderTest>(); }}};
}

}  // namespace sequent::test
