#pragma once
// Servers that a test needs and this machine may lack. What is left out is never silently green: CTest
// reports the program as skipped, and who sets SEQUENT_REQUIRE_SERVERS (scripts/test does, it has
// installed them) gets a failure.
#include <string>

namespace sequent::test {

/// What main() ends with when a test was left out, and no other failed: CTest's SKIP_RETURN_CODE.
constexpr int skipped_code = 77;

/// The running test can't be run, because of `why`; the caller returns.
void leave_out(const std::string& why);
[[nodiscard]] bool anything_left_out();

}  // namespace sequent::test
