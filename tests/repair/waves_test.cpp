// How a batch grows, and when it stops.
#include <catch2/catch.hpp>

#include "engine/repair/waves.hpp"

using namespace sequent;
using sequent::repair::Waves;

namespace {

void end(Waves& waves, int good, int bad) {
  for (int i = 0; i < good; ++i) waves.outcome(false);
  for (int i = 0; i < bad; ++i) waves.outcome(true);
}

}  // namespace

TEST_CASE("a wave is followed by one of twice as many when its outcomes are known", "[repair]") {
  Waves waves{true};
  CHECK_FALSE(waves.judge(0, 50));
  CHECK(waves.room() == 10);
  waves.begun(7, 1);
  CHECK(waves.room() == 3);
  waves.begun(3, 2);
  CHECK(waves.room() == 0);
  CHECK(waves.soon(1'000));
  end(waves, 8, 0);
  CHECK_FALSE(waves.judge(3, 50));
  CHECK(waves.room() == 0);
  waves.left();  // nine tenths are enough
  CHECK_FALSE(waves.judge(4, 50));
  CHECK(waves.room() == 20);
}

TEST_CASE("a wave that is slow is followed by another of its size", "[repair]") {
  Waves waves{true};
  waves.begun(10, 0);
  end(waves, 4, 0);
  CHECK_FALSE(waves.judge(9'999, 50));
  CHECK(waves.room() == 0);
  CHECK_FALSE(waves.soon(9'999));
  CHECK_FALSE(waves.judge(10'000, 50));
  CHECK(waves.room() == 10);
}

TEST_CASE("a batch stops when too much of a wave has failed again", "[repair]") {
  Waves waves{true};
  waves.begun(10, 0);
  SECTION("as soon as nine tenths of the first wave are known") {
    end(waves, 6, 2);
    CHECK_FALSE(waves.judge(1, 30));
    waves.outcome(true);
    const auto stop = waves.judge(1, 30);
    REQUIRE(stop);
    CHECK(stop->failed == 3);
    CHECK(stop->outcomes == 9);
  }
  SECTION("never, when it is not to") {
    end(waves, 0, 10);
    CHECK_FALSE(waves.judge(1, 0));
    CHECK(waves.room() == 20);
  }
  SECTION("not because of what has refused, or of very few") {
    for (int i = 0; i < 6; ++i) waves.left();
    end(waves, 0, 4);
    CHECK_FALSE(waves.judge(20'000, 20));
  }
  SECTION("when the rest is slow, by what is known") {
    end(waves, 1, 4);
    CHECK_FALSE(waves.judge(1, 50));
    CHECK(waves.judge(10'000, 50));
  }
  SECTION("in a later wave, by the later ones") {
    end(waves, 10, 0);
    CHECK_FALSE(waves.judge(1, 50));
    waves.begun(20, 1);
    end(waves, 4, 6);
    CHECK(waves.judge(2, 50));
  }
}

TEST_CASE("a batch without waves has room for all, and stops too", "[repair]") {
  Waves waves{false};
  CHECK(waves.room() > 1'000'000);
  waves.begun(500, 0);
  CHECK(waves.room() > 1'000'000);
  end(waves, 3, 7);
  CHECK_FALSE(waves.judge(1, 80));
  end(waves, 0, 20);
  CHECK(waves.judge(1, 80));
}
