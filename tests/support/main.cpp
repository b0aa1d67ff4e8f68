#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "tests/support/absent.hpp"

namespace sequent::test {
namespace {

bool left_out = false;

void name_skip(const std::string& test, const std::string& why) {
  std::cerr << "skipped: \"" << test << "\": " << why << std::endl;
  left_out = true;
}

/// What is read where it is there, such as the shared folder: WARN("skipped: …") says that it is not.
struct SkipListener : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override { test_ = info.name; }
  bool assertionEnded(const Catch::AssertionStats& stats) override {
    const auto& result = stats.assertionResult;
    const std::string message = result.getMessage();
    if (result.getResultType() == Catch::ResultWas::Warning && message.starts_with("skipped"))
      name_skip(test_, message);
    return false;
  }

 private:
  std::string test_;
};
CATCH_REGISTER_LISTENER(SkipListener)

}  // namespace

void leave_out(const std::string& why) {
  const std::string name = Catch::getResultCapture().getCurrentTestName();
  const char* required = std::getenv("SEQUENT_REQUIRE_SERVERS");
  if (required != nullptr && *required != '\0')
    FAIL("SEQUENT_REQUIRE_SERVERS is set, and this test can't be run: " + why);
  name_skip(name, why);
}

bool anything_left_out() {
  return left_out;
}

}  // namespace sequent::test

int main(int argc, char** argv) {
  const int result = Catch::Session().run(argc, argv);
  return result == 0 && sequent::test::anything_left_out() ? sequent::test::skipped_code : result;
}
