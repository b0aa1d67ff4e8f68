// Journals that this build must not go on with: of another layout, or unreadable.
#include "engine/machine/apply.hpp"
#include "engine/machine/codec.hpp"
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

const std::string nap_then_step = R"(do:
  - nap: {wait: {minutes: 10}}
  - after: {call: test.step, with: {n: 1}}
)";

std::string layout_of(const World& world, const std::string& name) {
  definition::WorkflowRef ref;
  ref.workflow_namespace = "test";
  ref.name = name;
  return world.engine->program(ref)->layout;
}

}  // namespace

TEST_CASE("a run whose journal has another layout is refused and left as it is", "[runtime]") {
  World world;
  world.deploy(document("sleeper", nap_then_step));
  const auto id = world.start("sleeper");
  const auto healthy = world.start("sleeper");
  const auto layout = layout_of(world, "sleeper");
  REQUIRE(layout.size() == 16);
  world.crash();
  world.store.tamper(id, layout, "another-build-s0");
  world.boot();
  world.advance(601'000);
  CHECK(world.steps.attempts.size() == 1);  // the healthy one's
  CHECK(world.result(healthy).ended);
  const auto waited = world.get(world.engine->wait(id, runtime::Until::ended, 0));
  REQUIRE_FALSE(waited.has_value());
  CHECK(waited.error().code == ErrorCode::wrong_state);
  CHECK_THAT(waited.error().detail, Catch::Contains("another-build-s0") && Catch::Contains(layout));
  CHECK(world.get(world.engine->read(id)).error().code == ErrorCode::wrong_state);
  CHECK(world.get(world.engine->cancel(id, {})).error().code == ErrorCode::wrong_state);
  CHECK(world.get(world.engine->rewind(id, "nap", {})).error().code == ErrorCode::wrong_state);
  CHECK(world.store.status_of(id) == "waiting");
  // The build that began it comes back.
  world.crash();
  world.store.tamper(id, "another-build-s0", layout);
  world.boot();
  world.settle();
  CHECK(world.result(id).ended);
}

TEST_CASE("a snapshot carries the layout that it was made with", "[runtime]") {
  World world;
  world.crash();
  world.config.snapshot_every = 1;
  world.boot();
  world.deploy(document("sleeper", nap_then_step));
  const auto id = world.start("sleeper");
  REQUIRE(world.store.has_snapshot(id));
  const auto layout = layout_of(world, "sleeper");
  world.store.tamper(id, layout, "another-build-s0");
  CHECK(world.get(world.engine->read(id)).error().code == ErrorCode::wrong_state);
}

TEST_CASE("a journal that can't be decoded stops its run and no other", "[runtime]") {
  const auto damage = GENERATE(table<std::string, std::string>({
      {"TimerStarted", "TimerInvented"},  // a kind of a later release
      {"\"seq\":3", "\"seq\":4"},         // a gap
      {"[{", "[["},                       // no JSON
  }));
  World world;
  world.deploy(document("sleeper", nap_then_step));
  const auto id = world.start("sleeper");
  const auto healthy = world.start("sleeper");
  world.crash();
  world.store.tamper(id, std::get<0>(damage), std::get<1>(damage));
  world.boot();
  world.advance(601'000);
  CHECK(world.result(healthy).ended);
  const auto waited = world.get(world.engine->wait(id, runtime::Until::ended, 0));
  REQUIRE_FALSE(waited.has_value());
  CHECK(waited.error().code == ErrorCode::internal);
  CHECK(world.get(world.engine->read(id)).error().code == ErrorCode::internal);
  CHECK(world.get(world.engine->retry(id, "", std::nullopt, {})).error().code ==
        ErrorCode::internal);
  CHECK(world.engine->health() == runtime::Health::ready);
}

TEST_CASE("a run that is over is shown whatever build made it", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  const auto id = world.start("two");
  const auto layout = layout_of(world, "two");
  world.store.tamper(id, layout, "another-build-s0");
  CHECK(world.get(world.engine->read(id))->state.status == machine::Status::completed);
}

TEST_CASE("snapshots bound what a run's loading reads, and change nothing", "[runtime]") {
  const std::string chain = R"(do:
  - loop: {for: {in: '[range(30)]'}, do: [{work: {call: test.step, with: {n: '${ $item }'}}}]}
  - nap: {wait: {minutes: 10}}
  - after: {call: test.step, with: {n: '${ .n }'}}
)";
  World world;
  world.crash();
  world.config.snapshot_every = 20;
  world.boot();
  world.deploy(document("chain", chain));
  const auto id = world.start("chain");
  REQUIRE(world.store.has_snapshot(id));
  const auto stored = world.store.load(id);
  std::size_t tail = 0;
  for (const auto& text : stored->records) tail += machine::decode(text)->size();
  CHECK(tail <= 20);
  world.crash();
  world.boot();
  world.advance(601'000);
  CHECK(*world.result(id).response == Json{{"n", 29}});
  // The whole journal says the same as snapshot and tail.
  machine::State folded;
  for (const auto& text : world.store.journal(id, 0, 1'000)) {
    const auto records = machine::decode(text);
    REQUIRE(records.has_value());
    for (const auto& record : *records) machine::apply(folded, record);
  }
  CHECK(machine::encode_state(folded) ==
        machine::encode_state(world.get(world.engine->read(id))->state));
}
