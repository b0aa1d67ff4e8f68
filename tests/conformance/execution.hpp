#pragma once
// Runs one scenario of the conformance kit through the pure machine.
#include <string>
#include <vector>

#include "tests/conformance/feature.hpp"

namespace sequent::conformance {

struct Verdict {
  std::vector<std::string> refusals;  // what the compiler says of a workflow that it does not take
  std::vector<std::string> mistakes;  // broken expectations, and steps that are not understood
  int checked = 0;                    // expectations (Then …) that were looked at
};

/// A refused workflow is not executed, and its expectations are not looked at.
[[nodiscard]] Verdict execute(const Scenario& scenario);

}  // namespace sequent::conformance
