// The contract of the audit log's questions.
#include <catch2/catch.hpp>

#include "tests/persistence/store_under_test.hpp"

using namespace sequent;
using namespace sequent::test;

TEST_CASE("the audit log answers who, what, when, and what was refused", "[store]") {
  const auto under_test = any_store();
  auto& audit = under_test->audit();
  runtime::AuditEntry entry{0, noon, "ada", "batch.retry", "b-1", "bad_field", "done", "::1"};
  entry.before = {{"status", "faulted"}};
  entry.after = {{"status", "running"}};
  audit.append(entry);
  audit.append({0, noon + 10, "bob", "retry", "run-1", "why not", "wrong-state: no", "::1"});
  const auto count = [&](const runtime::AuditFilter& filter) {
    return audit.list(filter, 0, 10).size();
  };
  CHECK(count({}) == 2);
  CHECK(count({.principal = "ada"}) == 1);
  CHECK(count({.action = "retry"}) == 1);
  CHECK(count({.action = "batch.*"}) == 1);
  CHECK(count({.text = "bad_"}) == 1);
  CHECK(count({.text = "wrong"}) == 1);
  CHECK(count({.text = "%"}) == 0);
  CHECK(count({.since = noon + 1}) == 1);
  CHECK(count({.before = noon + 10}) == 1);
  CHECK(count({.refused = true}) == 1);
  const auto ada = audit.list({.principal = "ada"}, 0, 10).at(0);
  CHECK(ada.before == entry.before);
  CHECK(ada.after == entry.after);
}

TEST_CASE("nobody changes or deletes what the audit log holds, whoever has the database",
          "[store]") {
  const auto under_test = any_store();
  auto& audit = under_test->audit();
  audit.append({0, noon, "bob", "retry", "run-1", "why not", "done", "::1"});
  using Catch::Contains;
  std::vector<std::string> attempts{"UPDATE audit SET principal = 'ada'",
                                    "UPDATE audit SET reason = reason WHERE audit_id > 0",
                                    "DELETE FROM audit", "DELETE FROM audit WHERE audit_id > 0"};
  if (under_test->for_one_node())  // SQLite's other ways, and PostgreSQL's
    attempts.emplace_back("INSERT OR REPLACE INTO audit SELECT * FROM audit");
  else
    attempts.emplace_back("TRUNCATE audit");
  for (const auto& sql : attempts) {
    INFO(sql);
    CHECK_THAT(under_test->by_hand(sql), Contains("the audit log is append-only"));
  }
  CHECK(under_test->by_hand("SELECT count(*) FROM audit").empty());  // the hand does reach it
  const auto kept = audit.list({}, 0, 10);
  REQUIRE(kept.size() == 1);
  CHECK(kept.front().principal == "bob");
  CHECK(kept.front().reason == "why not");
  audit.append({0, noon + 1, "ada", "skip", "run-1", "it is paid", "done", "::1"});
  CHECK(audit.list({}, 0, 10).size() == 2);
}
