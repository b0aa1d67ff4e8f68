// The contract suite's store in this program.
#include <catch2/catch.hpp>

#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace sequent::test {
namespace {

class SqliteUnderTest final : public StoreUnderTest {
 public:
  SqliteUnderTest() { open(); }
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
  bool for_one_node() const override { return true; }
  Timestamp now() const override { return now_; }
  void pass(DurationMs time) override { now_ += time; }
  void reopen() override {
    store_.reset();
    open();
  }
  std::string by_hand(const std::string& sql) override {
    using persistence::Connection;
    const auto connection =
        Connection::open(folder_.path() + "/sequent.db", Connection::Mode::read_write);
    try {
      connection->script(sql);
    } catch (const runtime::StoreFailure& refused) {
      return refused.what();
    }
    return {};
  }
  void search_within(const runtime::SearchBounds& bounds) override {
    bounds_ = bounds;
    reopen();
  }

 private:
  void open() {
    persistence::SqliteOptions options;
    options.directory = folder_.path();
    options.partitions = 4;
    options.search = bounds_;
    auto opened = persistence::SqliteStore::open(options);
    if (!opened) FAIL(opened.error().detail);
    store_ = std::move(*opened);
  }
  Folder folder_;
  Timestamp now_ = noon;
  runtime::SearchBounds bounds_;
  std::unique_ptr<persistence::SqliteStore> store_;
};

}  // namespace

std::vector<StoreKind> stores_under_test() {
  return {{"SQLite", [] { return std::make_unique<SqliteUnderTest>(); }}};
}

}  // namespace sequent::test
