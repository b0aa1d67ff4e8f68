// A provider's state is one for the cluster: what one node learns, every node obeys.
#include <set>

#include "tests/runtime/world.hpp"

using namespace sequent;
using namespace sequent::testing;
using runtime::Engine;

namespace {

const std::string one_step = R"(do:
  - only: {call: test.step, with: {n: 1}}
)";
const definition::CircuitId circuit{"test", "", "write"};

machine::Failure broken() {
  machine::Failure failure;
  failure.outcome = machine::Outcome::transient;
  failure.problem = machine::make_problem(machine::ErrorKind::communication, "no");
  failure.problem.status = 503;
  return failure;
}

struct Pair {
  explicit Pair(PartitionId partitions = 4) {
    world.ports.emplace(runtime::Ports{world.store, world.store, world.store, world.clock,
                                       world.registry, &world.store.health()});
    world.share(partitions);
    world.deploy(document("one", one_step));
    other = world.join();
    world.advance(3'000);
  }
  ~Pair() {
    other.reset();
    world.settle();
  }
  InstanceId start_on(Engine& engine, const std::string& name = "one") {
    const auto started = world.get(engine.start_run(world.request(name)));
    if (!started) FAIL(started.error().detail);
    return started->id;
  }
  void change(Engine& engine, const runtime::Outages::Change& how) {
    REQUIRE(world.get(engine.change_provider(circuit, how)).has_value());
  }
  [[nodiscard]] int parked() {
    int count = 0;
    for (const auto& one : world.store.health().parked_counts(0))
      count += static_cast<int>(one.calls);
    return count;
  }
  [[nodiscard]] std::uint64_t completed() {
    return world.engine->stats().completed + other->stats().completed;
  }
  World world;
  std::unique_ptr<Engine> other;
};

}  // namespace

TEST_CASE("what one node found out of order the other leaves alone", "[cluster][outages]") {
  Pair pair;
  pair.world.steps.failure = broken();
  for (int i = 0; i < 30; ++i) pair.start_on(*pair.world.engine);
  pair.world.advance(2'500);
  pair.start_on(*pair.other);  // whoever calls looks, at most once a second
  pair.world.advance(1'500);
  const auto calls = pair.world.steps.attempts.size();
  pair.start_on(*pair.other);
  CHECK(pair.world.steps.attempts.size() == calls);
  CHECK(pair.parked() == 32);
  SECTION("and both let their calls go when it is back") {
    pair.world.steps.failure.reset();
    pair.world.advance(120'000);
    CHECK(pair.parked() == 0);
    CHECK(pair.completed() == 32);
    CHECK(pair.other->stats().completed >= 2);
  }
  SECTION("and what a node that died had parked is let go by who follows it") {
    pair.other.reset();
    pair.world.steps.failure.reset();
    pair.world.advance(180'000);
    CHECK(pair.parked() == 0);
    CHECK(pair.world.engine->stats().completed == 32);
  }
}

TEST_CASE("a hand on one node holds on the other within two seconds", "[cluster][outages]") {
  Pair pair;
  pair.start_on(*pair.other);  // the provider is known there
  pair.change(*pair.world.engine, [](outages::Circuit& state, Timestamp now) -> Result<void> {
    outages::open_by_hand(state, "they called us", "ana", 0, now);
    return {};
  });
  pair.world.advance(1'500);
  pair.start_on(*pair.other);  // whoever calls looks, at most once a second
  pair.world.advance(500);
  const auto calls = pair.world.steps.attempts.size();
  pair.start_on(*pair.other);
  CHECK(pair.world.steps.attempts.size() == calls);
  pair.world.advance(600'000);
  CHECK(pair.world.steps.attempts.size() == calls);
  pair.change(*pair.other, [](outages::Circuit& state, Timestamp now) -> Result<void> {
    outages::close_by_hand(state, "it is well", "ana", now);
    return {};
  });
  pair.world.advance(10'000);
  CHECK(pair.parked() == 0);
}

TEST_CASE("an operator's rate is shared by the nodes", "[cluster][outages]") {
  Pair pair;
  pair.change(*pair.world.engine, [](outages::Circuit& state, Timestamp) -> Result<void> {
    state.most_per_second = 20;
    return {};
  });
  pair.world.advance(2'000);
  pair.start_on(*pair.other);
  pair.world.advance(2'000);
  const auto before = pair.world.steps.attempts.size();
  for (int i = 0; i < 150; ++i) {
    pair.start_on(*pair.world.engine);
    pair.start_on(*pair.other);
  }
  pair.world.advance(5'000);
  CHECK(pair.world.steps.attempts.size() - before <= 115);
  CHECK(pair.world.steps.attempts.size() - before >= 60);
  pair.world.advance(30'000);
  CHECK(pair.completed() == 301);
}

TEST_CASE("calls that come with the partitions of a dead node stand where their deadlines put them",
          "[cluster][outages]") {
  Pair pair;
  pair.world.deploy(document("urgent", R"(do:
  - only: {call: test.step, with: {n: 1}, metadata: {mustSucceedBefore: PT30M}}
)"));
  pair.start_on(*pair.other);  // the provider is known there
  pair.change(*pair.world.engine, [](outages::Circuit& state, Timestamp now) -> Result<void> {
    state.most_per_second = 2;
    outages::open_by_hand(state, "they called us", "ana", 0, now);
    return {};
  });
  pair.world.advance(5'000);
  pair.start_on(*pair.other);  // whoever calls looks
  pair.world.advance(1'000);
  for (int i = 0; i < 60; ++i) pair.start_on(*pair.world.engine);
  std::set<InstanceId> urgent;
  for (int i = 0; i < 5; ++i) urgent.insert(pair.start_on(*pair.other, "urgent"));
  REQUIRE(pair.parked() == 65);
  pair.change(*pair.world.engine, [](outages::Circuit& state, Timestamp now) -> Result<void> {
    outages::close_by_hand(state, "it is well", "ana", now);
    return {};
  });
  pair.other.reset();
  REQUIRE(pair.world.engine->stats().partitions == 2);
  while (pair.world.engine->stats().partitions < 4) pair.world.advance(100);
  const auto& attempts = pair.world.steps.attempts;
  const auto before = attempts.size();
  REQUIRE(before > 1);   // its own queue has been read, and goes
  REQUIRE(before < 30);  // and more of it is left than urgent ones come
  pair.world.advance(60'000);
  REQUIRE(attempts.size() == 67);
  std::size_t early = 0;  // of the next ones; one or two were on their way
  for (auto i = before; i < before + 7; ++i) early += urgent.count(attempts[i].instance);
  CHECK(early == 5);
}

TEST_CASE("more nodes than places keep an operator's limit, and all are served",
          "[cluster][outages]") {
  Pair pair{8};  // some for each of three
  auto third = pair.world.join();
  pair.world.advance(20'000);  // it has its partitions
  pair.change(*pair.world.engine, [](outages::Circuit& state, Timestamp) -> Result<void> {
    state.most_at_once = 2;
    return {};
  });
  // Whoever calls looks: after this everybody knows.
  const auto nodes = {pair.world.engine.get(), pair.other.get(), third.get()};
  for (auto* node : nodes) pair.start_on(*node);
  pair.world.advance(20'000);
  pair.world.steps.hold = true;
  for (int i = 0; i < 10; ++i)
    for (auto* node : nodes) pair.start_on(*node);
  std::size_t most = 0;
  for (int i = 0; i < 600; ++i) {
    pair.world.advance(500);
    most = std::max(most, pair.world.steps.held.size());
    pair.world.steps.let_go(Json{{"done", true}});
  }
  CHECK(most == 2);
  CHECK(pair.completed() + third->stats().completed == 33);
  for (auto* node : nodes) CHECK(node->stats().completed > 3);
  third.reset();
}

TEST_CASE("a node without a partition takes no place of an operator's limit",
          "[cluster][outages]") {
  Pair pair{2};
  auto third = pair.world.join();
  pair.world.advance(20'000);
  REQUIRE(third->stats().partitions == 0);
  pair.change(*pair.world.engine, [](outages::Circuit& state, Timestamp) -> Result<void> {
    state.most_at_once = 2;
    return {};
  });
  pair.start_on(*pair.world.engine);
  pair.start_on(*pair.other);
  pair.world.advance(20'000);
  pair.world.steps.hold = true;
  for (int turn = 0; turn < 3; ++turn) {
    pair.start_on(*pair.world.engine);
    pair.start_on(*pair.other);
    pair.world.advance(500);
    CHECK(pair.world.steps.held.size() == 2);
    pair.world.steps.let_go(Json{{"done", true}});
    pair.world.advance(19'500);
    pair.world.steps.let_go(Json{{"done", true}});
  }
  third.reset();
}

TEST_CASE("what refusals taught one node the other knows", "[cluster][outages]") {
  Pair pair;
  pair.start_on(*pair.other);  // the provider is known there
  for (int i = 0; i < 40; ++i) pair.start_on(*pair.world.engine);
  pair.world.steps.failure = broken();
  pair.world.steps.failure->problem.status = 429;
  for (int i = 0; i < 8; ++i) pair.start_on(*pair.world.engine);
  pair.world.steps.failure.reset();
  pair.world.advance(2'000);
  pair.change(*pair.other, [](outages::Circuit& state, Timestamp) -> Result<void> {
    CHECK(state.learnt_per_second > 0);
    state.most_at_once = 1'000;  // whatever: the node reads
    return {};
  });
  for (auto* node : {pair.world.engine.get(), pair.other.get()}) {
    const auto view = node->provider(circuit);
    REQUIRE(view.has_value());
    CHECK(view->adapted);
  }
}
