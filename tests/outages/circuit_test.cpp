// The rules of a provider's health, with time passed in.
#include <catch2/catch.hpp>

#include "engine/outages/circuit.hpp"

using namespace sequent;
using namespace sequent::outages;

namespace {

const Settings rules;
constexpr Timestamp start = 1'800'000'000'000;

Evidence answered(std::uint32_t count) {
  return {.answered = count, .latency_ms = count * 20};
}

Evidence failed(std::uint32_t count, Timestamp at, const std::string& account = "acct_1") {
  return {.failed = count,
          .failed_since_answer = count,
          .last_error = "503 Service Unavailable",
          .failing = {account},
          .first_failed_at = at};
}

Circuit opened(Timestamp at) {
  Circuit circuit;
  observe(circuit, rules, failed(rules.minimum_volume, at), at, false);
  REQUIRE(circuit.position == Position::open);
  return circuit;
}

Circuit half_open(Timestamp at, std::uint32_t canaries) {
  Circuit circuit = opened(at);
  begin_probe(circuit, rules, "node-1", circuit.probe_at);
  circuit.canaries_sent = canaries;
  return circuit;
}

}  // namespace

TEST_CASE("rates say nothing before the minimum volume", "[outages]") {
  Circuit circuit;
  observe(circuit, rules, failed(rules.minimum_volume - 1, start), start, false);
  CHECK(circuit.position == Position::closed);
  observe(circuit, rules, failed(1, start), start, false);
  CHECK(circuit.position == Position::open);
  CHECK(circuit.cause == Cause::evidence);
  CHECK(circuit.opened_at == start);
  CHECK(circuit.probe_at == start + rules.first_probe_ms);
}

TEST_CASE("half of the calls have to fail, within the window", "[outages]") {
  Circuit circuit;
  observe(circuit, rules, answered(40), start, false);
  observe(circuit, rules, failed(30, start), start, false);
  CHECK(circuit.position == Position::closed);
  SECTION("as many again open it") {
    observe(circuit, rules, failed(10, start + 100), start + 100, false);
    CHECK(circuit.position == Position::open);
    CHECK(circuit.reason.find("40 of the last 80") != std::string::npos);
  }
  SECTION("what the window has left behind does not count") {
    const auto later = start + rules.bucket_ms * static_cast<DurationMs>(rules.buckets + 1);
    observe(circuit, rules, answered(30), later, false);
    observe(circuit, rules, failed(10, later), later, false);
    CHECK(circuit.position == Position::closed);
    CHECK(rates_of(circuit, rules, later).volume == 40);
  }
}

TEST_CASE("little traffic opens by failures in a row, but not in one moment", "[outages]") {
  Circuit circuit;
  for (std::uint32_t i = 0; i < rules.failures_in_a_row; ++i)
    observe(circuit, rules, failed(1, start), start, false);
  CHECK(circuit.position == Position::closed);  // one connection broke under all of them
  SECTION("one more, later") {
    observe(circuit, rules, failed(1, start + 2'000), start + 2'000, false);
    CHECK(circuit.position == Position::open);
  }
  SECTION("an answer in between begins the row anew") {
    observe(circuit, rules, answered(1), start + 1'000, false);
    observe(circuit, rules, failed(1, start + 2'000), start + 2'000, false);
    CHECK(circuit.position == Position::closed);
  }
}

TEST_CASE("refusals open only as a storm", "[outages]") {
  Circuit circuit;
  observe(circuit, rules, {.answered = 50, .throttled = 100}, start, false);
  CHECK(circuit.position == Position::closed);
  observe(circuit, rules, {.throttled = 900}, start, false);
  CHECK(circuit.position == Position::open);
}

TEST_CASE("a whole provider is out of order only when several accounts are", "[outages]") {
  Circuit circuit;
  observe(circuit, rules, failed(100, start, "acct_1"), start, true);
  CHECK(circuit.position == Position::closed);
  observe(circuit, rules, failed(1, start, "acct_2"), start, true);
  CHECK(circuit.position == Position::open);
}

TEST_CASE("all canaries have to be answered before the circuit closes", "[outages]") {
  Circuit circuit = half_open(start, 3);
  const Timestamp at = start + 6'000;
  observe(circuit, rules, {.answered = 2, .canaries_answered = 2}, at, false);
  CHECK(circuit.position == Position::half_open);
  SECTION("the last one closes it") {
    observe(circuit, rules, {.answered = 1, .canaries_answered = 1}, at, false);
    CHECK(circuit.position == Position::closed);
    CHECK(circuit.opened_at == 0);
    CHECK(circuit.openings == 0);
  }
  SECTION("one that fails opens it again, for longer, in the same outage") {
    Evidence bad = failed(1, at);
    bad.canaries_failed = 1;
    observe(circuit, rules, bad, at, false);
    CHECK(circuit.position == Position::open);
    CHECK(circuit.opened_at == start);
    CHECK(circuit.probe_at == at + 2 * rules.first_probe_ms);
  }
  SECTION("answers to calls that left before say nothing") {
    observe(circuit, rules, answered(50), at, false);
    observe(circuit, rules, failed(50, at), at, false);
    CHECK(circuit.position == Position::half_open);
  }
}

TEST_CASE("a probe that nobody answers is over, and gets nothing worse", "[outages]") {
  Circuit circuit = half_open(start, 1);
  const Timestamp until = circuit.probing_until;
  CHECK(next_change(circuit) == until);
  CHECK_FALSE(pass_time(circuit, rules, until - 1));
  REQUIRE(pass_time(circuit, rules, until));
  CHECK(circuit.position == Position::open);
  CHECK(circuit.opened_at == start);
  CHECK(circuit.openings == 1);
  CHECK(may_probe(circuit, circuit.probe_at));
}

TEST_CASE("probes come ever more rarely, up to a limit", "[outages]") {
  Circuit circuit = opened(start);
  Timestamp now = start;
  DurationMs longest = 0;
  for (int i = 0; i < 10; ++i) {
    longest = std::max(longest, circuit.probe_at - now);
    now = circuit.probe_at;
    begin_probe(circuit, rules, "node-1", now);
    circuit.canaries_sent = 1;
    Evidence bad = failed(1, now);
    bad.canaries_failed = 1;
    observe(circuit, rules, bad, now, false);
    REQUIRE(circuit.position == Position::open);
  }
  CHECK(longest == rules.longest_probe_ms);
}

TEST_CASE("what a hand opened, only a hand closes", "[outages]") {
  Circuit circuit;
  open_by_hand(circuit, "they called us", "ana", 0, start);
  CHECK_FALSE(may_probe(circuit, start + 86'400'000));
  close_by_hand(circuit, "they are back", "ana", start + 1);
  CHECK(circuit.position == Position::closed);
  SECTION("unless it said until when") {
    open_by_hand(circuit, "short break", "ana", start + 60'000, start);
    CHECK_FALSE(may_probe(circuit, start + 59'999));
    CHECK(may_probe(circuit, start + 60'000));
  }
}

TEST_CASE("a maintenance window opens and is probed when it ends", "[outages]") {
  Circuit circuit;
  const Window window{.from = start + 1'000, .to = start + 5'000, .reason = "upgrade", .by = "ana"};
  REQUIRE(declare(circuit, window, start));
  REQUIRE(declare(circuit, window, start));  // said twice
  CHECK(circuit.maintenance.size() == 1);
  CHECK(next_change(circuit) == window.from);
  CHECK_FALSE(pass_time(circuit, rules, start));
  REQUIRE(pass_time(circuit, rules, window.from));
  CHECK(circuit.position == Position::open);
  CHECK(circuit.cause == Cause::maintenance);
  CHECK(circuit.reason == "upgrade");
  CHECK_FALSE(pass_time(circuit, rules, window.from + 1));  // nothing new
  CHECK_FALSE(may_probe(circuit, window.to - 1));
  CHECK(pass_time(circuit, rules, window.to));
  CHECK(circuit.maintenance.empty());
  CHECK(may_probe(circuit, window.to));
  SECTION("one that is over is refused") {
    CHECK_FALSE(declare(circuit, {.from = start - 2, .to = start - 1}, start));
  }
  SECTION("closing by hand ends the one that is on") {
    Circuit other;
    REQUIRE(declare(other, {.from = start, .to = start + 5'000}, start));
    REQUIRE(pass_time(other, rules, start));
    close_by_hand(other, "done early", "ana", start + 100);
    CHECK_FALSE(pass_time(other, rules, start + 200));
    CHECK(other.position == Position::closed);
  }
}

TEST_CASE("what is stored is what is read", "[outages]") {
  Circuit circuit = half_open(start, 2);
  circuit.most_per_second = 12.5;
  circuit.most_at_once = 7;
  REQUIRE(declare(circuit, {.from = start, .to = start + 9, .reason = "r", .by = "b"}, start));
  observe(circuit, rules, {.answered = 1, .canaries_answered = 1}, start, false);
  CHECK(encode(decode(encode(circuit))) == encode(circuit));
  CHECK(decode("not JSON").position == Position::closed);
}

TEST_CASE("evidence adds up in the order in which it came", "[outages]") {
  Evidence sum = failed(2, start);
  sum.add(answered(1));
  CHECK(sum.failed_since_answer == 0);
  sum.add(failed(3, start + 5));
  CHECK(sum.failed_since_answer == 3);
  CHECK(sum.first_failed_at == start + 5);
  CHECK(sum.failed == 5);
  CHECK(sum.answered == 1);
}
