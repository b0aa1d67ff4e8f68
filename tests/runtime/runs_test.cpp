#include "engine/runtime/timer_heap.hpp"
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;

namespace {

machine::Failure permanent() {
  machine::Failure failure;
  failure.problem = machine::make_problem(machine::ErrorKind::validation, "no");
  return failure;
}

const std::string parent = R"(do:
  - sub: {run: {workflow: {namespace: test, name: two, version: 1.0.0, input: {}}}}
)";

}  // namespace

TEST_CASE("the same key with the same payload is the first run", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  auto request = world.request("two", Json{{"a", 1}});
  request.idempotency_key = "k";
  const auto first = world.get(world.engine->start_run(request));
  const auto second = world.get(world.engine->start_run(request));
  REQUIRE(second.has_value());
  CHECK(second->replayed);
  CHECK(second->id == first->id);
  request.input = Json{{"a", 2}};
  const auto other = world.get(world.engine->start_run(request));
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().code == ErrorCode::idempotency_mismatch);
}

TEST_CASE("a business key is returned, rejected or restarted as asked", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.steps.failure = permanent();
  auto request = world.request("two");
  request.key = "k";
  const auto first = world.get(world.engine->start_run(request));
  REQUIRE(first.has_value());
  CHECK(world.get(world.engine->start_run(request))->replayed);
  request.on_conflict = runtime::OnConflict::reject;
  CHECK(world.get(world.engine->start_run(request)).error().code == ErrorCode::key_taken);
  request.on_conflict = runtime::OnConflict::restart_if_faulted;
  const auto restarted = world.get(world.engine->start_run(request));
  REQUIRE(restarted.has_value());
  CHECK(restarted->id != first->id);
}

TEST_CASE("a run whose business key has gone on is not retried beside its successor", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.steps.failure = permanent();
  auto request = world.request("two");
  request.key = "k";
  const auto first = world.get(world.engine->start_run(request));
  world.steps.failure.reset();
  world.steps.hold = true;
  request.on_conflict = runtime::OnConflict::restart_if_faulted;
  const auto second = world.get(world.engine->start_run(request));
  REQUIRE(second.has_value());
  REQUIRE(second->id != first->id);
  const auto before = world.log;
  const auto retried = world.begin(world.engine->retry(first->id, "", std::nullopt, {}));
  // It follows from the retry, and is not done either.
  const auto suspended = world.begin(world.engine->suspend(first->id, {}));
  world.settle();
  for (const auto& answer : {retried, suspended}) {
    REQUIRE((*answer).has_value());
    REQUIRE_FALSE((*answer)->has_value());
    CHECK((*answer)->error().detail.find(second->id.text()) != std::string::npos);
  }
  CHECK((*retried)->error().code == ErrorCode::key_taken);
  CHECK(world.log.size() == before.size() + 1);  // the commit that refused it
  CHECK(world.result(first->id).status == machine::Status::faulted);
  world.steps.let_go(Json::object());
  world.settle();
  world.steps.hold = false;
  world.steps.let_go(Json::object());
  world.settle();
  CHECK(world.result(second->id).status == machine::Status::completed);
  CHECK(world.get(world.engine->retry(first->id, "", std::nullopt, {})).error().code ==
        ErrorCode::key_taken);
  CHECK(world.get(world.engine->skip(first->id, "", Json(), {})).error().code ==
        ErrorCode::key_taken);
  CHECK(world.get(world.engine->cancel(first->id, {})).has_value());
}

TEST_CASE("a faulted run is retried, skipped or rewound and keeps its id", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.steps.failure = permanent();
  const auto id = world.start("two");
  CHECK(world.result(id).status == machine::Status::faulted);
  world.steps.failure.reset();
  SECTION("retried") {
    REQUIRE(world.get(world.engine->retry(id, "", std::nullopt, {})).has_value());
  }
  SECTION("retried by name") {
    REQUIRE(world.get(world.engine->retry(id, "first", std::nullopt, {})).has_value());
  }
  SECTION("skipped") {
    REQUIRE(world.get(world.engine->skip(id, "first", Json{{"n", 0}}, {})).has_value());
  }
  SECTION("rewound") {
    REQUIRE(world.get(world.engine->rewind(id, "first", {})).has_value());
  }
  CHECK(world.result(id).status == machine::Status::completed);
  CHECK(world.get(world.engine->retry(id, "nowhere", std::nullopt, {})).error().code ==
        ErrorCode::not_found);
}

TEST_CASE("a child runs beside its parent and tells it of its end", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.deploy(document("parent", parent));
  SECTION("undisturbed") {
    const auto id = world.start("parent");
    CHECK(world.store.children(id).size() == 1);
    CHECK(*world.result(id).response == Json{{"n", 2}});
  }
  SECTION("through a crash") {
    world.steps.hold = true;
    const auto id = world.start("parent");
    world.crash();
    world.steps.hold = false;
    world.boot();
    CHECK(world.store.children(id).size() == 1);
    CHECK(world.result(id).ended);
  }
  SECTION("suspended, resumed and cancelled with it") {
    world.steps.hold = true;
    const auto id = world.start("parent");
    const auto child = world.store.children(id).front();
    REQUIRE(world.get(world.engine->suspend(id, {})).has_value());
    CHECK(world.store.status_of(child) == "suspended");
    REQUIRE(world.get(world.engine->resume(id, {})).has_value());
    CHECK(world.store.status_of(child) != "suspended");
    REQUIRE(world.get(world.engine->cancel(id, {})).has_value());
    CHECK(world.store.status_of(child) == "cancelled");
  }
  SECTION("a fault comes up, and a retry goes down") {
    world.steps.failure = permanent();
    const auto id = world.start("parent");
    CHECK(world.result(id).status == machine::Status::faulted);
    world.steps.failure.reset();
    REQUIRE(world.get(world.engine->retry(id, "", std::nullopt, {})).has_value());
    CHECK(world.result(id).status == machine::Status::completed);
    CHECK(world.store.children(id).size() == 1);
  }
}

TEST_CASE("a scheduled workflow starts once for each due time", "[runtime]") {
  World world;
  world.deploy(document("tick", "schedule: {every: {minutes: 1}}\n" + two_steps));
  world.advance(30'000);
  CHECK(world.engine->stats().started == 0);
  world.advance(31'000);
  CHECK(world.engine->stats().started == 1);
  world.crash();
  world.boot();
  CHECK(world.engine->stats().started == 0);  // its key is taken: nothing is doubled
  world.crash();
  world.clock.at += 600'000;
  world.boot();
  world.advance(1);
  CHECK(world.engine->stats().started == 1);  // and nothing is lost: the last one is made up for
}

TEST_CASE("stopping waits for calls under way and gives the leases back", "[runtime]") {
  World world;
  world.deploy(document("two", two_steps));
  world.steps.hold = true;
  const auto id = world.start("two");
  auto stopping = [](runtime::Engine& engine) -> boost::asio::awaitable<bool> {
    co_await engine.stop(10'000);
    co_return true;
  };
  const auto stopped = world.begin(stopping(*world.engine));
  world.advance(1'000);
  CHECK_FALSE(stopped->has_value());
  const auto refused = world.get(world.engine->start_run(world.request("two")));
  CHECK(refused.error().code == ErrorCode::unavailable);
  world.advance(9'100);
  CHECK(stopped->has_value());
  CHECK(world.log.back() == "release");
  CHECK(world.store.status_of(id) == "running");
}

TEST_CASE("the timer heap holds what is near and leaves the rest to the store", "[runtime]") {
  runtime::TimerHeap heap{4};
  const auto id = [](std::uint64_t n) { return InstanceId::make(1'000, n << 46 | n, 0); };
  CHECK(heap.runs_dry());
  (void)heap.begin_load();
  heap.set(id(9), 50, true);  // committed while the store was being read
  std::vector<runtime::Store::Due> chunk;
  for (std::uint64_t n = 1; n <= 4; ++n)
    chunk.push_back({.wake_at = static_cast<Timestamp>(n * 10), .id = id(n)});
  heap.loaded(chunk);
  heap.set(id(8), 1'000, true);  // beyond the horizon: the store will give it back
  CHECK(heap.size() == 4);
  heap.set(id(2), runtime::never, true);
  CHECK(heap.pop_due(45) == id(1));
  CHECK(heap.pop_due(45) == id(3));
  CHECK(heap.pop_due(45) == id(4));
  CHECK_FALSE(heap.pop_due(45).has_value());
  CHECK(heap.runs_dry());
  CHECK(heap.begin_load().wake_at == 40);
}
