#pragma once
// The two public hosts that the conformance kit calls, as far as it calls them, without a network.
#include "tests/support/machine_runner.hpp"

namespace sequent::conformance {

/// Answers a call of the activity `http`, and shapes the answer as that activity does.
/// errors  the Problem of an answer that is no success: permanent, with its status
/// effect  fails the test when the call is to another host, or asks for what the kit does not
[[nodiscard]] machine::testing::Answer answer_of_host(const machine::testing::Call& call);

}  // namespace sequent::conformance
