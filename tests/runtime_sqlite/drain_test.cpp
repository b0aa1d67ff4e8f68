// The way out of an outage: in which order parked calls leave, whose turn it is, and what stops them.
#include "tests/runtime_sqlite/outage_world.hpp"

using namespace sequent;
using namespace sequent::testing;
using definition::CircuitId;

namespace {

const CircuitId circuit{"test", "", "write"};
const CircuitId whole{"test", "*", "*"};

Result<void> opened(outages::Circuit& state, Timestamp now) {
  outages::open_by_hand(state, "they called us", "ana", 0, now);
  return {};
}
Result<void> closed(outages::Circuit& state, Timestamp now) {
  outages::close_by_hand(state, "it is well", "ana", now);
  return {};
}
auto at_once(std::uint32_t most) {
  return [most](outages::Circuit& state, Timestamp) -> Result<void> {
    state.most_at_once = most;
    return {};
  };
}

std::string for_account(const std::string& account) {
  return document("of-" + account.substr(account.size() - 1),
                  "do:\n  - only: {call: test.step, with: {account: " + account + "}}\n");
}

std::vector<InstanceId> in_order(std::vector<InstanceId> ids) {
  std::ranges::sort(ids);
  return ids;
}

}  // namespace

TEST_CASE("a call with a deadline overtakes those without that parked before it",
          "[runtime][outages]") {
  OutageWorld world;
  world.deploy(document("urgent", R"(do:
  - only: {call: test.step, with: {n: 1}, metadata: {mustSucceedBefore: PT30M}}
)"));
  world.steps.failure = refused(503);
  const auto patient = world.start_many("one", 60);
  world.advance(30'000);  // the first canaries have failed
  REQUIRE(world.engine->stats().outages.canaries >= 3);
  REQUIRE(world.count("parked", "provider_open") == 60);
  const auto urgent = world.start_many("urgent", 20);
  REQUIRE(world.count("parked", "provider_open") == 80);
  const auto before = world.steps.attempts.size();
  SECTION("once evidence has closed the circuit") {
    world.steps.failure.reset();
    world.advance(120'000);
  }
  SECTION("once a hand has closed it") {
    world.steps.failure.reset();
    world.change(circuit, closed);
    world.advance(60'000);
  }
  auto wanted = in_order(urgent);
  for (const auto& id : in_order(patient)) wanted.push_back(id);
  CHECK(world.left_since(before) == wanted);
  CHECK(world.completed() == 80);
}

TEST_CASE("a call that parks during the drain stands where its deadline puts it",
          "[runtime][outages]") {
  OutageWorld world;
  world.deploy(document("urgent", R"(do:
  - only: {call: test.step, with: {n: 1}, metadata: {mustSucceedBefore: PT30M}}
)"));
  world.change(circuit, opened);
  world.start_many("one", 100);
  world.change(circuit, closed);
  world.advance(1'500);
  const auto before = world.steps.attempts.size();
  REQUIRE(before > 5);
  REQUIRE(before < 40);
  const auto urgent = world.start_many("urgent", 5);
  REQUIRE(world.count("parked") == 105 - static_cast<int>(before));  // they queue too
  world.advance(60'000);
  auto next = world.left_since(before);
  REQUIRE(next.size() == 105 - before);
  next.resize(5);
  CHECK(next == in_order(urgent));
}

TEST_CASE("runs that end while they are parked take no places of those that drain",
          "[runtime][outages]") {
  OutageWorld world;
  world.steps.failure = refused(503);
  const auto given_up = world.start_many("one", 100);
  world.advance(30'000);  // the first canaries have failed: their queue has been read
  REQUIRE(world.engine->stats().outages.canaries >= 3);
  REQUIRE(world.count("parked", "provider_open") == 100);
  for (const auto& id : given_up)
    REQUIRE(world.get(world.engine->terminate(id, {.reason = "too late", .by = "op"})).has_value());
  world.start_many("one", 10);
  REQUIRE(world.count("parked", "provider_open") == 10);
  world.steps.failure.reset();
  world.change(circuit, closed);
  world.advance(2'000);
  CHECK(world.completed() == 10);
}

TEST_CASE("an account with a long queue leaves the others their turns", "[runtime][outages]") {
  OutageWorld world;
  world.deploy(for_account("acct_1"));
  world.deploy(for_account("acct_2"));
  world.change(whole, opened);
  world.start_many("of-1", 90);
  world.start_many("of-2", 10);
  REQUIRE(world.steps.attempts.empty());
  REQUIRE(world.count("parked", "provider_open") == 100);
  world.change(whole, closed);
  world.advance(60'000);
  CHECK(world.completed() == 100);
  const auto& accounts = world.steps.accounts;
  REQUIRE(accounts.size() == 100);
  // One each, until the short queue is empty: it waits for ten of the long one, not for ninety.
  CHECK(std::count(accounts.begin(), accounts.begin() + 22, "acct_2") == 10);
  for (std::size_t i = 4; i < 18; i += 2)
    CHECK(std::count(accounts.begin(), accounts.begin() + static_cast<std::ptrdiff_t>(i),
                     "acct_2") >= static_cast<std::ptrdiff_t>(i / 2 - 1));
}

TEST_CASE("errors in the middle of a drain stop it, and it goes on when they are over",
          "[runtime][outages]") {
  OutageWorld world;
  world.steps.failure = refused(503);
  world.start_many("one", 300);
  world.advance(3'000);
  REQUIRE(world.count("parked", "provider_open") == 300);
  const auto openings = world.engine->stats().outages.opened;
  world.steps.failure.reset();
  for (int i = 0; i < 300 && world.completed() < 60; ++i) world.advance(100);
  REQUIRE(world.completed() >= 60);
  REQUIRE(world.completed() < 250);
  world.steps.failure = refused(503);
  world.advance(3'000);
  CHECK(world.engine->stats().outages.opened == openings + 1);
  const auto parked = world.count("parked", "provider_open");
  // Those that had used up their three attempts before anybody knew wait for an operator.
  const auto exhausted = world.count("parked", "retries_exhausted");
  CHECK(exhausted < 5);
  CHECK(parked + exhausted == 300 - world.completed());
  const auto tried = world.steps.attempts.size();
  world.advance(600'000);
  CHECK(world.steps.attempts.size() - tried <= 3 * 15);  // canaries alone
  CHECK(world.count("parked", "retries_exhausted") == exhausted);
  CHECK(world.count("parked", "provider_open") == parked);
  world.steps.failure.reset();
  world.advance(180'000);
  CHECK(world.completed() == 300 - exhausted);
  CHECK(world.count("parked") == exhausted);
}

TEST_CASE("a parked call whose key has run out is looked for before it is sent again",
          "[runtime][outages]") {
  constexpr DurationMs retention_ms = 120'000;
  OutageWorld world{retention_ms};
  world.steps.failure = refused(503, machine::Outcome::unknown);
  const auto id = world.start("one");
  for (int i = 0; i < 30; ++i) world.start("one");
  world.advance(3'000);
  REQUIRE(world.count("parked", "provider_open") == 31);
  const auto sent = [&] { return std::ranges::count(world.log, "call /do/0/only"); };
  const auto looked = [&] { return std::ranges::count(world.log, "look /do/0/only"); };
  REQUIRE(looked() == 0);
  // The canaries of a long outage are old too: they look, and learn as little.
  world.advance(retention_ms);
  world.steps.found.failure = refused(503);
  const auto before = sent();
  world.advance(3 * retention_ms);
  CHECK(looked() > 0);
  const auto looked_in_vain = looked();
  // Nothing that may have had its effect was sent under a key that protects no more.
  const auto resent = std::ranges::count_if(world.steps.attempts, [](const auto& attempt) {
    return attempt.now - attempt.first_sent_at >= retention_ms && attempt.unsettled;
  });
  CHECK(resent == 0);
  SECTION("what is found is taken over") {
    world.steps.found = {};
    world.steps.found.found = runtime::Reconciliation::Found::adopted;
    world.steps.found.object = Json{{"made", "before"}};
    world.steps.failure.reset();
    world.advance(240'000);
    CHECK(world.completed() == 31);
    CHECK(looked() > looked_in_vain);
    CHECK(*world.result(id).response == Json{{"made", "before"}});
    CHECK(sent() - before < 31);
  }
  SECTION("what is proven absent is sent, once") {
    world.steps.found = {};
    world.steps.found.found = runtime::Reconciliation::Found::absent;
    world.steps.failure.reset();
    const auto first = world.steps.attempts.size();
    world.advance(240'000);
    CHECK(world.completed() == 31);
    CHECK(looked() > looked_in_vain);
    CHECK(std::ranges::count(world.left_since(first), id) == 1);
  }
}

TEST_CASE("no more calls are out at once than an operator allows", "[runtime][outages]") {
  OutageWorld world;
  world.change(circuit, at_once(3));
  world.steps.hold = true;
  world.start_many("one", 20);
  const auto serve = [&] {
    for (int i = 0; i < 100; ++i) {
      world.advance(500);
      CHECK(world.steps.held.size() <= 3);
      world.steps.let_go(Json{{"done", true}});
    }
  };
  SECTION("in normal operation") {
    CHECK(world.steps.held.size() == 3);
    world.advance(3'000);
    CHECK(world.steps.held.size() == 3);
    CHECK(world.count("parked", "limit") == 17);  // longer than a second they wait on disk
    serve();
    CHECK(world.completed() == 20);
  }
  SECTION("and while parked calls drain") {
    world.change(circuit, opened);
    serve();
    CHECK(world.completed() == 3);  // those that were out
    CHECK(world.count("parked") == 17);
    world.change(circuit, closed);
    world.advance(1'000);
    CHECK(world.steps.held.size() == 3);
    serve();
    CHECK(world.completed() == 20);
  }
}

TEST_CASE("a restart remembers the rate that refusals taught", "[runtime][outages]") {
  OutageWorld world;
  world.start_many("one", 50);  // what the provider took in this second
  REQUIRE(world.completed() == 50);
  world.steps.failure = refused(429);
  world.start_many("one", 4);
  world.steps.failure.reset();
  world.advance(1'500);
  const auto learnt = [&] {
    const auto view = world.engine->provider(circuit);
    REQUIRE(view.has_value());
    CHECK(view->adapted);
    return view->per_second;
  };
  const double before = learnt();
  CHECK(before < 60);
  world.restart();
  const double after = learnt();
  CHECK(after == Approx(before).epsilon(0.2));
  // It holds at once: a burst takes its time, and nobody has to be refused again.
  const auto calls = world.steps.attempts.size();
  world.start_many("one", 300);
  world.advance(1'000);
  CHECK(world.steps.attempts.size() - calls < 100);
  world.advance(120'000);
  CHECK(world.count("parked") == 0);
}
