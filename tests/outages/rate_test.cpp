// How fast calls leave: places in time, refusals, and waves.
#include <catch2/catch.hpp>

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
