#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "tests/support/absent.hpp"

namespace sequent::test {
namespace {

bool left_out = false;

}  // namespace

void leave_out(const std::string& why) {
  const std::string name = Catch::getResultCapture().getCurrentTestName();
  const char* required = std::getenv("SEQUENT_REQUIRE_SERVERS");
  if (required != nullptr && *required != '\0')
    FAIL("SEQUENT_REQUIRE_SERVERS is set, and this test can't be run: " + why);
  std::cerr << "skipped: \"" << name << "\": " << why << std::endl;
  left_out = true;
}

bool anything_left_out() {
  return left_out;
}

}  // namespace sequent::test

int main(int argc, char** argv) {
  const int result = Catch::Session().run(argc, argv);
  return result == 0 && sequent::test::anything_left_out() ? sequent::test::skipped_code : result;
}
