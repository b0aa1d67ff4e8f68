// Calls under way: the places they take, what stops them, and what cuts them off.
#include "engine/machine/codec.hpp"
#include "engine/runtime/dispatch.hpp"
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

void with_one_place(World& world) {
  world.reboot([](runtime::EngineConfig& config) { config.max_in_flight = 1; });
  world.deploy(document("two", two_steps));
  world.steps.hold = true;
}

}  // namespace

TEST_CASE("a call that waits for its place does not leave once its run stands still", "[runtime]") {
  World world;
  with_one_place(world);
  world.start("two");
  const auto id = world.start("two");
  REQUIRE(world.steps.attempts.size() == 1);
  REQUIRE(world.engine->stats().queued == 1);
  SECTION("suspended: it leaves when the run goes on") {
    REQUIRE(world.get(world.engine->suspend(id, {})).has_value());
    world.steps.let_go(Json{{"n", 1}});
    world.settle();
    // The other run's second call took the place; nothing of the suspended one left.
    REQUIRE(world.steps.attempts.size() == 2);
    CHECK(world.steps.attempts[1].instance != id);
    CHECK(world.store.status_of(id) == "suspended");
    world.steps.hold = false;
    world.steps.let_go(Json{{"n", 2}});
    world.settle();
    CHECK(world.steps.attempts.size() == 2);
    REQUIRE(world.get(world.engine->resume(id, {})).has_value());
    CHECK(world.result(id).status == machine::Status::completed);
    CHECK(world.steps.attempts.size() == 4);
  }
  SECTION("cancelled: never") {
    REQUIRE(world.get(world.engine->cancel(id, {})).has_value());
    world.steps.hold = false;
    world.steps.let_go(Json{{"n", 1}});
    world.settle();
    for (const auto& attempt : world.steps.attempts) CHECK(attempt.instance != id);
  }
  CHECK(world.engine->stats().queued == 0);
}

TEST_CASE("calls of a faulted run's other branches do not leave", "[runtime]") {
  World world;
  with_one_place(world);
  world.deploy(document("both", R"(do:
  - both:
      fork:
        branches:
          - bad: {call: test.step, with: {n: 1}}
          - good: {call: test.step, with: {n: 2}}
)"));
  const auto id = world.start("both");
  REQUIRE(world.steps.attempts.size() == 1);
  machine::Failure failure;
  failure.problem = machine::make_problem(machine::ErrorKind::validation, "no");
  for (auto& reply : std::exchange(world.steps.held, {})) reply(std::unexpected(failure));
  world.settle();
  CHECK(world.store.status_of(id) == "faulted");
  CHECK(world.steps.attempts.size() == 1);
  world.steps.hold = false;
  REQUIRE(world.get(world.engine->retry(id, "", std::nullopt, {})).has_value());
  CHECK(world.result(id).status == machine::Status::completed);
}

TEST_CASE("the limit of calls is the node's, not a share of each partition", "[runtime]") {
  World world;
  world.store.partition_count = 4;
  world.reboot([](runtime::EngineConfig& config) { config.max_in_flight = 6; });
  world.deploy(document("two", two_steps));
  world.steps.hold = true;
  for (int i = 0; i < 20; ++i) world.start("two");
  CHECK(world.steps.attempts.size() == 6);
  CHECK(world.engine->stats().in_flight == 6);
  CHECK(world.engine->stats().queued == 14);
  // Every place that is given back is taken again, by whichever partition waits.
  world.steps.hold = false;
  world.steps.let_go(Json{{"n", 1}});
  world.settle();
  CHECK(world.steps.attempts.size() == 40);
  CHECK(world.engine->stats().completed == 20);
  CHECK(world.engine->stats().in_flight == 0);
}

TEST_CASE("a call that ignores its time-out is cut off, and its outcome is unknown", "[runtime]") {
  World world;
  with_one_place(world);
  const auto id = world.start("two");
  runtime::Attempt first = world.steps.attempts.at(0);
  world.steps.hold = false;  // its next attempt answers
  auto never_answered = std::exchange(world.steps.held, {});
  const auto limit =
      runtime::cut_off_after(world.registry.activity("test.step")->spec(), first, false);
  world.advance(limit - 1);
  CHECK(world.steps.attempts.size() == 1);
  world.advance(1);
  CHECK(world.engine->stats().in_flight == 0);  // its place is free again
  const auto run = world.get(world.engine->read(id));
  REQUIRE(run.has_value());
  CHECK(run->view.waiting_for.error_type == machine::standard_type(machine::ErrorKind::timeout));
  world.advance(60'000);
  REQUIRE(world.steps.attempts.size() == 3);
  CHECK(world.steps.attempts[1].unsettled);
  CHECK(world.steps.attempts[1].idempotency_key == first.idempotency_key);
  CHECK(world.result(id).status == machine::Status::completed);
  // What it says in the end is no news.
  for (auto& reply : never_answered) reply(Json{{"n", 9}});
  world.settle();
  CHECK(*world.result(id).response == Json{{"n", 2}});
}

TEST_CASE("without a key, what was cut off is looked for and never repeated", "[runtime]") {
  World world{0};
  with_one_place(world);
  const auto id = world.start("two");
  world.log.clear();
  world.advance(3'600'000);
  CHECK(std::ranges::count(world.log, "call /do/0/first") == 0);
  CHECK(std::ranges::count(world.log, "look /do/0/first") > 0);
  CHECK(world.get(world.engine->read(id))->view.waiting_for.kind == "parked");
}

TEST_CASE("the journal keeps by which id the provider knows a request", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.steps.request_id = "req_7";
  const auto id = world.start("two");
  CHECK(world.result(id).status == machine::Status::completed);
  std::vector<std::string> ids;
  for (const auto& text : world.store.journal(id, 0, 1'000)) {
    const auto records = machine::decode(text);
    REQUIRE(records.has_value());
    for (const auto& record : *records)
      if (const auto* returned = std::get_if<machine::TaskReturned>(&record.body))
        ids.push_back(returned->request_id);
  }
  CHECK(ids == std::vector<std::string>{"req_7", "req_7"});
}
