// Two nodes on one store, in one thread: who owns what, and calls for runs of the other node.
#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;
using runtime::Engine;
using runtime::Until;

namespace {

const std::string sleeper = R"(do:
  - nap: {wait: {minutes: 10}}
  - after: {call: test.step, with: {n: 1}}
)";
const std::string listener = R"(do:
  - hear:
      listen: {to: {one: {with: {type: test.ping}}}}
  - after: {call: test.step, with: {n: 1}}
)";

Json ping_of(int number) {
  return Json{{"specversion", "1.0"},
              {"id", std::to_string(number)},
              {"source", "/test"},
              {"type", "test.ping"}};
}

constexpr PartitionId partitions = 4;

// `world.engine` and another node, each with half of the partitions. `other` goes first.
struct Pair {
  explicit Pair(std::size_t committers = 1) {
    world.share(partitions, committers);
    other = world.join();
    REQUIRE(world.engine->stats().partitions == partitions / 2);
    REQUIRE(other->stats().partitions == partitions / 2);
  }
  ~Pair() {
    other.reset();
    world.settle();
  }
  /// The process dies: its leases and its presence stay until they run out.
  void other_dies() {
    other.reset();
    world.settle();
  }
  InstanceId start_on(Engine& engine, const std::string& name) {
    const auto started = world.get(engine.start_run(world.request(name)));
    if (!started) FAIL(started.error().detail);
    return started->id;
  }
  World world;
  std::unique_ptr<Engine> other;
};

/// What was asked of the store since `before`, method by method ("load 1, route 2"), but for what an idle
/// cluster asks anyway: renewals, and once a minute for events that nobody came for.
std::string asked_since(const std::map<std::string, int>& before, const World& world) {
  std::string text;
  for (const auto& [method, times] : world.store.asked) {
    const auto known = before.find(method);
    const int more = times - (known == before.end() ? 0 : known->second);
    if (method == "expire_events" && more <= 10) continue;
    if (more == 0 || method == "acquire") continue;
    text += (text.empty() ? "" : ", ") + method + " " + std::to_string(more);
  }
  return text;
}

}  // namespace

TEST_CASE("nodes share the partitions fairly, and give back when others join", "[cluster]") {
  World world;
  world.share(10);
  CHECK(world.engine->stats().partitions == 10);
  auto second = world.join();
  CHECK(world.engine->stats().partitions == 5);
  CHECK(second->stats().partitions == 5);
  auto third = world.join();
  world.advance(3'000);
  std::vector<std::size_t> shares{world.engine->stats().partitions, second->stats().partitions,
                                  third->stats().partitions};
  CHECK(shares[0] + shares[1] + shares[2] == 10);
  CHECK(*std::ranges::max_element(shares) == 4);
  SECTION("partitions of a node that goes in order are the others' at once") {
    auto stop = [](Engine& engine) -> boost::asio::awaitable<bool> {
      co_await engine.stop(1'000);
      co_return true;
    };
    const auto stopped = world.begin(stop(*third));
    world.advance(1'500);
    REQUIRE(stopped->has_value());
    CHECK(world.engine->stats().partitions + second->stats().partitions == 10);
  }
  SECTION("partitions of a node that dies are the others' as soon as its lease has run out") {
    third.reset();
    world.advance(5'100);
    CHECK(world.engine->stats().partitions == 5);
    CHECK(second->stats().partitions == 5);
  }
  second.reset();
  third.reset();
  world.settle();
}

TEST_CASE("a caller waits for a run of another node without asking the store", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(document("sleeper", sleeper));
  constexpr int waiters = 20;
  std::vector<std::shared_ptr<std::optional<Result<runtime::WaitResult>>>> waiting;
  for (int i = 0; i < waiters; ++i)
    waiting.push_back(world.begin(
        world.engine->wait(pair.start_on(*pair.other, "sleeper"), Until::ended, 700'000)));
  world.advance(1'000);
  REQUIRE_FALSE(waiting.front()->has_value());
  const auto before = world.store.asked;
  const auto told = world.store.notes().told();
  constexpr DurationMs calm = 580'000, refresh = 5'000;
  world.advance(calm);
  CHECK(asked_since(before, world) == "");
  // One note for all of them now and then: one may have been lost.
  CHECK(world.store.notes().told() - told <= calm / refresh + 1);
  REQUIRE_FALSE(waiting.front()->has_value());
  world.advance(20'000);
  for (const auto& one : waiting) {
    REQUIRE(one->has_value());
    REQUIRE((*one)->has_value());
    CHECK((**one)->status == machine::Status::completed);
  }
}

TEST_CASE("who waits in vain for a run of another node hears how far it is", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(document("sleeper", sleeper));
  const auto id = pair.start_on(*pair.other, "sleeper");
  const auto waiting = world.begin(world.engine->wait(id, Until::ended, 20'000));
  world.advance(19'000);
  REQUIRE_FALSE(waiting->has_value());
  world.advance(1'500);
  REQUIRE(waiting->has_value());
  REQUIRE((*waiting)->has_value());
  CHECK_FALSE((**waiting)->ended);
  const auto unknown = world.get(
      world.engine->wait(InstanceId::make(world.clock.at, 1, id.partition()), Until::ended, 1'000));
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == ErrorCode::not_found);
}

TEST_CASE("who waits longer than others for a run of another node hears of its end", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(document("sleeper", sleeper));
  const auto id = pair.start_on(*pair.other, "sleeper");  // it ends after 600 s
  world.advance(2'000);
  const auto first = world.begin(world.engine->wait(id, Until::ended, 597'000));
  world.advance(596'000);
  const auto longer = world.begin(world.engine->wait(id, Until::ended, 700'000));
  world.advance(1'500);
  REQUIRE(first->has_value());
  REQUIRE_FALSE(longer->has_value());
  world.advance(1'000);
  REQUIRE(longer->has_value());
  CHECK((**longer)->ended);
}

TEST_CASE("who waits is answered though notes are lost and owners die", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(document("sleeper", sleeper));
  const auto id = pair.start_on(*pair.other, "sleeper");
  SECTION("every note is lost for a while") {
    const auto waiting = world.begin(world.engine->wait(id, Until::ended, 700'000));
    world.settle();
    world.store.notes().carry_by([](const std::string&, const std::function<void()>&) {});
    world.advance(603'000);
    CHECK_FALSE(waiting->has_value());
    world.store.notes().carry_by(nullptr);
    world.advance(5'000);
    REQUIRE(waiting->has_value());
    CHECK((**waiting)->ended);
  }
  SECTION("the owner dies, and this node takes the run over") {
    const auto waiting = world.begin(world.engine->wait(id, Until::ended, 700'000));
    world.settle();
    pair.other_dies();
    world.advance(601'000);
    REQUIRE(waiting->has_value());
    CHECK((**waiting)->ended);
  }
  SECTION("this node had the run and gave it back") {
    pair.other_dies();
    world.advance(7'000);
    REQUIRE(world.engine->stats().partitions == partitions);
    const auto waiting = world.begin(world.engine->wait(id, Until::ended, 700'000));
    world.settle();
    pair.other = world.join();
    REQUIRE(world.engine->stats().partitions == partitions / 2);
    CHECK_FALSE(waiting->has_value());
    world.advance(601'000);
    REQUIRE(waiting->has_value());
    REQUIRE((*waiting)->has_value());
    CHECK((**waiting)->ended);
  }
}

TEST_CASE("an operator's action is done on the node that has the run", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(document("sleeper", sleeper));
  const auto id = pair.start_on(*pair.other, "sleeper");
  const Engine::Action why{.reason = "a test", .by = "me"};
  CHECK(world.get(world.engine->suspend(id, why)).has_value());
  CHECK(world.store.status_of(id) == "suspended");
  const auto refused = world.get(world.engine->suspend(id, why));
  const auto refused_there = world.get(pair.other->suspend(id, why));
  REQUIRE_FALSE(refused.has_value());
  REQUIRE_FALSE(refused_there.has_value());
  CHECK(refused.error().code == refused_there.error().code);
  CHECK(refused.error().detail == refused_there.error().detail);
  CHECK(world.get(world.engine->resume(id, why)).has_value());
  CHECK(world.get(world.engine->skip(id, "nap", Json{{"slept", true}}, why)).has_value());
  CHECK(world.result(id).status == machine::Status::completed);
  const auto nobody =
      world.get(world.engine->cancel(InstanceId::make(world.clock.at, 1, id.partition()), why));
  REQUIRE_FALSE(nobody.has_value());
  CHECK(nobody.error().code == ErrorCode::not_found);
}

TEST_CASE("an action on a run whose owner has died is done by the next owner", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(document("sleeper", sleeper));
  const auto id = pair.start_on(*pair.other, "sleeper");
  pair.other_dies();
  const auto cancelled = world.begin(world.engine->cancel(id, {.reason = "a test", .by = "me"}));
  world.advance(1'000);
  CHECK_FALSE(cancelled->has_value());
  world.advance(6'000);
  REQUIRE(cancelled->has_value());
  CHECK((*cancelled)->has_value());
  CHECK(world.store.status_of(id) == "cancelled");
}

TEST_CASE("an action that no owner answers is told so, and is not done later", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(document("sleeper", sleeper));
  const auto id = pair.start_on(*pair.other, "sleeper");
  pair.other_dies();
  const auto cancelled = world.begin(world.engine->cancel(id, {.reason = "a test", .by = "me"}));
  world.settle();
  world.store.leases_fail = true;  // nobody takes anything over
  world.advance(9'000);
  REQUIRE(cancelled->has_value());
  REQUIRE_FALSE((*cancelled)->has_value());
  CHECK((*cancelled)->error().code == ErrorCode::unavailable);
  CHECK((*cancelled)->error().retry_after_seconds > 0);
  CHECK_THAT((*cancelled)->error().detail, Catch::Contains("not known"));
  world.store.leases_fail = false;
  world.advance(10'000);
  CHECK(world.store.status_of(id) != "cancelled");
}

TEST_CASE("an event reaches a run of another node once, with or without a note", "[cluster]") {
  const std::size_t committers = GENERATE(1, 3);
  const bool lost = GENERATE(false, true);
  CAPTURE(committers, lost);
  Pair pair{committers};
  auto& world = pair.world;
  world.deploy(document("listener", listener));
  const auto id = pair.start_on(*pair.other, "listener");
  world.steps.hold = true;
  if (lost) world.store.notes().carry_by([](const std::string&, const std::function<void()>&) {});
  const auto delivered = world.get(world.engine->deliver(ping_of(1), "api"));
  REQUIRE(delivered.has_value());
  CHECK(delivered->runs == 1);
  CHECK(world.steps.held.size() == (lost ? 0 : 1));
  world.advance(3'000);
  CHECK(world.steps.held.size() == 1);
  CHECK(world.store.waiting_messages(id) == 0);
  world.steps.let_go(Json::object());
  world.settle();
  CHECK(world.store.status_of(id) == "completed");
}

TEST_CASE("a reader watches runs of another node", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(document("listener", listener));
  const auto id = pair.start_on(*pair.other, "listener");
  const auto of_run = world.engine->watch(id);
  const auto of_all = world.engine->watch(std::nullopt);
  world.advance(100);
  REQUIRE(world.get(pair.other->deliver(ping_of(1), "api")).has_value());
  world.settle();
  for (const auto* watch : {&of_run, &of_all}) {
    const auto notices = world.get((*watch)->next(1'000));
    REQUIRE_FALSE(notices.empty());
    CHECK(notices.back().id == id);
    CHECK(notices.back().status == "completed");
  }
}

TEST_CASE("what one node deploys the others know", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.store.notes().carry_by([](const std::string&, const std::function<void()>&) {});
  world.deploy(document("two", two_steps));
  const auto id = pair.start_on(*pair.other, "two");  // though no note has come
  CHECK(world.store.status_of(id) == "completed");
  world.deploy(document("sleeper", sleeper));
  world.advance(2'000);
  CHECK(pair.other->programs().size() == 2);

  SECTION("an event reaches a run of a workflow that its node had not heard of") {
    world.deploy(document("listener", listener));
    const auto heard = world.start("listener");
    const auto delivered = world.get(pair.other->deliver(ping_of(1), "api"));
    REQUIRE(delivered.has_value());
    CHECK(delivered->runs == 1);
    CHECK_FALSE(delivered->duplicate);
    world.advance(3'000);
    CHECK(world.store.status_of(heard) == "completed");
  }
  SECTION("a run starts a child that its node had not heard of") {
    world.deploy(document("parent", R"(do:
  - sub: {run: {workflow: {namespace: test, name: listener, version: 1.0.0, input: {}}}}
)"));
    world.advance(2'000);
    world.deploy(document("listener", listener));
    const auto parent = pair.start_on(*pair.other, "parent");
    CHECK(world.store.status_of(parent) == "waiting");
  }
  SECTION("a node that is asked for what it does not know looks once more") {
    const auto known = pair.other->catalogue();
    CHECK_FALSE(*world.get(pair.other->catch_up(known)));
    world.deploy(document("listener", listener));
    CHECK(*world.get(pair.other->catch_up(known)));
    CHECK(pair.other->programs().size() == 3);
    CHECK_FALSE(*world.get(pair.other->catch_up(pair.other->catalogue())));
  }
}

TEST_CASE("a schedule fires once in the cluster, whoever leads", "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(
      "document: {dsl: 1.0.3, namespace: test, name: often, version: 1.0.0}\n"
      "schedule: {every: {minutes: 1}}\n" +
      two_steps);
  world.advance(300'500);
  CHECK(world.store.instances().size() == 5);
  CHECK(world.engine->leads());
  CHECK_FALSE(pair.other->leads());
  int woken = 0;
  pair.other->when_leading([&] {
    CHECK(pair.other->leads());
    ++woken;
  });
  world.crash();  // the node that leads
  world.advance(300'000);
  CHECK(pair.other->leads());
  CHECK(woken == 1);
  CHECK(world.store.instances().size() == 10);
}

TEST_CASE("an idle node asks its store less than once a second, however many runs wait",
          "[cluster]") {
  Pair pair;
  auto& world = pair.world;
  world.deploy(document("listener", listener));
  for (int i = 0; i < 50; ++i) (void)pair.start_on(*pair.other, "listener");
  world.advance(5'000);
  const int acquires = world.store.acquires;
  const auto others = world.store.asked;
  const auto told = world.store.notes().told();
  world.advance(600'000);
  CHECK(world.store.acquires - acquires <= 2 * 600);
  CHECK(asked_since(others, world) == "");
  CHECK(world.store.notes().told() == told);
}

TEST_CASE("a node that has no partition yet says so and takes no start", "[cluster]") {
  World world;
  world.share(1);
  auto second = world.join();
  CHECK(second->stats().partitions == 0);
  CHECK(second->health() == runtime::Health::degraded);
  CHECK_THAT(second->health_detail(), Catch::Contains("no partition"));
  world.deploy(document("two", two_steps));
  const auto refused = world.get(second->start_run(world.request("two")));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unavailable);
  second.reset();
  world.settle();
}
