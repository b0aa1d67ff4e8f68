// The contract of runs that go on under another version of their workflow.
#include <catch2/catch.hpp>

#include "tests/persistence/searching.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;

TEST_CASE("a run that moves is found under its new version, and keeps its keys", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const auto moves = start_of(new_id(), "moves");
  const auto stays = start_of(new_id(), "stays");
  owner.write(moves);
  owner.write(stays);
  InstanceChange change = change_of(moves.id, 1);
  change.version = runtime::NewVersion{"9.1.0", "digest of 9.1.0"};
  owner.write(change);
  const auto moved = under_test->runs().find(moves.id);
  REQUIRE(moved.has_value());
  CHECK(moved->version == "9.1.0");
  CHECK(moved->digest == "digest of 9.1.0");
  CHECK(moved->name == moves.start->name);
  CHECK(under_test->runs().find(stays.id)->version == stays.start->version);
  const auto found = under_test->runs().list(where("version=9.1.0 and key=moves"), "", 10);
  REQUIRE(found.has_value());
  CHECK(found->runs.size() == 1);

  // Back again, and a second time: the numbers of versions are known by now.
  InstanceChange back = change_of(moves.id, 2);
  back.version = runtime::NewVersion{moves.start->version, moves.start->digest};
  owner.write(back);
  CHECK(under_test->runs().find(moves.id)->version == moves.start->version);
}
