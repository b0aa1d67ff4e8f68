// The page of parked calls that is let go first, and what parks while it is being read.
#include "engine/runtime/parked_queue.hpp"

#include <catch2/catch.hpp>

using namespace sequent;
using runtime::ParkedPlace;
using runtime::ParkedQueue;

namespace {

ParkedPlace due(Timestamp deadline) {
  return {.deadline = deadline, .id = InstanceId::derive({}, std::to_string(deadline))};
}

std::vector<Timestamp> let_go(ParkedQueue& queue) {
  std::vector<Timestamp> deadlines;
  while (const auto place = queue.take()) deadlines.push_back(place->deadline);
  return deadlines;
}

using Deadlines = std::vector<Timestamp>;

}  // namespace

TEST_CASE("a call that parks stands where its deadline puts it in the page", "[outages]") {
  ParkedQueue queue;
  queue.begin_reading();
  REQUIRE(queue.take_in({due(20), due(40)}));
  queue.arrived(due(30));
  queue.arrived(due(10));
  CHECK(let_go(queue) == Deadlines{10, 20, 30, 40});
}

TEST_CASE("what parks behind the page is left to the next one, others may stand between",
          "[outages]") {
  ParkedQueue queue;
  queue.begin_reading();
  REQUIRE(queue.take_in({due(20)}));
  queue.arrived(due(30));
  CHECK(let_go(queue) == Deadlines{20});
}

TEST_CASE("what parks while a page is being read is not missing from it", "[outages]") {
  ParkedQueue queue;
  queue.begin_reading();
  queue.arrived(due(10));
  REQUIRE(queue.take_in({due(20), due(40)}));
  CHECK(let_go(queue) == Deadlines{10, 20, 40});
}

TEST_CASE("what parks while a page is being read and is in it already goes once", "[outages]") {
  ParkedQueue queue;
  queue.begin_reading();
  queue.arrived(due(20));
  REQUIRE(queue.take_in({due(20), due(40)}));
  CHECK(let_go(queue) == Deadlines{20, 40});
}

TEST_CASE("a page that was being read when everything changed is not taken", "[outages]") {
  ParkedQueue queue;
  queue.begin_reading();
  REQUIRE(queue.take_in({due(50)}));
  queue.begin_reading();
  queue.forget();
  CHECK_FALSE(queue.take_in({due(20)}));
  CHECK_FALSE(queue.take().has_value());
  queue.begin_reading();
  CHECK(queue.take_in({due(30)}));
  CHECK(let_go(queue) == Deadlines{30});
}
