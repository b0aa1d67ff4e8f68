// The contract of deleting a version of a workflow.
#include <catch2/catch.hpp>

#include "tests/persistence/searching.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;
using runtime::StoredDefinition;

namespace {

constexpr DurationMs day = 86'400'000;

/// The definition that start_of()'s runs are of.
StoredDefinition definition_of(const InstanceChange& start) {
  const auto& s = *start.start;
  return {s.workflow_namespace, s.name, s.version, s.digest, "do: []", noon};
}

runtime::DefinitionRemoval removal_of(const StoredDefinition& definition) {
  return {.ref = {definition.workflow_namespace, definition.name, definition.version},
          .successor = "",
          .at = noon + 1};
}

InstanceChange with_status(const InstanceId& id, std::uint64_t last_seq,
                           const std::string& status) {
  InstanceChange change = change_of(id, last_seq);
  change.row.status = status;
  if (status == "completed" || status == "cancelled" || status == "faulted")
    change.row.ended_at = noon + 1;
  change.ended = status == "completed" || status == "cancelled";
  return change;
}

}  // namespace

TEST_CASE("a version stays while a run of it has not ended, and is hidden afterwards", "[store]") {
  const auto under_test = any_store();
  auto& definitions = under_test->definitions();
  Owner owner{*under_test};
  const auto first = start_of(new_id(), "first");
  const auto second = start_of(new_id(), "second");
  const auto definition = definition_of(first);
  const auto removal = removal_of(definition);
  CHECK(definitions.remove(removal).error().code == ErrorCode::not_found);
  REQUIRE(definitions.put(definition).value());
  owner.write(first);
  owner.write(second);
  CHECK(definitions.live_runs(removal.ref) == runtime::LiveRuns{{"running", 2}});
  owner.write(with_status(first.id, 1, "completed"));
  owner.write(with_status(second.id, 1, "faulted"));  // it can be retried
  const auto revision = definitions.definitions_revision();
  CHECK(definitions.remove(removal).value() == runtime::LiveRuns{{"faulted", 1}});
  CHECK(definitions.definitions_revision() == revision);
  CHECK(definitions.all().front().deleted_at == 0);

  owner.write(with_status(second.id, 2, "cancelled"));
  CHECK(definitions.live_runs(removal.ref).empty());
  CHECK(definitions.remove(removal).value().empty());
  CHECK(definitions.definitions_revision() > revision);
  under_test->reopen();
  auto& reopened = under_test->definitions();
  REQUIRE(reopened.all().size() == 1);
  CHECK(reopened.all().front().deleted_at == noon + 1);
  CHECK(reopened.all().front().source == "do: []");
  CHECK(reopened.remove(removal).error().code == ErrorCode::not_found);
  CHECK(under_test->runs().find(first.id)->digest == definition.digest);
}

TEST_CASE("a run that has moved to another version keeps that one and not its first", "[store]") {
  const auto under_test = any_store();
  auto& definitions = under_test->definitions();
  Owner owner{*under_test};
  const auto run = start_of(new_id(), "moves");
  const auto old = definition_of(run);
  auto next = old;
  next.version = "9.1.0";
  next.digest = "digest of 9.1.0";
  REQUIRE(definitions.put(old).value());
  REQUIRE(definitions.put(next).value());
  owner.write(run);
  InstanceChange move = change_of(run.id, 1);
  move.version = runtime::NewVersion{next.version, next.digest};
  owner.write(move);
  CHECK(definitions.remove(removal_of(next)).value().size() == 1);
  CHECK(definitions.remove(removal_of(old)).value().empty());
}

TEST_CASE("a deleted version comes back with the same content alone", "[store]") {
  const auto under_test = any_store();
  auto& definitions = under_test->definitions();
  const auto definition = definition_of(start_of(new_id()));
  auto next = definition;
  next.version = "9.1.0";
  next.digest = "digest of 9.1.0";
  REQUIRE(definitions.put(definition).value());
  REQUIRE(definitions.put(next).value());
  auto removal = removal_of(next);
  removal.successor = definition.version;
  REQUIRE(definitions.remove(removal).value().empty());
  // The version that has the schedule now counts from then.
  const auto all = definitions.all();
  REQUIRE(all.size() == 2);
  for (const auto& one : all)
    CHECK((one.version == next.version ? one.deleted_at : one.deployed_at) == removal.at);
  auto other = next;
  other.digest = "another";
  CHECK(definitions.put(other).error().code == ErrorCode::conflict);
  const auto revision = definitions.definitions_revision();
  next.deployed_at = noon + 5;
  CHECK(definitions.put(next).value());
  CHECK(definitions.definitions_revision() > revision);
  for (const auto& one : definitions.all()) CHECK(one.deleted_at == 0);
  CHECK_FALSE(definitions.put(next).value());
}

TEST_CASE("what is left of a deleted version goes after the runs that may be of it", "[store]") {
  const auto under_test = any_store();
  auto& definitions = under_test->definitions();
  auto& retention = under_test->retention();
  Owner owner{*under_test};
  const auto run = start_of(new_id());
  const auto definition = definition_of(run);
  REQUIRE(definitions.put(definition).value());
  owner.write(run);
  owner.write(with_status(run.id, 1, "completed"));
  CHECK(retention.delete_definitions(noon + 10 * day) == 0);  // nobody has deleted it
  REQUIRE(definitions.remove(removal_of(definition)).value().empty());
  CHECK(retention.delete_definitions(noon + 10 * day) == 0);  // its run can be read
  CHECK(definitions.all().size() == 1);
  REQUIRE(retention
              .delete_ended({.workflow_namespace = definition.workflow_namespace,
                             .name = definition.name,
                             .before = noon + 10 * day,
                             .after = {}},
                            10)
              .runs == 1);
  CHECK(retention.delete_definitions(noon + day / 2) == 0);  // some node may not have heard of it
  CHECK(retention.delete_definitions(noon + 2 * day) == 1);
  CHECK(definitions.all().empty());
}
