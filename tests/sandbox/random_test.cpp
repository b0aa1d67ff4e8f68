#include <catch2/catch.hpp>

#include "sandbox/random.hpp"

namespace sequent::sandbox {
namespace {

// The crash test tells made ids, which differ between two runs, from chosen ones by their digits.
TEST_CASE("every made id has a digit") {
  Random random{7};
  for (int i = 0; i < 2000; ++i) {
    const auto id = random.id("si_", 14);
    INFO(id);
    REQUIRE(id.size() == 17);
    CHECK(id.find_first_of("0123456789") != std::string::npos);
  }
}

}  // namespace
}  // namespace sequent::sandbox
