// The contract of batches and their items.
#include <catch2/catch.hpp>

#include "tests/persistence/searching.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;
using runtime::RepairBatch;
using runtime::RepairItem;

namespace {

RepairBatch batch_of(const std::string& id, const std::string& search) {
  RepairBatch batch;
  batch.id = id;
  batch.action = "retry";
  batch.arguments = {{"task", "charge"}};
  batch.filter = where(search);
  batch.where = search;
  batch.rate_per_hour = 180'000;
  batch.reason = "because";
  batch.created_by = "ada";
  batch.created_at = noon + 1'000;
  return batch;
}

}  // namespace

TEST_CASE("a batch's items are the runs as of its creation, in its order", "[store][batches]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  std::vector<InstanceChange> runs;
  for (int i = 0; i < 5; ++i)
    runs.push_back(faulted("k" + std::to_string(i), "e", 503, i == 0 ? 0 : noon + 100'000 - i));
  for (auto& run : runs) owner.write(run);
  owner.write(start_of(new_id(), "running"));
  InstanceChange late = faulted("late", "e", 503);
  late.row.updated_at = noon + 2'000;  // faulted after the batch was created
  owner.write(late);

  auto& repairs = under_test->repairs();
  const auto batch = batch_of("b-1", "status=faulted and error.status=503");
  repairs.create_batch(batch);
  CHECK(repairs.select_items(batch, 3, noon) == 3);
  CHECK_FALSE(repairs.batch("b-1")->selected);
  under_test->reopen();
  auto& again = under_test->repairs();
  CHECK(again.select_items(batch, 3, noon) == 2);
  CHECK(again.batch("b-1")->selected);
  CHECK(again.select_items(batch, 3, noon) == 0);
  CHECK(again.count_items("b-1").pending == 5);
  CHECK(again.count_items("b-1").total() == 5);

  // The nearest deadline first; none is last.
  const auto first = again.take_items("b-1", 2, noon);
  const auto rest = again.take_items("b-1", 10, noon);
  REQUIRE(first.size() == 2);
  REQUIRE(rest.size() == 3);
  CHECK(first[0].run == runs[4].id);
  CHECK(first[1].run == runs[3].id);
  CHECK(rest[2].run == runs[0].id);
  CHECK(first[0].seq == 1);
  CHECK(again.take_items("b-1", 10, noon).empty());
  CHECK(again.taken_items("b-1", {}, 100).size() == 5);
  const auto at_risk = again.deadlines(where("status=faulted"), noon + 99'998);
  CHECK(at_risk.earliest == noon + 99'996);
  CHECK(at_risk.before == 2);
}

TEST_CASE("an item is aimed, acted on and heard once, and settled for good", "[store][batches]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const auto run = faulted("k", "e", 503);
  owner.write(run);
  auto& repairs = under_test->repairs();
  const auto batch = batch_of("b-1", "status=faulted");
  repairs.create_batch(batch);
  (void)repairs.select_items(batch, 10, noon);
  auto items = repairs.take_items("b-1", 10, noon);
  REQUIRE(items.size() == 1);
  CHECK(repairs.still_matches(batch, run.id) == 1);

  InstanceChange moved = change_of(run.id, 1);
  moved.row.status = "faulted";
  owner.write(moved);
  CHECK(repairs.still_matches(batch, run.id) == 2);
  CHECK(repairs.aim_item("b-1", run.id, 1, 2));
  CHECK_FALSE(repairs.aim_item("b-1", run.id, 1, 2));
  items[0].state = RepairItem::State::acted;
  items[0].heard = 2;
  repairs.write_items("b-1", items, noon);
  CHECK(repairs.moved_items("b-1", {}, 10).moved.empty());
  owner.write(change_of(run.id, 2));
  CHECK_FALSE(repairs.still_matches(batch, run.id));
  auto heard = repairs.moved_items("b-1", {}, 10).moved;
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].seq == 2);
  heard[0].state = RepairItem::State::faulted;
  heard[0].heard = 3;
  heard[0].detail = "again";
  repairs.write_items("b-1", heard, noon + 5);
  heard[0].state = RepairItem::State::succeeded;  // settled: too late
  repairs.write_items("b-1", heard, noon + 6);
  const auto settled = repairs.items("b-1", RepairItem::State::faulted, {}, 10);
  REQUIRE(settled.size() == 1);
  CHECK(settled[0].detail == "again");
  CHECK(settled[0].updated_at == noon + 5);
  CHECK(repairs.count_items("b-1").open() == 0);
  CHECK(repairs.items("b-1", {}, run.id, 10).empty());
}

TEST_CASE("acted items are looked at in parts, in the batch's order", "[store][batches]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  std::vector<InstanceChange> runs;
  for (int i = 0; i < 5; ++i)  // the last has the earliest deadline, the first none
    runs.push_back(faulted("k" + std::to_string(i), "e", 503, i == 0 ? 0 : noon + 100'000 - i));
  for (auto& run : runs) owner.write(run);
  auto& repairs = under_test->repairs();
  const auto batch = batch_of("b-1", "status=faulted");
  repairs.create_batch(batch);
  (void)repairs.select_items(batch, 10, noon);
  auto items = repairs.take_items("b-1", 4, noon);  // all but the first
  REQUIRE(items.size() == 4);
  for (auto& item : items) item.state = RepairItem::State::acted;
  repairs.write_items("b-1", items, noon);
  for (const int moves : {1, 4})
    owner.write(change_of(runs[static_cast<std::size_t>(moves)].id, 1));

  const auto one = repairs.moved_items("b-1", {}, 3);
  REQUIRE(one.moved.size() == 1);
  CHECK(one.moved[0].run == runs[4].id);
  REQUIRE(one.last);
  CHECK(one.last->run == runs[2].id);
  const auto two = repairs.moved_items("b-1", one.last, 3);
  REQUIRE(two.moved.size() == 1);
  CHECK(two.moved[0].run == runs[1].id);
  CHECK_FALSE(two.last);
  const auto whole = repairs.moved_items("b-1", {}, 4);
  CHECK(whole.moved.size() == 2);
  REQUIRE(whole.last);  // there may be more
  CHECK(repairs.moved_items("b-1", whole.last, 4).moved.empty());
}

TEST_CASE("batches that stand still take no turn of those that run", "[store][batches]") {
  const auto under_test = any_store();
  auto& repairs = under_test->repairs();
  for (const char* id : {"b-1", "b-2", "b-3"}) repairs.create_batch(batch_of(id, "attempts>1"));
  using State = RepairBatch::State;
  for (const char* id : {"b-1", "b-2"})
    CHECK(repairs.change_batch(id, std::vector{State::running}, State::paused, "why", noon + 7));
  const auto open = repairs.open_batches(2);
  REQUIRE(open.size() == 2);
  CHECK(open[0].id == "b-3");
  CHECK(open[1].id == "b-1");
}

TEST_CASE("a batch that stops is paused and noted, both or neither", "[store][batches]") {
  const auto under_test = any_store();
  auto& repairs = under_test->repairs();
  auto& audit = under_test->audit();
  repairs.create_batch(batch_of("b-1", "attempts>1"));
  runtime::AuditEntry note;
  note.at = noon + 7;
  note.principal = "engine";
  note.action = "batch.pause";
  note.target = "b-1";
  note.reason = "too many failed";
  note.outcome = "done";
  CHECK(repairs.stop_batch("b-1", "why", note));
  CHECK(repairs.batch("b-1")->state == RepairBatch::State::paused);
  CHECK(repairs.batch("b-1")->detail == "why");
  CHECK(repairs.batch("b-1")->updated_at == noon + 7);
  REQUIRE(audit.list({.target = "b-1"}, 0, 10).size() == 1);
  CHECK(audit.list({.target = "b-1"}, 0, 10).front().reason == "too many failed");
  CHECK_FALSE(repairs.stop_batch("b-1", "again", note));
  CHECK_FALSE(repairs.stop_batch("none", "why", note));
  CHECK(repairs.batch("b-1")->detail == "why");
  CHECK(audit.list({}, 0, 10).size() == 1);
}

TEST_CASE("a batch that has ended has no wave under way", "[store][batches]") {
  const auto under_test = any_store();
  auto& repairs = under_test->repairs();
  repairs.create_batch(batch_of("b-1", "attempts>1"));
  repairs.begin_wave("b-1", 20, noon);
  CHECK(repairs.batch("b-1")->wave == 20);
  repairs.finish_batch("b-1", noon + 1);
  CHECK(repairs.batch("b-1")->wave == 0);
}

TEST_CASE("batches are listed newest first, and end once", "[store][batches]") {
  const auto under_test = any_store();
  auto& repairs = under_test->repairs();
  for (const char* id : {"b-1", "b-2", "b-3"}) repairs.create_batch(batch_of(id, "attempts>1"));
  CHECK(repairs.batches("", 2).at(0).id == "b-3");
  CHECK(repairs.batches("b-2", 2).at(0).id == "b-1");
  CHECK(repairs.open_batches(10).at(0).id == "b-1");
  using State = RepairBatch::State;
  const std::vector<State> running{State::running}, paused{State::paused};
  CHECK(repairs.change_batch("b-1", running, State::paused, "why", noon + 7));
  CHECK_FALSE(repairs.change_batch("b-1", running, State::paused, "", noon + 8));
  CHECK_FALSE(repairs.change_batch("none", running, State::paused, "", noon + 8));
  CHECK(repairs.batch("b-1")->detail == "why");
  repairs.finish_batch("b-2", noon + 9);
  CHECK(repairs.batch("b-2")->state == State::finished);
  CHECK(repairs.batch("b-2")->finished_at == noon + 9);
  CHECK(repairs.open_batches(10).size() == 2);
  CHECK_FALSE(repairs.batch("none"));
  const auto batch = repairs.batch("b-3");
  CHECK(batch->action == "retry");
  CHECK(batch->arguments == Json{{"task", "charge"}});
  CHECK(batch->rate_per_hour == 180'000);
  CHECK(batch->created_by == "ada");
  CHECK(runtime::filter_json(batch->filter) == runtime::filter_json(where("attempts>1")));
}
