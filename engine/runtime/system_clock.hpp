#pragma once
// The one place that reads the wall clock and the system's randomness.
#include <memory>

#include "engine/runtime/clock.hpp"

namespace sequent::runtime {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] Timestamp elapsed() const override;
};

/// The same numbers for the same seed (SplitMix64).
[[nodiscard]] std::unique_ptr<Random> seeded_random(std::uint64_t seed);

/// A seed that nobody else has.
[[nodiscard]] std::uint64_t system_seed();

}  // namespace sequent::runtime
