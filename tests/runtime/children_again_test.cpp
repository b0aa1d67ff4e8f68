// A parent that comes to the task of a child once more: a try that starts over, a rewind after edits.
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

const runtime::Engine::Action mending{.reason = "mend", .by = "op"};

const machine::Failure turned_away{
    .outcome = machine::Outcome::permanent,
    .problem = machine::make_problem(machine::ErrorKind::communication, "refused")};

std::string trying(const std::string& tasks) {
  return "do:\n  - guarded:\n      try:\n" + tasks +
         "      catch: {retry: {delay: PT5S, limit: {attempt: {count: 2}}}}\n";
}

std::string child_named(const std::string& name, const std::string& input = "{}") {
  return "        - sub: {run: {workflow: {namespace: test, name: " + name +
         ", version: 1.0.0, input: " + input + "}}}\n";
}

/// A parent whose child has faulted at its second step; a try of the parent waits to start over.
InstanceId begin_trying(World& world) {
  world.deploy(document("two", two_steps));
  world.deploy(document("parent", trying(child_named("two"))));
  world.steps.failing_task = "/do/1/second";
  world.steps.failure = turned_away;
  const auto id = world.start("parent");
  REQUIRE(world.store.status_of(id) == "waiting");
  REQUIRE(world.store.children(id).size() == 1);
  REQUIRE(world.store.status_of(world.store.children(id).front()) == "faulted");
  REQUIRE(world.steps.attempts.size() == 2);
  return id;
}

std::vector<std::string> keys_in_turn(const World& world, const std::string& task) {
  std::vector<std::string> keys;
  for (const auto& attempt : world.steps.attempts)
    if (attempt.task == task) keys.push_back(attempt.idempotency_key);
  return keys;
}

}  // namespace

TEST_CASE("a try that starts over begins its faulted child again, under the child's keys",
          "[runtime]") {
  World world;
  const auto id = begin_trying(world);
  if (GENERATE(false, true)) {
    world.crash();
    world.boot();
  }
  world.steps.failure.reset();
  world.advance(6'000);
  CHECK(world.store.status_of(id) == "completed");
  REQUIRE(world.store.children(id).size() == 1);
  CHECK(world.store.status_of(world.store.children(id).front()) == "completed");
  const auto first = keys_in_turn(world, "/do/0/first");
  REQUIRE(first.size() == 2);
  CHECK(first[0] == first[1]);
}

TEST_CASE("a child that was retried by itself while a try waits is not begun again", "[runtime]") {
  World world;
  const auto id = begin_trying(world);
  const auto child = world.store.children(id).front();
  world.steps.failure.reset();
  world.steps.hold = GENERATE(false, true);
  REQUIRE(world.get(world.engine->retry(child, "", {}, mending)).has_value());
  world.advance(6'000);
  world.steps.hold = false;
  world.steps.let_go(Json{{"n", 1}});
  world.settle();
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 1);
  CHECK(keys_in_turn(world, "/do/0/first").size() == 1);
}

TEST_CASE("a child that was begun again goes on where it stands when an operator retries",
          "[runtime]") {
  World world;
  const auto id = begin_trying(world);
  world.advance(6'000);
  world.advance(6'000);
  REQUIRE(world.store.status_of(id) == "faulted");
  CHECK(keys_in_turn(world, "/do/0/first").size() == 3);
  world.steps.failure.reset();
  REQUIRE(world.get(world.engine->retry(id, "", {}, mending)).has_value());
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 1);
  CHECK(keys_in_turn(world, "/do/0/first").size() == 3);
}

TEST_CASE("what an operator has edited in a child stays when a try starts over", "[runtime]") {
  World world;
  const auto id = begin_trying(world);
  const auto child = world.store.children(id).front();
  REQUIRE(world.get(world.engine->retry(child, "second", Json{{"n", 7}}, mending)).has_value());
  REQUIRE(world.store.status_of(child) == "faulted");
  world.steps.failure.reset();
  world.advance(6'000);
  CHECK(world.store.status_of(id) == "completed");
  CHECK(keys_in_turn(world, "/do/0/first").size() == 1);
}

TEST_CASE("a faulted child whose try is edited or cancelled ends and cannot be retried",
          "[runtime]") {
  World world;
  const auto id = begin_trying(world);
  const auto child = world.store.children(id).front();
  world.steps.failure.reset();
  if (GENERATE(false, true)) {
    REQUIRE(world.get(world.engine->retry(id, "guarded", Json{{"n", 2}}, mending)).has_value());
    CHECK(world.store.status_of(id) == "completed");
    CHECK(world.store.children(id).size() == 2);
  } else {
    REQUIRE(world.get(world.engine->cancel(id, mending)).has_value());
    CHECK(world.store.status_of(id) == "cancelled");
  }
  CHECK(world.store.status_of(child) == "cancelled");
  CHECK_FALSE(world.get(world.engine->retry(child, "", {}, mending)).has_value());
}

TEST_CASE("a child that begins again takes what its parent gives it now, and keeps its keys",
          "[runtime]") {
  World world;
  world.deploy(document("dated", R"(do:
  - first: {call: test.step, with: {n: 1}}
  - second: {call: test.step, with: {at: '${ $workflow.input.at }'}}
)"));
  world.deploy(document("parent", trying(child_named("dated", "{at: '${ now }'}"))));
  world.steps.failing_task = "/do/0/first";
  world.steps.failure = turned_away;
  const auto id = world.start("parent");
  world.steps.failure.reset();
  world.advance(6'000);
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 1);
  const auto keys = keys_in_turn(world, "/do/0/first");
  REQUIRE(keys.size() == 2);
  CHECK(keys[0] == keys[1]);
}

TEST_CASE("a try that starts over does not lose the business key of its child", "[runtime]") {
  World world;
  world.deploy(
      "document: {dsl: 1.0.3, namespace: test, name: keyed, version: 1.0.0, "
      "metadata: {key: .order}}\n" +
      two_steps);
  world.deploy(document("parent", trying(child_named("keyed", "{order: o1}"))));
  world.steps.failing_task = "/do/1/second";
  world.steps.failure = turned_away;
  const auto id = world.start("parent");
  world.steps.failure.reset();
  world.advance(6'000);
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 1);
}

TEST_CASE("a try that starts over runs a child anew that has ended well", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.deploy(document(
      "parent", trying(child_named("two") + "        - after: {call: test.step, with: {n: 3}}\n")));
  world.steps.failing_task = "/do/0/guarded/try/1/after";
  world.steps.failure = turned_away;
  const auto id = world.start("parent");
  world.steps.failure.reset();
  world.advance(6'000);
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 2);
}

TEST_CASE("a try around a try that gave up begins the same child again", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.deploy(document("parent", R"(do:
  - outer:
      try:
        - inner:
            try:
              - sub: {run: {workflow: {namespace: test, name: two, version: 1.0.0, input: {}}}}
            catch: {retry: {delay: PT5S, limit: {attempt: {count: 1}}}}
      catch: {retry: {delay: PT5S, limit: {attempt: {count: 1}}}}
)"));
  world.steps.failing_task = "/do/1/second";
  world.steps.failure = turned_away;
  const auto id = world.start("parent");
  world.advance(6'000);
  world.steps.failure.reset();
  world.advance(6'000);
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 1);
  CHECK(keys_in_turn(world, "/do/0/first").size() == 3);
}

TEST_CASE("a try begins the same child again when an inner handler took its fault first",
          "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  const bool raises = GENERATE(true, false);
  // The handler says it in its own words, or goes on, and what comes later faults.
  const std::string handler =
      raises ? "{raise: {error: {type: https://example.com/mine, status: 500}}}" : "{set: {n: 1}}";
  world.deploy(document("parent", R"(do:
  - outer:
      try:
        - inner:
            try:
              - sub: {run: {workflow: {namespace: test, name: two, version: 1.0.0, input: {}}}}
            catch:
              do:
                - say: )" + handler + R"(
        - later: {run: {workflow: {namespace: test, name: two, version: 1.0.0, input: {}}}}
      catch: {retry: {delay: PT5S, limit: {attempt: {count: 2}}}}
)"));
  world.steps.failing_task = "/do/1/second";
  world.steps.failure = turned_away;
  const auto id = world.start("parent");
  REQUIRE(world.store.status_of(id) == "waiting");
  const auto faulted = world.store.children(id);
  REQUIRE(faulted.size() == (raises ? 1 : 2));
  world.steps.failure.reset();
  world.advance(6'000);
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 2);
  for (const auto& child : faulted) CHECK(world.store.status_of(child) == "completed");
}

TEST_CASE("a parent hears that its child may not begin again, as its business key has gone on",
          "[runtime]") {
  World world;
  world.deploy(
      "document: {dsl: 1.0.3, namespace: test, name: keyed, version: 1.0.0, "
      "metadata: {key: .order}}\n" +
      two_steps);
  world.deploy(document("parent", trying(child_named("keyed", "{order: o1}"))));
  world.steps.failing_task = "/do/1/second";
  world.steps.failure = turned_away;
  const auto id = world.start("parent");
  REQUIRE(world.store.status_of(id) == "waiting");
  world.steps.failure.reset();
  auto other = world.request("keyed");
  other.input = Json{{"order", "o1"}};
  other.on_conflict = runtime::OnConflict::restart_if_faulted;
  REQUIRE(world.get(world.engine->start_run(other)).has_value());
  world.advance(20'000);
  CHECK(world.store.status_of(id) == "faulted");
  CHECK(world.store.status_of(world.store.children(id).front()) == "faulted");
}

TEST_CASE("a child does not begin again under another business key than it holds", "[runtime]") {
  World world;
  world.deploy(
      "document: {dsl: 1.0.3, namespace: test, name: keyed, version: 1.0.0, "
      "metadata: {key: .order}}\n" +
      two_steps);
  world.deploy(document("parent", trying(child_named("keyed", "{order: '${ now | tostring }'}"))));
  world.steps.failing_task = "/do/1/second";
  world.steps.failure = turned_away;
  const auto id = world.start("parent");
  world.steps.failure.reset();
  world.advance(20'000);
  CHECK(world.store.status_of(id) == "faulted");
  CHECK(world.store.status_of(world.store.children(id).front()) == "faulted");
}

TEST_CASE("a parent that goes back after edits of several tasks begins no further child",
          "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.deploy(document("parent", R"(do:
  - sub: {run: {workflow: {namespace: test, name: two, version: 1.0.0, input: {}}}}
  - after: {call: test.step, with: {n: 3}}
)"));
  world.steps.failure = turned_away;
  const auto id = world.start("parent");
  world.steps.failing_task = "/do/1/after";
  REQUIRE(world.get(world.engine->retry(id, "sub", Json{{"n", 2}}, mending)).has_value());
  REQUIRE(world.store.children(id).size() == 2);
  REQUIRE(world.get(world.engine->retry(id, "after", Json{{"n", 4}}, mending)).has_value());
  REQUIRE(world.store.status_of(id) == "faulted");
  if (GENERATE(false, true)) {
    world.crash();
    world.boot();
  }
  world.steps.failure.reset();
  REQUIRE(world.get(world.engine->rewind(id, "sub", mending)).has_value());
  CHECK(world.store.status_of(id) == "completed");
  CHECK(world.store.children(id).size() == 2);
}
