// That the check of journals finds what somebody changed behind the engine's back.
#include "engine/upkeep/journal_check.hpp"

#include <sqlite3.h>

#include "tests/runtime_sqlite/file_world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

class CheckedWorld : public FileWorld {
 public:
  CheckedWorld() {
    deploy(document("two", two_steps));
    run = start("two");
  }

  /// As a person with the file and too much courage would.
  void tamper(const std::string& sql) {
    const auto path = (folder.path / "sequent.db").string();
    sqlite3* behind = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &behind) == SQLITE_OK);
    CHECK(sqlite3_exec(behind, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    CHECK(sqlite3_changes(behind) > 0);
    sqlite3_close(behind);
  }

  [[nodiscard]] upkeep::JournalReport check() {
    upkeep::ProgramsByDigest programs;
    for (const auto& program : engine->programs()) programs[program->digest] = program;
    const auto report = upkeep::check_journals(*file, *file, programs);
    REQUIRE(report.has_value());
    return *report;
  }

  InstanceId run;
};

}  // namespace

TEST_CASE("journals that nobody touched agree with what is stored of their runs", "[runtime]") {
  CheckedWorld world;
  static_cast<void>(world.start("two"));
  world.steps.hold = true;
  static_cast<void>(world.start("two"));  // under way
  const auto report = world.check();
  CHECK(report.runs == 3);
  CHECK(report.wrong.empty());
}

TEST_CASE("a row, a record or a definition that was changed by hand is found", "[runtime]") {
  CheckedWorld world;
  REQUIRE(world.result(world.run).ended);
  std::string expected;
  SECTION("the status of the row") {
    world.tamper("UPDATE instance SET status = 'faulted'");
    expected = "status is `faulted`, not `completed`; ";
  }
  SECTION("a checkpoint that is missing") {
    world.tamper("DELETE FROM journal WHERE last_seq = (SELECT min(last_seq) FROM journal)");
    expected = "has a gap";
  }
  SECTION("all of them") {
    world.tamper("DELETE FROM journal");
    expected = "its journal is empty";
  }
  const auto report = world.check();
  REQUIRE(report.wrong.size() == 1);
  CHECK(report.wrong[0].first == world.run);
  CHECK_THAT(report.wrong[0].second, Catch::Matchers::Contains(expected));
}
