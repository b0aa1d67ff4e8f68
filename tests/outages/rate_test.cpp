// How fast calls leave: places in time, refusals, and waves.
#include <catch2/catch.hpp>
#include <set>

#include "engine/outages/rate.hpp"

using namespace sequent;
using namespace sequent::outages;

namespace {

constexpr Timestamp noon = 1'800'000'000'000;

/// How many calls leave in the second that begins at `from`, when there are always more.
int left_in_second(RateLimit& rate, Timestamp from) {
  int left = 0;
  for (Timestamp now = from; now < from + 1'000; ++now)
    while (rate.next(now) <= now && left < 100'000) {
      (void)rate.take(now);
      ++left;
    }
  return left;
}

}  // namespace

TEST_CASE("without a limit every call leaves at once", "[outages]") {
  RateLimit rate;
  for (int i = 0; i < 1'000; ++i) CHECK(rate.take(noon) == noon);
  CHECK(rate.per_second() == 0);
}

TEST_CASE("an operator's limit spreads calls evenly", "[outages]") {
  RateLimit rate;
  rate.set_most(100);
  (void)rate.take(noon);
  (void)rate.take(noon);  // what was not used before, a little of it
  CHECK(rate.next(noon) > noon);
  const int left = left_in_second(rate, noon + 10'000);
  CHECK(left >= 99);
  CHECK(left <= 102);
}

TEST_CASE("refusals make the rate what the provider took, less a tenth", "[outages]") {
  RateLimit rate;
  for (int i = 0; i < 100; ++i) rate.answered(noon + i * 10);
  rate.refused(noon + 1'000, 0);
  CHECK_FALSE(rate.adapted());  // one may be about a single object
  rate.refused(noon + 1'000, 0);
  CHECK(rate.per_second() == Approx(90));
  SECTION("further ones of the same moment change nothing") {
    for (int i = 0; i < 50; ++i) rate.refused(noon + 1'100, 0);
    CHECK(rate.per_second() == Approx(90));
  }
  SECTION("it grows again, slowly") {
    (void)rate.take(noon + 4'000);
    CHECK(rate.per_second() > 90);
    CHECK(rate.per_second() < 110);
  }
  SECTION("and is forgotten when nothing is refused for long") {
    (void)rate.take(noon + 400'000);
    CHECK(rate.per_second() == 0);
  }
}

TEST_CASE("the provider's Retry-After is obeyed", "[outages]") {
  RateLimit rate;
  rate.refused(noon, 2'000);
  rate.refused(noon, 2'000);
  CHECK(rate.next(noon) >= noon + 2'000);
  CHECK(rate.room(noon, noon + 1'000) == 0);
}

TEST_CASE("waves double as long as nothing goes wrong", "[outages]") {
  Ramp ramp{noon};
  std::uint32_t first = 0, later = 0;
  for (Timestamp now = noon; now < noon + 10'000; now += 100) {
    const auto due = ramp.due(now, 0);
    ramp.sent(due);
    (now < noon + 2'000 ? first : later) += due;
  }
  CHECK(first <= 22);
  CHECK(later > 10 * first);
  const double before = ramp.per_second();
  SECTION("a wave that met failures is followed by half of it") {
    ramp.failed();
    (void)ramp.due(noon + 12'000, 0);
    CHECK(ramp.per_second() == Approx(before / 2));
  }
  SECTION("never past the cap") {
    (void)ramp.due(noon + 12'000, 50);
    CHECK(ramp.per_second() <= 50);
  }
}

TEST_CASE("what was learnt is taken over by who has learnt nothing", "[outages]") {
  RateLimit teacher;
  for (int i = 0; i < 100; ++i) teacher.answered(noon + 500);
  teacher.refused(noon + 900, 0);
  teacher.refused(noon + 900, 0);
  REQUIRE(teacher.adapted());
  CHECK(teacher.learnt_at() == noon + 900);
  RateLimit pupil;
  pupil.adopt(teacher.learnt(), teacher.learnt_at(), noon + 1'000);
  CHECK(pupil.per_second() == teacher.per_second());
  pupil.adopt(teacher.learnt() / 2, noon + 2'000, noon + 2'000);
  CHECK(pupil.per_second() == teacher.per_second());  // own experience is better
  RateLimit late;
  late.adopt(teacher.learnt(), teacher.learnt_at(), noon + 900 + 300'000);
  CHECK_FALSE(late.adapted());  // as old as what a node forgets of itself
}

TEST_CASE("nodes that drain at once make one wave together", "[outages]") {
  const auto sent_in_a_second = [](std::size_t nodes) {
    outages::Ramp ramp{noon, nodes};
    std::uint32_t sent = 0;
    for (Timestamp at = noon; at < noon + 1'000; at += 100) {
      const auto due = ramp.due(at, 0);
      ramp.sent(due);
      sent += due;
    }
    return sent;
  };
  CHECK(sent_in_a_second(1) == 10);
  CHECK(sent_in_a_second(5) * 5 <= 15);
  CHECK(sent_in_a_second(5) >= 2);
}

TEST_CASE("the places under a limit are dealt to the nodes, none twice", "[outages]") {
  const auto dealt = [](std::uint32_t most, std::size_t nodes, Timestamp now) {
    std::size_t all = 0;
    for (std::size_t rank = 0; rank < nodes; ++rank)
      all += outages::places_of(most, {.nodes = nodes, .rank = rank}, now);
    return all;
  };
  for (const Timestamp now : {noon, noon + 7'000, noon + 19'000, noon + 33'333}) {
    CAPTURE(now);
    CHECK(dealt(20, 3, now) == 20);
    CHECK(dealt(3, 3, now) == 3);
    CHECK(dealt(7, 1, now) == 7);
    CHECK(dealt(2, 3, now) <= 2);
    CHECK(dealt(1, 4, now) <= 1);
  }
  CHECK(dealt(2, 3, noon - noon % 20'000) == 2);
}

TEST_CASE("fewer places than nodes go round, and rest while they change hands", "[outages]") {
  const Timestamp turn = noon - noon % 20'000;
  std::set<std::size_t> served;
  for (Timestamp at = turn; at < turn + 80'000; at += 1'000) {
    std::size_t holders = 0;
    for (std::size_t rank = 0; rank < 4; ++rank) {
      if (outages::places_of(1, {.nodes = 4, .rank = rank}, at) == 0) continue;
      ++holders;
      served.insert(rank);
    }
    CAPTURE(at - turn);
    CHECK(holders == ((at - turn) % 20'000 < 15'000 ? 1 : 0));
  }
  CHECK(served.size() == 4);
}
