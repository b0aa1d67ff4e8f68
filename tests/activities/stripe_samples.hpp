#pragma once
// Inputs for every Stripe activity, with as many of Stripe's parameters as they take.
#include <string>
#include <vector>

#include "base/json.hpp"

namespace sequent::tests {

struct Sample {
  std::string activity;
  Json input;
  bool newest_only = false;  // uses what versions before 2025-03-31 do not have
};

[[nodiscard]] std::vector<Sample> stripe_samples();

}  // namespace sequent::tests
