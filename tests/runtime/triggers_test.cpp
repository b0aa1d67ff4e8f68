// `schedule.on`: the events that start a workflow, alone and together.
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

const std::string order_and_payment = R"(schedule:
  on:
    all:
      - {with: {type: shop.ordered}, correlate: {order: {from: .data.order}}}
      - {with: {type: shop.paid}, correlate: {order: {from: .data.order}}}
do:
  - ship: {call: test.step, with: {events: "${ . }"}}
)";
const std::string any_order_and_any_payment = R"(schedule:
  on: {all: [{with: {type: shop.ordered}}, {with: {type: shop.paid}}]}
do:
  - ship: {call: test.step, with: {events: "${ . }"}}
)";

Json shop(const std::string& id, const std::string& what, int order = 1) {
  return Json{{"specversion", "1.0"},
              {"id", id},
              {"source", "/shop"},
              {"type", "shop." + what},
              {"data", {{"order", order}}}};
}

int starts(World& world, const Json& event) {
  const auto delivered = world.get(world.engine->deliver(event, "api"));
  REQUIRE(delivered.has_value());
  return delivered->started;
}

/// The ids of the events that each run was started with, in the order of the alphabet.
std::vector<std::string> started_with(World& world) {
  std::vector<std::string> all;
  for (const auto& id : world.store.instances()) {
    std::string ids;
    const auto details = world.get(world.engine->read(id));
    REQUIRE(details.has_value());
    for (const auto& event : *details->state.input) ids += text_of(event, "id");
    all.push_back(ids);
  }
  std::ranges::sort(all);
  return all;
}

using Sets = std::vector<std::string>;

}  // namespace

TEST_CASE("a workflow on all of several events starts when the last has come", "[runtime]") {
  World world;
  world.deploy(document("ship", any_order_and_any_payment));
  SECTION("in whatever order, and they are its input in the order of the document") {
    CHECK(starts(world, shop("p", "paid")) == 0);
    CHECK(starts(world, shop("x", "other")) == 0);
    CHECK(starts(world, shop("o", "ordered")) == 1);
    CHECK(started_with(world) == Sets{"op"});
  }
  SECTION("each event once, the oldest first") {
    CHECK(starts(world, shop("a", "ordered")) == 0);
    CHECK(starts(world, shop("b", "ordered")) == 0);
    CHECK(starts(world, shop("1", "paid")) == 1);
    CHECK(starts(world, shop("1", "paid")) == 0);  // the same one once more
    CHECK(starts(world, shop("2", "paid")) == 1);
    CHECK(starts(world, shop("3", "paid")) == 0);
    CHECK(starts(world, shop("c", "ordered")) == 1);
    CHECK(started_with(world) == Sets{"a1", "b2", "c3"});
  }
  SECTION("also when an operator sends one again") {
    CHECK(starts(world, shop("a", "ordered")) == 0);
    CHECK(starts(world, shop("1", "paid")) == 1);
    for (const auto& [id, event] : world.store.events())
      REQUIRE(world.get(world.engine->replay_event(id, event.first)).has_value());
    CHECK(started_with(world) == Sets{"a1"});
  }
  SECTION("and one that expired meanwhile is not among them") {
    world.reboot([](auto& config) { config.event_ttl_ms = 60'000; });
    CHECK(starts(world, shop("a", "ordered")) == 0);
    world.advance(61'000);
    CHECK(starts(world, shop("1", "paid")) == 0);
    CHECK(starts(world, shop("b", "ordered")) == 1);
    CHECK(started_with(world) == Sets{"b1"});
  }
}

TEST_CASE("events that start a workflow together agree in what they correlate by", "[runtime]") {
  World world;
  world.deploy(document("ship", order_and_payment));
  CHECK(starts(world, shop("a", "ordered", 1)) == 0);
  CHECK(starts(world, shop("b", "ordered", 2)) == 0);
  CHECK(starts(world, shop("2", "paid", 2)) == 1);
  CHECK(starts(world, shop("3", "paid", 3)) == 0);
  CHECK(starts(world, shop("1", "paid", 1)) == 1);
  CHECK(started_with(world) == Sets{"a1", "b2"});
}

TEST_CASE("a set of events survives a crash at every moment and starts one run", "[runtime]") {
  World world;
  world.deploy(document("ship", order_and_payment));
  world.deploy(document("count",
                        "schedule: {on: {any: [{with: {type: shop.paid}}]}}\ndo:\n"
                        "  - note: {set: {noted: true}}\n"));
  CHECK(starts(world, shop("a", "ordered")) == 0);
  SECTION("between its events") {
    world.crash();
    world.boot();
    CHECK(starts(world, shop("1", "paid")) == 2);
  }
  SECTION("before its start is stored") {
    world.store.next_commit = CommitFault::before;
    CHECK(starts(world, shop("1", "paid")) == 0);
    CHECK(world.store.instances().empty());
    world.crash();
    world.store.next_commit = CommitFault::none;
    world.boot();
  }
  SECTION("after its start was stored, unheard") {
    world.store.next_commit = CommitFault::after;
    (void)starts(world, shop("1", "paid"));
    world.crash();
    world.store.next_commit = CommitFault::none;
    world.clock.at += 1'000;
    world.boot();
  }
  SECTION("without a crash: a store that fails for a while") {
    world.store.next_commit = CommitFault::full;
    CHECK(starts(world, shop("1", "paid")) == 0);
    world.advance(60'000);
    world.store.next_commit = CommitFault::none;
    world.advance(60'000);
  }
  CHECK(world.store.instances().size() == 2);
  REQUIRE(world.steps.attempts.size() == 1);
  const auto& input = world.steps.attempts.front().task_input;
  REQUIRE(input.has_value());
  const Json both = Json::array({shop("a", "ordered"), shop("1", "paid")});
  CHECK(*input == both);
  CHECK(starts(world, shop("2", "paid")) == 1);  // only `count`: the order has been used
}

TEST_CASE("an event that fits several places takes one of them", "[runtime]") {
  World world;
  world.deploy(document("pair",
                        "schedule: {on: {all: [{with: {source: /shop}}, "
                        "{with: {type: shop.paid}}]}}\n" +
                            two_steps));
  CHECK(starts(world, shop("1", "paid")) == 0);
  CHECK(starts(world, shop("2", "paid")) == 1);
  CHECK(started_with(world) == Sets{"12"});
}

TEST_CASE("a workflow on one or any event starts with each that fits", "[runtime]") {
  World world;
  world.deploy(document("one", "schedule: {on: {one: {with: {type: shop.paid}}}}\n" + two_steps));
  world.deploy(document("any",
                        "schedule: {on: {any: [{with: {type: shop.paid}}, "
                        "{with: {type: shop.ordered}}]}}\n" +
                            two_steps));
  world.deploy(document("seven",
                        "schedule: {on: {one: {with: {type: shop.paid}, correlate: "
                        "{order: {from: .data.order, expect: 7}}}}}\n" +
                            two_steps));
  CHECK(starts(world, shop("1", "paid")) == 2);
  CHECK(starts(world, shop("1", "paid")) == 0);
  CHECK(starts(world, shop("2", "ordered")) == 1);
  CHECK(starts(world, shop("3", "other")) == 0);
  CHECK(starts(world, shop("4", "paid", 7)) == 3);
}

TEST_CASE("a trigger that could never fire is refused when it is deployed", "[runtime]") {
  World world;
  const auto refused = [&](const std::string& on, const std::string& says) {
    const auto text = document("never", "schedule: {on: " + on + "}\n" + two_steps);
    const auto deployed = world.get(world.engine->deploy(text, "never.yaml"));
    REQUIRE_FALSE(deployed.has_value());
    CHECK(deployed.error().code == ErrorCode::invalid_definition);
    CHECK_THAT(definition::format_findings(deployed.error().findings), Catch::Contains(says));
  };
  refused("{all: [{with: {type: a}, correlate: {order: {from: .data.order}}}, {with: {type: b}}]}",
          "expected the correlations of the first event (order), got none");
  refused("{one: {with: {type: a}, correlate: {order: {from: .id, expect: '${ .order }'}}}}",
          "expected a constant");
}
